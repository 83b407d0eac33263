"""Imports: read every line, say everything that is wrong, then store all of it or nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, BinaryIO

from django.db import transaction

from labeling.core.errors import DomainError
from labeling.core.models import User
from labeling.core.services import audit
from labeling.messages import BadContent
from labeling.models import Project
from labeling.services.chunks import chunks
from labeling.services.import_rows import Row, parse_line
from labeling.services.import_store import CHUNK, Store, StoredCounts

MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_ERRORS_TOLD = 100
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class RowError:
    line: int
    message: str


@dataclass(slots=True)
class ImportResult:
    """`errors` tells the first hundred of `num_errors` rows that were left out."""

    rows: int = 0
    prompts_created: int = 0
    prompts_known: int = 0
    responses_created: int = 0
    tasks_created: int = 0
    judgments_created: int = 0
    errors: list[RowError] = field(default_factory=list)
    num_errors: int = 0
    dry_run: bool = False


def import_rows(
    *,
    project: Project,
    stream: BinaryIO,
    now: datetime,
    actor: User | None = None,
    dry_run: bool = False,
    skip_bad_rows: bool = False,
    licence: str = "",
    source: str = "",
) -> ImportResult:
    """Import JSON Lines. Memory is bounded by the longest line and one chunk of rows.

    The same content again stores nothing new. `licence` and `source` stand in for rows that name
    none. A dry run stores everything, counts, and takes it back.
    """
    result = ImportResult(dry_run=dry_run)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as good_rows:
        _check_every_line(stream, good_rows, result)
        if result.num_errors and not skip_bad_rows:
            raise _bad_rows(result)
        if not result.rows:
            raise DomainError("The file has no rows: put one JSON object in each line.", code="empty")
        good_rows.seek(0)
        with transaction.atomic():
            # Imports into one project come one after another, so that the second finds what the
            # first stored instead of colliding with it.
            Project.objects.select_for_update(no_key=True).get(pk=project.pk)
            store = Store(project=project, licence=licence, source=source, now=now)
            for rows in chunks((Row.load(line) for line in good_rows), CHUNK):
                store.add(rows)
            _take_over(result, store.counts)
            if dry_run:
                transaction.set_rollback(True)
            else:
                _record(project, actor, result)
    return result


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


def _check_every_line(stream: BinaryIO, good_rows: IO[str], result: ImportResult) -> None:
    for number, line in read_lines(stream):
        if line == b"":
            continue
        result.rows += 1
        try:
            if line is None:
                raise BadContent(f"longer than {MAX_LINE_BYTES // 2**20} MiB: shorten it or leave it out.")
            good_rows.write(parse_line(line).dump() + "\n")
        except BadContent as problem:
            result.num_errors += 1
            if len(result.errors) < MAX_ERRORS_TOLD:
                result.errors.append(RowError(number, str(problem)))


def _bad_rows(result: ImportResult) -> DomainError:
    first = result.errors[0]
    rows = "1 row cannot" if result.num_errors == 1 else f"{result.num_errors} rows cannot"
    return DomainError(
        f"{rows} be imported, so nothing was stored. Line {first.line}: {first.message} "
        "Correct the file, or skip bad rows.",
        code="bad_rows",
        fields={
            "errors": [{"line": error.line, "message": error.message} for error in result.errors],
            "num_errors": result.num_errors,
        },
    )


def _take_over(result: ImportResult, counts: StoredCounts) -> None:
    result.prompts_created = counts.prompts_created
    result.prompts_known = counts.prompts_known
    result.responses_created = counts.responses_created
    result.tasks_created = counts.tasks_created
    result.judgments_created = counts.judgments_created


def _record(project: Project, actor: User | None, result: ImportResult) -> None:
    names = ("rows", "prompts_created", "responses_created", "tasks_created", "judgments_created")
    data = {name: getattr(result, name) for name in names} | {"num_errors": result.num_errors}
    audit.record(actor=actor, action="import.finished", project_id=project.pk, obj=project, data=data)
