"""Imports: read every record, say everything that is wrong, then store all of it or nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from labeling.core.errors import DomainError
from labeling.core.models import User
from labeling.core.services import audit
from labeling.messages import BadContent
from labeling.models import Project
from labeling.services import formats
from labeling.services.chunks import chunks
from labeling.services.formats.base import Format, Options
from labeling.services.import_rows import Row
from labeling.services.import_store import CHUNK, Store, StoredCounts
from labeling.services.readers import Record, json_lines

MAX_ERRORS_TOLD = 100


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
    row_format: str = "",
    aspect: str = "",
) -> ImportResult:
    """Import JSON Lines; see `import_records`."""
    return import_records(
        project=project,
        records=json_lines(stream),
        now=now,
        actor=actor,
        dry_run=dry_run,
        skip_bad_rows=skip_bad_rows,
        licence=licence,
        source=source,
        format=formats.named(row_format),
        options=Options(aspect=aspect),
    )


def import_records(
    *,
    project: Project,
    records: Iterable[Record],
    now: datetime,
    actor: User | None = None,
    dry_run: bool = False,
    skip_bad_rows: bool = False,
    licence: str = "",
    source: str = "",
    format: Format | None = None,
    options: Options | None = None,
) -> ImportResult:
    """All rows or none, at once; a large file is better imported as a job (services/import_jobs).

    Memory is bounded by the longest record and one chunk of rows. The same content again stores
    nothing new. `licence` and `source` stand in for rows that name none. A dry run stores everything,
    counts, and takes it back.
    """
    result = ImportResult(dry_run=dry_run)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as good_rows:
        for record in records:
            result.rows += 1
            try:
                for row in rows_in(record, format, options or Options()):
                    good_rows.write(row.dump() + "\n")
            except BadContent as problem:
                result.num_errors += 1
                if len(result.errors) < MAX_ERRORS_TOLD:
                    result.errors.append(RowError(record.number, str(problem)))
        if result.num_errors and not skip_bad_rows:
            raise _bad_rows(result)
        if not result.rows:
            raise DomainError("The file has no rows: put one JSON object in each line.", code="empty")
        good_rows.seek(0)
        with transaction.atomic():
            in_line(project)
            store = Store(project=project, licence=licence, source=source, now=now)
            for rows in chunks((Row.load(line) for line in good_rows), CHUNK):
                store.add(rows)
            _take_over(result, store.counts)
            if dry_run:
                transaction.set_rollback(True)
            else:
                _record(project, actor, result)
    return result


def rows_in(record: Record, format: Format | None, options: Options) -> list[Row]:
    """The rows of one record, all good; or BadContent."""
    if record.problem:
        raise BadContent(record.problem)
    return list(formats.rows_of(record.value, format=format, options=options))


def in_line(project: Project) -> None:
    """Imports into one project come one after another, so that the second finds what the first
    stored instead of colliding with it."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


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
