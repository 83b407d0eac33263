"""ORM queries that every annotator's request asks, compiled once instead of at every call.

Compiling a queryset takes Django several times as long as PostgreSQL takes to answer it.
`Prepared` keeps the SQL and fills in the values; on PostgreSQL the statement is prepared on the
connection as well, so that it is planned once. The query stays what it is in the ORM:

    _token = Prepared(lambda digest: ApiToken.objects.select_related("user").filter(digest=digest))
    rows = _token.all(digest="…")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import AutoField, Field, Model, QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators
from django.db.models.sql import UpdateQuery

Row = TypeVar("Row", bound=Model)
# As many as the pairs of the longest ranking.
FEW_ROWS = 36


class _Place(NamedTuple):
    """Where a value goes: the argument's name, its place in a sequence, its database type."""

    name: str
    position: int | None
    cast: Callable[[Any], Any] | None


class _Plan(NamedTuple):
    sql: str
    parameters: list[Any]  # constants and _Places
    read: Callable[[Sequence[Any]], Any] | None

    def filled(self, values: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(_filled(one, values) if type(one) is _Place else one for one in self.parameters)


class Prepared:
    """Arguments are text, whole numbers, UUIDs, times, or sequences of them; None is no value."""

    def __init__(self, build: Callable[..., QuerySet[Any]]) -> None:
        self._build = build
        self._plans: dict[object, _Plan] = {}

    def all(self, **values: Any) -> list[Any]:
        plan = self._plan(values)
        with prepared_cursor() as cursor:
            cursor.execute(plan.sql, plan.filled(values))
            rows = cursor.fetchall()
        return [plan.read(row) for row in rows] if plan.read else rows

    def first(self, **values: Any) -> Any:
        found = self.all(**values)
        return found[0] if found else None

    def _plan(self, values: dict[str, Any]) -> _Plan:
        key = _key(values)
        if key not in self._plans:
            stand_ins = _stand_ins(values)
            queryset = self._build(**stand_ins)
            compiler = queryset.query.get_compiler(connection=connection)
            sql, parameters = compiler.as_sql()
            self._plans[key] = _Plan(sql, _places(parameters, stand_ins), _reader(queryset, compiler))
        return self._plans[key]


class PreparedUpdate:
    """Like `Prepared`; `build` returns the queryset and what to set."""

    def __init__(self, build: Callable[..., tuple[QuerySet[Any], dict[str, Any]]]) -> None:
        self._build = build
        self._plans: dict[object, _Plan] = {}

    def run(self, **values: Any) -> int:
        """The number of rows changed."""
        plan = self._plan(values)
        with prepared_cursor() as cursor:
            cursor.execute(plan.sql, plan.filled(values))
            return cursor.rowcount

    def _plan(self, values: dict[str, Any]) -> _Plan:
        key = _key(values)
        if key not in self._plans:
            stand_ins = _stand_ins(values)
            queryset, new = self._build(**stand_ins)
            query: Any = queryset.query.chain(UpdateQuery)
            query.add_update_values(new)
            sql, parameters = query.get_compiler(connection=connection).as_sql()
            self._plans[key] = _Plan(sql, _places(parameters, stand_ins), None)
        return self._plans[key]


def insert(rows: Sequence[Row]) -> None:
    """`bulk_create` of one model, with the statement kept where the rows are few."""
    if not rows:
        return
    model = type(rows[0])
    if len(rows) > FEW_ROWS:
        model._default_manager.bulk_create(rows)
        return
    key = (connection.vendor, model, len(rows))
    if key not in _inserts:
        _inserts[key] = _insert_plan(model, len(rows))
    sql, fields, returned = _inserts[key]
    here = connections[DEFAULT_DB_ALIAS]  # looked up once: the name `connection` is a proxy
    values = [field.get_db_prep_save(field.pre_save(row, add=True), here) for row in rows for field in fields]
    with prepared_cursor() as cursor:
        cursor.execute(sql, values)
        keys = cursor.fetchall() if returned else ()
    for row, (primary_key,) in zip(rows, keys, strict=False):
        row.pk = primary_key
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


_inserts: dict[tuple[str, type[Model], int], tuple[str, list[Field[Any, Any]], bool]] = {}


def _insert_plan(model: type[Model], num_rows: int) -> tuple[str, list[Field[Any, Any]], bool]:
    quote: Callable[[Any], str] = connection.ops.quote_name
    primary_key = model._meta.pk
    is_made_by_database = isinstance(primary_key, AutoField)
    fields = [
        one for one in model._meta.local_concrete_fields if not (one.primary_key and is_made_by_database)
    ]
    columns = ", ".join(quote(field.column) for field in fields)
    places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * num_rows)
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {places}"
    if is_made_by_database:
        sql += f" RETURNING {quote(primary_key.column)}"
    return sql, fields, is_made_by_database


