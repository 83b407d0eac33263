"""How the rows of a snapshot become a digest and Parquet files, a few thousand rows at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 1000
Row = Mapping[str, Any]


class NotPlain(Exception):
    """A message holds more than a role and a text (tool calls, reasoning)."""


class RowHasher:
    """sha256 over canonical JSON lines, so that it depends on the rows and not on file bytes."""

    def __init__(self, kind: str) -> None:
        self._digest = hashlib.sha256(f"plumbline snapshot 1 {kind}\n".encode())

    def add(self, split: str, row: Row) -> None:
        line = json.dumps([split, row], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self._digest.update(line.encode())
        self._digest.update(b"\n")

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def write_parquet(path: Path, kind: str, rows: Iterable[Row], *, plain: bool) -> int:
    """Write `rows` as `datasets` would and return their number; no file when there are none.

    `plain` stores messages as {role, content} and raises NotPlain at the first that holds more;
    otherwise each message is stored whole, as JSON that `datasets` decodes by itself.
    """
    # `datasets` takes seconds to import, and must not pull torch into a web process.
    os.environ.setdefault("USE_TORCH", "0")
    from datasets import Dataset

    features = _features(kind, plain=plain)
    num_rows, writer = 0, None
    try:
        for batch in _batches(rows):
            if plain:
                _check_plain(batch, kind)
            table: pa.Table = Dataset.from_list(batch, features=features).data.table
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
            num_rows += len(batch)
    finally:
        if writer is not None:
            writer.close()
    return num_rows


_MESSAGE_COLUMNS = {
    "preferences": ("prompt", "chosen", "rejected"),
    "prompts": ("prompt",),
    "demonstrations": ("prompt", "completion"),
}


def _features(kind: str, *, plain: bool) -> Any:
    from datasets import Features, Json, List, Value

    message: Any = {"role": Value("string"), "content": Value("string")} if plain else Json()
    columns: dict[str, Any] = {name: List(message) for name in _MESSAGE_COLUMNS[kind]}
    if kind == "preferences":
        columns |= {
            "strength": Value("int8"),
            "tie": Value("bool"),
            "weight": Value("float32"),
            "annotator": Value("int64"),
            "judgment": Value("int64"),
            "comparison": Value("int64"),
            "licence": Value("string"),
        }
    if kind == "demonstrations":
        columns |= {
            "response_id": Value("int64"),
            # Null for imported writing.
            "annotator": Value("int64"),
            "judgment": Value("int64"),
            "licence": Value("string"),
        }
    columns["prompt_id"] = Value("int64")
    return Features(columns)


def _check_plain(batch: list[dict[str, Any]], kind: str) -> None:
    for row in batch:
        for column in _MESSAGE_COLUMNS[kind]:
            for message in row[column]:
                if set(message) != {"role", "content"} or not isinstance(message["content"], str):
                    raise NotPlain


def _batches(rows: Iterable[Row]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(rows)
    while batch := [dict(row) for row in islice(iterator, ROWS_PER_GROUP)]:
        yield batch
