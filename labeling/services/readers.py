"""Files of rows, whatever they are packed in: JSON Lines, JSON, CSV, Parquet, `datasets` folders, and
any of these in gzip or zip. Memory is bounded by the longest row and one batch of a Parquet file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from labeling.core.errors import DomainError
from labeling.messages import BadContent
from labeling.services.import_rows import read_json

MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_JSON_BYTES = 256 * 1024 * 1024
MAX_UNPACKED_BYTES = 8 * 2**30
PARQUET_BATCH = 200
BOM = b"\xef\xbb\xbf"
# Columns whose cells mean numbers to whoever reads them; all other cells of a CSV stay text.
NUMBERS = {"strength", "overlap", "priority", "rank", "choice"}
KINDS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow")
# What `datasets` keeps beside the rows.
NOT_ROWS = {"dataset_info.json", "state.json", "dataset_dict.json", "dataset_infos.json"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file, numbered from 1 (a CSV's header does not count); or what is wrong with it.
    `raw` is what stood there."""

    number: int
    value: Any = None
    problem: str = ""
    raw: str = ""


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines without their end; None for one that is too long to hold. Only a line feed
    ends a line: JSON text may contain U+2028 and its like."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(BOM)
        if len(line) > MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE_BYTES)
            yield number, None
        else:
            yield number, line.strip()


def json_lines(stream: BinaryIO) -> Iterator[Record]:
    for number, line in read_lines(stream):
        if line == b"":
            continue
        if line is None:
            longest = MAX_LINE_BYTES / 2**20
            yield Record(number, problem=f"longer than {longest:.0f} MiB: shorten it or leave it out.")
            continue
        raw = line.decode("utf-8", "replace")
        try:
            yield Record(number, read_json(line), raw=raw)
        except BadContent as problem:
            yield Record(number, problem=str(problem), raw=raw)


@contextmanager
def opened(path: Path, *, name: str = "") -> Iterator[Iterator[Record]]:
    """The records of a file or folder, by the ending of `name` (the path's own when not given)."""
    with tempfile.TemporaryDirectory(prefix="plumbline-import-") as folder:
        yield _numbered(_records(path, name or path.name, Path(folder)))


def _records(path: Path, name: str, scratch: Path) -> Iterator[Record]:
    if path.is_dir():
        for file in _files_of(path):
            yield from _records(file, file.name, scratch)
        return
    ending = Path(name.lower().removesuffix(".gz")).suffix
    if ending == ".zip":
        yield from _records(_unpacked(path, scratch), "", scratch)
        return
    if ending not in READERS:
        raise DomainError(
            f"{name} is no file that can be imported: its name must end with one of {', '.join(KINDS)}, "
            ".zip, or one of these and .gz.",
            code="unknown_file",
        )
    try:
        with _stream(path, gzipped=name.lower().endswith(".gz")) as stream:
            yield from READERS[ending](stream)
    except (gzip.BadGzipFile, EOFError) as broken:
        raise DomainError(f"{name} is not a whole gzip file: fetch it again.", code="broken_file") from broken


def _stream(path: Path, *, gzipped: bool) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if gzipped else path.open("rb")


def _files_of(folder: Path) -> list[Path]:
    """A `save_to_disk` folder, or any folder of files; splits one after another in their order."""
    found = sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.name not in NOT_ROWS
        and not file.name.startswith((".", "_", "cache-"))
        and Path(file.name.removesuffix(".gz")).suffix in KINDS
    )
    if not found:
        raise DomainError(
            f"The folder holds no file of rows: its files must end with one of {', '.join(KINDS)}.",
            code="empty",
        )
    return found


