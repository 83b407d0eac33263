"""Keeps QueueCount and WorkCount in step with the tables they count, by database triggers: whatever
writes a slot or a judgment is counted in the same transaction, at no statement of its own.

On PostgreSQL a statement adds one row for each key it changed, and one in `FOLD_EVERY` folds the
rows of its keys; adding never waits, so no two writers can deadlock over a count. SQLite has one writer
at a time, which changes the row of the key in place.

Installed after every migration (`apps.py`) and taken away before: SQLite rebuilds a table to alter
it, which triggers do not survive. Deletes are not counted: tasks, slots and judgments are only ever
deleted with their whole project.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connections, transaction

FOLD_EVERY = 50
PREFIX = "plumbline_count_"


class Counted(NamedTuple):
    """What one row of `source` adds to `target`: `n` at `keys` while `counts` holds."""

    source: str
    target: str
    keys: dict[str, str]
    counts: str


BATCH_OF_TASK = "(SELECT batch_id FROM labeling_task WHERE id = {row}.task_id)"
ARM_OF_TASK = "(SELECT arm FROM labeling_task WHERE id = {row}.task_id)"
COUNTED = [
    Counted(
        "labeling_task",
        "labeling_queuecount",
        {
            "project_id": "{row}.project_id",
            "batch_id": "{row}.batch_id",
            "arm": "{row}.arm",
            "what": "'tasks'",
        },
        "{row}.overlap > 0",
    ),
    Counted(
        "labeling_slot",
        "labeling_queuecount",
        {
            "project_id": "{row}.project_id",
            "batch_id": BATCH_OF_TASK,
            "arm": "{row}.arm",
            "what": "{row}.state",
        },
        "NOT {row}.withdrawn",
    ),
    Counted(
        "labeling_hold",
        "labeling_queuecount",
        {
            "project_id": "{row}.project_id",
            "batch_id": BATCH_OF_TASK,
            "arm": ARM_OF_TASK,
            "what": "{row}.state",
        },
        "{row}.state = 'held'",
    ),
    Counted(
        "labeling_judgment",
        "labeling_queuecount",
        {
            "project_id": "{row}.project_id",
            "batch_id": BATCH_OF_TASK,
            "arm": ARM_OF_TASK,
            "what": "'judgments'",
        },
        "{row}.superseded_at IS NULL",
    ),
    Counted(
        "labeling_judgment",
        "labeling_workcount",
        {
            "project_id": "{row}.project_id",
            "annotator_id": "{row}.annotator_id",
            "batch_id": BATCH_OF_TASK,
            "day": "{day}",
        },
        "{row}.superseded_at IS NULL",
    ),
]
DAY = {"sqlite": "date({row}.created_at)", "postgresql": "({row}.created_at AT TIME ZONE 'UTC')::date"}


def install(*, using: str = "default") -> None:
    """Create the triggers that are missing. Does nothing when all are there."""
    connection = connections[using]
    wanted = _triggers(connection.vendor)
    with connection.cursor() as cursor:
        there = _installed(connection.vendor, cursor)
        _drop(connection.vendor, cursor, {name: table for name, table in there.items() if name not in wanted})
        for name, statements in wanted.items():
            if name not in there:
                for statement in statements:
                    cursor.execute(statement)


def remove(*, using: str = "default") -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        _drop(connection.vendor, cursor, _installed(connection.vendor, cursor))


def recount(*, using: str = "default") -> None:
    """Count everything anew: after a migration, which no trigger saw."""
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            tables = sorted({table for one in COUNTED for table in (one.source, one.target)})
            cursor.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
        for table in sorted({one.target for one in COUNTED}):
            cursor.execute(f"DELETE FROM {table}")
        for one in COUNTED:
            cursor.execute(_sum_of(one, connection.vendor, [("+", one.source)]))


def _sum_of(one: Counted, vendor: str, sources: Sequence[tuple[str, str]]) -> str:
    """One row for each key that the rows of `sources` change: "+" counts them, "-" takes them off."""
    keys = _keys(one, vendor, "r")
    rows = " UNION ALL ".join(
        f"SELECT {', '.join(f'{value} AS {key}' for key, value in keys.items())}, {sign}1 AS n "
        f"FROM {source} r WHERE {one.counts.format(row='r')}"
        for sign, source in sources
    )
    names = ", ".join(keys)
    return (
        f"INSERT INTO {one.target} ({names}, n) SELECT {names}, sum(n) FROM ({rows}) moved "
        f"GROUP BY {names} HAVING sum(n) <> 0"
    )


def _keys(one: Counted, vendor: str, row: str) -> dict[str, str]:
    day = DAY[vendor].format(row=row)
    return {key: value.format(row=row, day=day) for key, value in one.keys.items()}


def _triggers(vendor: str) -> dict[str, list[str]]:
    build = {"postgresql": _on_postgres, "sqlite": _on_sqlite}[vendor]
    found: dict[str, list[str]] = {}
    for one in COUNTED:
        for stem, statements in build(one):
            # Named by its content, so that another version of this file replaces it.
            digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()[:8]
            name = f"{PREFIX}{stem}_{digest}"
            found[name] = [statement.replace("{name}", name) for statement in statements]
    return found


# What each event leaves to count, as (sign, rows) of PostgreSQL's transition tables or SQLite's rows.
EVENTS: dict[str, list[tuple[str, str]]] = {
    "INSERT": [("+", "added")],
    "UPDATE": [("+", "added"), ("-", "removed")],
}


def _stem(one: Counted, event: str) -> str:
    return "_".join(name.removeprefix("labeling_") for name in (one.source, one.target, event.lower()))


def _on_postgres(one: Counted) -> Iterator[tuple[str, list[str]]]:
    names = ", ".join(one.keys)
    # The first two keys: a project's batch, or a project's annotator.
    scope = ", ".join(list(one.keys)[:2])
    for event, sources in EVENTS.items():
        tables = {
            "added": "NEW TABLE AS added",
            "removed": "OLD TABLE AS removed",
        }
        referencing = " ".join(tables[rows] for _, rows in sources)
        first = " UNION ALL ".join(
            f"SELECT {', '.join(list(_keys(one, 'postgresql', 'r').values())[:2])} FROM {rows} r "
            f"WHERE random() < 1.0 / {FOLD_EVERY}"
            for _, rows in sources
        )
        body = f"""
            BEGIN
              {_sum_of(one, "postgresql", sources)};
              IF FOUND THEN
                WITH gone AS (
                  DELETE FROM {one.target} WHERE id IN (
                    SELECT id FROM {one.target} WHERE ({scope}) IN ({first}) FOR UPDATE SKIP LOCKED)
                  RETURNING *)
                INSERT INTO {one.target} ({names}, n)
                SELECT {names}, sum(n) FROM gone GROUP BY {names} HAVING sum(n) <> 0;
              END IF;
              RETURN NULL;
            END"""
        stem = (
            f"{one.source.removeprefix('labeling_')}_{one.target.removeprefix('labeling_')}_{event.lower()}"
        )
        yield (
            stem,
            [
                f"CREATE OR REPLACE FUNCTION {{name}}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
                f"CREATE OR REPLACE TRIGGER {{name}} AFTER {event} ON {one.source} REFERENCING {referencing} "
                "FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
            ],
        )


def _on_sqlite(one: Counted) -> Iterator[tuple[str, list[str]]]:
    rows = {"added": "NEW", "removed": "OLD"}
    for event, sources in EVENTS.items():
        steps = "".join(_sqlite_step(one, rows[which], sign) for sign, which in sources)
        watched = "" if event != "UPDATE" else _sqlite_changed(one)
        stem = (
            f"{one.source.removeprefix('labeling_')}_{one.target.removeprefix('labeling_')}_{event.lower()}"
        )
        yield (
            stem,
            [
                f"CREATE TRIGGER {{name}} AFTER {event} ON {one.source} FOR EACH ROW {watched} "
                f"BEGIN {steps} END"
            ],
        )


def _sqlite_changed(one: Counted) -> str:
    """Most updates (a renewed lease) change nothing that is counted."""
    values = [*_keys(one, "sqlite", "{row}").values(), f"({one.counts})"]
    return "WHEN " + " OR ".join(
        f"{value.format(row='NEW')} IS NOT {value.format(row='OLD')}" for value in values if "{row}" in value
    )


def _sqlite_step(one: Counted, row: str, sign: str) -> str:
    keys = _keys(one, "sqlite", row)
    at_key = " AND ".join(f"{key} = {value}" for key, value in keys.items())
    counts = one.counts.format(row=row)
    return (
        f"INSERT INTO {one.target} ({', '.join(keys)}, n) SELECT {', '.join(keys.values())}, 0 "
        f"WHERE {counts} AND NOT EXISTS (SELECT 1 FROM {one.target} WHERE {at_key}); "
        f"UPDATE {one.target} SET n = n {sign} 1 WHERE {counts} AND {at_key}; "
    )


def _drop(vendor: str, cursor: Any, triggers: dict[str, str]) -> None:
    for name, table in triggers.items():
        cursor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if vendor == "postgresql" else ""))


def _installed(vendor: str, cursor: Any) -> dict[str, str]:
    """Our triggers and their tables."""
    if vendor == "postgresql":
        cursor.execute(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE starts_with(tgname, %s)", [PREFIX]
        )
    else:
        cursor.execute(
            "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", [f"{PREFIX}%"]
        )
    return dict(cursor.fetchall())
