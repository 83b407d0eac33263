"""Rows as files that are written while they are read: JSON Lines, a JSON list, CSV, Parquet.

Nothing grows with the number of rows but Parquet's footer (some hundred bytes a row group).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rest_framework.utils.encoders import JSONEncoder

from labeling.services.export_kinds import Kind
from labeling.services.export_rows import MESSAGES, Row

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_CHARACTERS = 64 * 1024
# A row group holds this much, whichever comes first.
GROUP_ROWS, GROUP_CHARACTERS = 5000, 4_000_000
PLAIN_KEYS = {"role", "content"}


def jsonl(rows: Iterable[Row], kind: Kind, style: str) -> Iterator[bytes]:
    return _gathered(_dump(row) + "\n" for row in rows)


def json_list(rows: Iterable[Row], kind: Kind, style: str) -> Iterator[bytes]:
    def parts() -> Iterator[str]:
        before = "[\n"
        for row in rows:
            yield before + _dump(row)
            before = ",\n"
        yield "[]\n" if before == "[\n" else "\n]\n"

    return _gathered(parts())


def delimited(rows: Iterable[Row], kind: Kind, style: str) -> Iterator[bytes]:
    """Lists and objects are JSON in their cell."""

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        header: list[str] = list(columns_of(kind, style))
        if header:
            writer.writerow(header)
        for row in rows:
            if not header:
                header = list(row)
                writer.writerow(header)
            writer.writerow([_cell(row.get(name)) for name in header])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    return _gathered(lines())


def parquet(rows: Iterable[Row], kind: Kind, style: str) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(kind, style)
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for group in _groups(rows):
            arranged = [_arranged(row, kind, style) for row in group]
            writer.write_table(pa.Table.from_pylist(arranged, schema=schema))
            yield sink.taken()
    yield sink.taken()


def features(rows: Iterable[Row], kind: Kind, style: str) -> Iterator[bytes]:
    """What `datasets` is to expect in the JSON Lines of this export: left to guess, it takes the first
    ten megabytes for everything, and a column that is null there for null throughout."""
    yield _dump({name: _FEATURES[word] for name, word in columns_of(kind, style).items()}).encode()


def _value(dtype: str) -> Row:
    return {"dtype": dtype, "_type": "Value"}


def _list(feature: Row) -> Row:
    return {"feature": feature, "_type": "List"}


_ANY: Row = {"_type": "Json"}
_FEATURES: dict[str, Row] = {
    "messages": _list(_ANY),
    "responses": _list(_ANY),
    "answers": _list({"answer": _value("string"), "model": _value("string"), "rank": _value("int64")}),
    "text": _value("string"),
    "json": _ANY,
    "words": _list(_value("string")),
    "ints": _list(_value("int64")),
    "tiers": _list(_list(_value("int64"))),
    "int": _value("int64"),
    "float": _value("float64"),
    "flag": _value("bool"),
    "time": _value("timestamp[us, tz=UTC]"),
}

WRITERS: dict[str, tuple[str, Callable[[Iterable[Row], Kind, str], Iterator[bytes]]]] = {
    "jsonl": ("application/x-ndjson", jsonl),
    "list": ("application/vnd.plumbline.list+json", json_list),
    "csv": ("text/csv", delimited),
    "parquet": ("application/vnd.apache.parquet", parquet),
    "features": ("application/vnd.plumbline.features+json", features),
}
ENDINGS = {"jsonl": "jsonl", "list": "json", "csv": "csv", "parquet": "parquet", "features": "features.json"}
# Those of which every row must have the same columns.
TYPED = {"parquet", "features"}


def columns_of(kind: Kind, style: str) -> dict[str, str]:
    """Column names and the words for their types; empty where each row has its own."""
    texts = "messages" if style == MESSAGES else "text"
    return {name: texts if word == "texts" else word for name, word in kind.columns.items()}


class _Sink:
    """A file that hands on what was written to it."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._position = 0

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._position += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _schema(kind: Kind, style: str) -> pa.Schema:
    import pyarrow as pa

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    messages = pa.list_(message)
    types = {
        "messages": messages,
        "text": pa.string(),
        "json": pa.string(),
        "words": pa.list_(pa.string()),
        "ints": pa.list_(pa.int64()),
        "tiers": pa.list_(pa.list_(pa.int64())),
        "int": pa.int64(),
        "float": pa.float64(),
        "flag": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
        "responses": pa.list_(
            pa.struct(
                [
                    ("id", pa.int64()),
                    ("generator", pa.string()),
                    ("by_person", pa.bool_()),
                    ("messages", messages),
                ]
            )
        ),
        "answers": pa.list_(
            pa.struct([("answer", pa.string()), ("model", pa.string()), ("rank", pa.int64())])
        ),
    }
    columns = columns_of(kind, style)
    fields = [(name, types[word]) for name, word in columns.items()]
    if {"messages", "responses"} & set(columns.values()):
        fields.append(("extras", pa.string()))
    return pa.schema(fields)


def _arranged(row: Row, kind: Kind, style: str) -> Row:
    """`extras` keeps, as JSON, messages that hold more than a role and a text (tool calls, reasoning):
    a column has one type for all rows."""
    columns = columns_of(kind, style)
    arranged = {name: _dump(row[name]) if word == "json" else row[name] for name, word in columns.items()}
    extras = {
        name: row[name]
        for name, word in columns.items()
        if (word == "messages" and _has_more(row[name]))
        or (word == "responses" and any(_has_more(one["messages"]) for one in row[name]))
    }
    if extras:
        arranged["extras"] = _dump(extras)
    return arranged


def _has_more(messages: list[Row]) -> bool:
    return any(message.keys() != PLAIN_KEYS for message in messages)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    characters = 0
    for row in rows:
        group.append(row)
        characters += sum(map(_length, row.values()))
        if len(group) >= GROUP_ROWS or characters >= GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(map(_length, value))
    return sum(map(_length, value.values())) if isinstance(value, dict) else 0


def _gathered(parts: Iterable[str]) -> Iterator[bytes]:
    """In pieces worth sending."""
    waiting: list[str] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= CHUNK_CHARACTERS:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()


def _dump(value: Any) -> str:
    return _encoder.encode(value)


# One encoder for all rows: json.dumps would make one for each.
_encoder = JSONEncoder(ensure_ascii=False)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return _dump(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