def _unpacked(path: Path, scratch: Path) -> Path:
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(one.file_size for one in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise DomainError("The archive is larger than 8 GiB unpacked: import it in parts.")
            packed.extractall(scratch)  # zipfile keeps names inside the folder
    except zipfile.BadZipFile as broken:
        raise DomainError(
            f"{path.name} is not a whole zip file: pack it again.", code="broken_file"
        ) from broken
    return scratch


def _numbered(records: Iterator[Record]) -> Iterator[Record]:
    """Numbers that grow through all files of a folder, so that progress can be counted in them."""
    before, last = 0, 0
    for record in records:
        if record.number <= last:
            before += last
        last = record.number
        yield Record(before + record.number, record.value, record.problem, record.raw)


def _json(stream: BinaryIO) -> Iterator[Record]:
    """One list of rows, or JSON Lines under the wrong name."""
    start = stream.read(4096).removeprefix(BOM).lstrip()[:1]
    stream.seek(0)
    if start != b"[":
        yield from json_lines(stream)
        return
    text = stream.read(MAX_JSON_BYTES + 1)
    if len(text) > MAX_JSON_BYTES:
        raise DomainError("A JSON list of this size must be JSON Lines: one object in each line.")
    try:
        rows = read_json(text.removeprefix(BOM))
    except BadContent as problem:
        raise DomainError(f"The file is {problem}", code="bad_rows") from problem
    for number, value in enumerate(rows, start=1):
        yield Record(number, value, raw=_raw(value))


def _delimited(delimiter: str) -> Callable[[BinaryIO], Iterator[Record]]:
    def read(stream: BinaryIO) -> Iterator[Record]:
        csv.field_size_limit(MAX_LINE_BYTES)
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="strict", newline="")
        rows = csv.DictReader(text, delimiter=delimiter, strict=True)
        number = 0
        try:
            for row in rows:
                number += 1
                extra = row.pop(None, None)
                problem = "more cells than the header has columns: quote what holds commas." if extra else ""
                yield Record(number, _cells(row), problem, _raw(row))
        except UnicodeDecodeError as bad:
            raise DomainError(
                f"The file is not valid UTF-8 after row {number}: save it as UTF-8.", code="bad_rows"
            ) from bad
        except csv.Error as bad:
            raise DomainError(
                f"The file cannot be read after row {number} ({bad}): check its quotes.", code="bad_rows"
            ) from bad

    return read


def _cells(row: dict[str, str | None]) -> dict[str, Any]:
    """Lists and objects are JSON in a cell; an empty cell says nothing."""
    return {name: _cell(name, text) for name, text in row.items() if text not in (None, "")}


def _cell(name: str, text: str | None) -> Any:
    assert text is not None
    if name in NUMBERS or text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _parquet(stream: BinaryIO) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(stream)
        number = 0
        for batch in file.iter_batches(PARQUET_BATCH):
            for value in batch.to_pylist():
                number += 1
                yield _of_arrow(number, value)
    except pa.ArrowException as broken:
        raise DomainError(f"The file is no whole Parquet file ({broken}).", code="broken_file") from broken


def _arrow(stream: BinaryIO) -> Iterator[Record]:
    """As `datasets` saves them: Arrow's streaming format."""
    import pyarrow as pa

    try:
        number = 0
        for batch in pa.ipc.open_stream(stream):
            for start in range(0, batch.num_rows, PARQUET_BATCH):
                for value in batch.slice(start, PARQUET_BATCH).to_pylist():
                    number += 1
                    yield _of_arrow(number, value)
    except pa.ArrowException as broken:
        raise DomainError(f"The file is no whole Arrow file ({broken}).", code="broken_file") from broken


def _of_arrow(number: int, value: dict[str, Any]) -> Record:
    value = _without_nulls(value)
    return Record(number, value, raw=_raw(value))


def _without_nulls(value: Any) -> Any:
    """Columns give every row, and every message, all keys: what is null was never there."""
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def _raw(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


READERS: dict[str, Callable[[BinaryIO], Iterator[Record]]] = {
    ".jsonl": json_lines,
    ".ndjson": json_lines,
    ".json": _json,
    ".csv": _delimited(","),
    ".tsv": _delimited("\t"),
    ".parquet": _parquet,
    ".arrow": _arrow,
}
