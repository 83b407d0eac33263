"""How the rows of a snapshot become a digest and Parquet files, a few thousand rows at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
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
                table = pa.Table.from_pylist(batch, schema=features.arrow_schema)
            else:
                table = Dataset.from_list(batch, features=features).data.table
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
            num_rows += len(batch)
    finally:
        if writer is not None:
            writer.close()
    return num_rows


# A list of messages each; `responses` is a list of such lists.
_MESSAGE_COLUMNS = {
    "preferences": ("prompt", "chosen", "rejected"),
    "rankings": ("prompt", "responses"),
    "unpaired": ("prompt", "completion"),
    "demonstrations": ("prompt", "completion"),
    "prompts": ("prompt",),
}


def _features(kind: str, *, plain: bool) -> Any:
    from datasets import Features, Json, List, Value

    message: Any = {"role": Value("string"), "content": Value("string")} if plain else Json()
    columns: dict[str, Any] = {
        name: List(List(message)) if name == "responses" else List(message) for name in _MESSAGE_COLUMNS[kind]
    }
    whole, text, flag = Value("int64"), Value("string"), Value("bool")
    # A pseudonym, null for imported writing; and the probability that they are right, null if unknown.
    annotator = {"annotator": text, "reliability": Value("float32")}
    origin = {"judgment": whole, "prompt_id": whole, "licence": text}
    others: dict[str, dict[str, Any]] = {
        "preferences": {"strength": Value("int8"), "tie": flag, "from_edit": flag}
        | {"chosen_finish": text, "rejected_finish": text}
        | annotator
        | origin,
        "rankings": {"tiers": List(whole), "strengths": List(whole), "finishes": List(text)}
        | annotator
        | origin,
        "unpaired": {"label": flag, "finish": text} | annotator | origin,
        "demonstrations": {"response_id": whole, "annotator": text} | origin,
        "prompts": {"prompt_id": whole},
    }
    return Features(columns | others[kind])


def _check_plain(batch: list[dict[str, Any]], kind: str) -> None:
    for row in batch:
        for column in _MESSAGE_COLUMNS[kind]:
            lists = row[column] if column == "responses" else [row[column]]
            for message in chain.from_iterable(lists):
                if set(message) != {"role", "content"} or not isinstance(message["content"], str):
                    raise NotPlain


def _batches(rows: Iterable[Row]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(rows)
    while batch := [dict(row) for row in islice(iterator, ROWS_PER_GROUP)]:
        yield batch