def prepared_cursor() -> Any:
    """A cursor that sends values apart from the statement, where the backend has one
    (deploy.postgresql), so that the database can keep its plan."""
    return getattr(connection, "prepared_cursor", connection.cursor)()


def _key(values: dict[str, Any]) -> object:
    lengths = tuple(len(value) for value in values.values() if isinstance(value, (list, tuple)))
    return connection.vendor, lengths


def _stand_ins(values: dict[str, Any]) -> dict[str, Any]:
    """A value for each argument that no query would hold otherwise."""
    numbers = iter(range(1, 10_000))
    return {
        name: [_stand_in(one, next(numbers)) for one in value]
        if isinstance(value, (list, tuple))
        else _stand_in(value, next(numbers))
        for name, value in values.items()
    }


def _stand_in(value: Any, number: int) -> Any:
    match value:
        case bool() | None:
            raise TypeError(f"{value!r} has no stand-in: write it into the query")
        case int():
            return 2_100_000_000 + number  # fits every column but a small one
        case str():
            return f"stand-in {number}"
        case UUID():
            return UUID(int=2**100 + number)
        case datetime():
            return datetime(4242, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)
    raise TypeError(f"{type(value).__name__} has no stand-in")


def _places(parameters: Sequence[Any], stand_ins: dict[str, Any]) -> list[Any]:
    places: dict[Any, tuple[str, int | None]] = {}
    for name, value in stand_ins.items():
        if isinstance(value, list):
            places |= {_adapted(one): (name, index) for index, one in enumerate(value)}
        else:
            places[_adapted(value)] = (name, None)

    def place(parameter: Any) -> Any:
        try:
            found = places.get(parameter)
        except TypeError:  # not hashable, hence not one of ours
            found = None
        if found is None:
            return parameter
        # Django marks the width of whole numbers by a type of its own.
        is_marked = isinstance(parameter, int) and type(parameter) is not int
        return _Place(*found, type(parameter) if is_marked else None)

    placed = [place(parameter) for parameter in parameters]
    used = {one.name for one in placed if type(one) is _Place}
    assert used == set(stand_ins), f"not found in the statement: {set(stand_ins) - used}"
    return placed


def _filled(place: _Place, values: dict[str, Any]) -> Any:
    value = values[place.name]
    if place.position is not None:
        value = value[place.position]
    return place.cast(value) if place.cast else _adapted(value)


def _adapted(value: Any) -> Any:
    """As the database takes it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


def _reader(queryset: QuerySet[Any], compiler: Any) -> Callable[[Sequence[Any]], Any]:
    """What turns a row of the database into what the queryset would have given."""
    converters = list(compiler.get_converters([column[0] for column in compiler.select]).items())

    def converted(row: Sequence[Any]) -> Sequence[Any]:
        if not converters:
            return row
        cells = list(row)
        for position, (steps, expression) in converters:
            for step in steps:
                cells[position] = step(cells[position], expression, connection)
        return cells

    if issubclass(queryset._iterable_class, ValuesListIterable):
        return lambda row: tuple(converted(row))
    assert queryset._iterable_class is ModelIterable, "models or values_list only"
    info, select, extra = compiler.klass_info, compiler.select, compiler.annotation_col_map or {}
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[start:end]]
    # The stubs are of a Django that asks for more.
    populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]

    def model_of(row: Sequence[Any]) -> Any:
        cells = converted(row)
        made = info["model"].from_db(DEFAULT_DB_ALIAS, names, cells[start:end])
        for populator in populators:
            populator.populate(cells, made)
        for name, position in extra.items():
            setattr(made, name, cells[position])
        return made

    return model_of
