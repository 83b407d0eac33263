"""Imports at work in the background, a batch at a time.

First every record is checked; then the good ones are stored. The transaction of a batch also says how
far it got, so a process killed anywhere leaves whole batches, and the next one goes on behind them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from labeling.core.errors import DomainError
from labeling.core.services import audit, files
from labeling.messages import BadContent
from labeling.models import ImportJob, ImportProblem
from labeling.models.notices import Event
from labeling.services import formats
from labeling.services.chunks import chunks
from labeling.services.formats.base import Format, Options
from labeling.services.import_jobs import announce
from labeling.services.import_store import CHUNK, Store
from labeling.services.import_texts import read_texts
from labeling.services.imports import in_line, rows_in
from labeling.services.notifications import notify
from labeling.services.readers import Record, opened

logger = logging.getLogger(__name__)
State = ImportJob.State
LEASE = timedelta(seconds=60)
CHECK_BATCH = 1000
SLICE_SECONDS = 2.0
MAX_PROBLEMS = 10_000
MAX_RAW = 20_000

# Files that this process has open, by job and fence, between two slices of work.
_open: dict[tuple[int, int], Generator[None]] = {}


class Lost(Exception):
    """Another process has the job, or it was cancelled."""


def run_due(*, now: datetime, stop: Callable[[], bool]) -> bool:
    """Work on one import for a moment; True when there was one."""
    if not _open:
        claimed = _claim(now)
        if claimed is None:
            return False
        _open[claimed.pk, claimed.fence] = _steps(claimed)
    key, steps = next(iter(_open.items()))
    ends_at = time.monotonic() + SLICE_SECONDS
    try:
        while time.monotonic() < ends_at and not stop():
            next(steps)
    except (StopIteration, Lost):
        _open.pop(key, None)
    except BaseException:
        # Whoever comes next waits for the lease and goes on behind the last whole batch.
        _open.pop(key, None)
        raise
    return True


def _claim(now: datetime) -> ImportJob | None:
    free = Q(state=State.QUEUED) | Q(state=State.RUNNING, lease_expires_at__lt=now)
    for job in ImportJob.objects.filter(free).order_by("pk"):
        if job.options.get("waits_for_texts"):
            continue
        guard = ImportJob.objects.filter(free, pk=job.pk, fence=job.fence)
        if guard.update(
            state=State.RUNNING,
            fence=F("fence") + 1,
            lease_expires_at=now + LEASE,
            started_at=job.started_at or now,
        ):
            return ImportJob.objects.select_related("project", "created_by").get(pk=job.pk)
    return None


def _steps(job: ImportJob) -> Generator[None]:
    """The whole import; each yield stands between two transactions."""
    try:
        with ExitStack() as stack:
            path = stack.enter_context(files.local_copy(job.path))
            options = _options(job, stack)
            format = formats.named(job.row_format)
            if job.num_rows is None:
                yield from _check(job, path, format, options)
            if job.num_errors and not job.skip_bad_rows:
                _finish(job, State.FAILED, error=_refusal(job))
                return
            yield from _store(job, path, format, options)
        _finish(job, State.SUCCEEDED)
    except DomainError as refused:
        _finish(job, State.FAILED, error=refused.message)
    except FileNotFoundError:
        _finish(job, State.FAILED, error="The uploaded file is gone: upload it again.")
    except (Lost, OperationalError):
        raise
    except Exception as problem:
        logger.exception("import %s", job.pk)
        what = f"{type(problem).__name__}: {problem}"[:300]
        _finish(
            job, State.FAILED, error=f"It failed on our side ({what}): tell the operator, then resume it."
        )


def let_go() -> None:
    """This process stops: another need not wait for the leases of what it had open."""
    while _open:
        (job_id, fence), steps = _open.popitem()
        steps.close()
        mine = ImportJob.objects.filter(pk=job_id, fence=fence, state=State.RUNNING)
        mine.update(lease_expires_at=timezone.now())


def _options(job: ImportJob, stack: ExitStack) -> Options:
    texts: dict[str, Any] = {}
    if job.texts_path:
        texts = read_texts(stack.enter_context(files.local_copy(job.texts_path)))
    return Options(aspect=job.options.get("aspect", ""), texts=texts)


def _check(job: ImportJob, path: Path, format: Format | None, options: Options) -> Iterator[None]:
    """Count the records and keep what is wrong with them. Nothing is written until all are read."""
    num_rows = num_errors = 0
    problems: list[ImportProblem] = []
    with opened(path, name=job.filename) as records:
        for batch in _batches(records, CHECK_BATCH):
            for record in batch:
                num_rows += 1
                try:
                    rows_in(record, format, options)
                except BadContent as problem:
                    num_errors += 1
                    if len(problems) < MAX_PROBLEMS:
                        problems.append(_problem(job, record, problem))
            _renew(job)
            yield
    if not num_rows:
        raise DomainError("The file has no rows.", code="empty")
    with transaction.atomic():
        _guarded(job, num_rows=num_rows, num_errors=num_errors)
        ImportProblem.objects.filter(job=job).delete()
        ImportProblem.objects.bulk_create(problems, batch_size=500)
        announce(job)
    yield


def _store(job: ImportJob, path: Path, format: Format | None, options: Options) -> Iterator[None]:
    with opened(path, name=job.filename) as records:
        for batch in _batches(islice(records, job.rows_done, None), CHUNK):
            _store_batch(job, batch, format, options)
            yield


def _store_batch(job: ImportJob, batch: list[Record], format: Format | None, options: Options) -> None:
    rows = [row for record in batch for row in _good(record, format, options)]
    with transaction.atomic():
        with transaction.atomic():
            in_line(job.project)
            store = Store(
                project=job.project,
                licence=job.options.get("licence", ""),
                source=job.options.get("source", ""),
                now=timezone.now(),
                reference=f"job {job.pk}",
            )
            for some in chunks(rows, CHUNK):
                store.add(some)
            if job.dry_run:
                transaction.set_rollback(True)
        stored = asdict(store.counts)
        counts = {name: job.counts.get(name, 0) + number for name, number in stored.items()}
        _guarded(job, rows_done=job.rows_done + len(batch), counts=counts)
        announce(job)


def _good(record: Record, format: Format | None, options: Options) -> list[Any]:
    try:
        return rows_in(record, format, options)
    except BadContent:
        return []  # kept as a problem when it was checked


def _guarded(job: ImportJob, **changes: Any) -> None:
    """Write to the job only while it is ours; otherwise undo the transaction around it."""
    guard = ImportJob.objects.filter(pk=job.pk, fence=job.fence, state=State.RUNNING)
    if not guard.update(lease_expires_at=timezone.now() + LEASE, **changes):
        raise Lost
    for name, value in changes.items():
        setattr(job, name, value)


def _renew(job: ImportJob) -> None:
    _guarded(job)


def _finish(job: ImportJob, state: str, *, error: str = "") -> None:
    now = timezone.now()
    with transaction.atomic():
        _guarded(job, state=state, error=error, finished_at=now)
        data = {
            "import": job.pk,
            "filename": job.filename,
            "state": str(state),
            "dry_run": job.dry_run,
            "rows_done": job.rows_done,
            "num_errors": job.num_errors,
            "counts": job.counts,
            "error": error,
        }
        audit.record(
            actor=job.created_by, action="import.finished", project_id=job.project_id, obj=job, data=data
        )
        notify(job.project, Event.IMPORT_FINISHED, data, now=now, to=job.created_by)
        announce(job)
    if state == State.SUCCEEDED:
        # A failed import may be taken up again: its file stays.
        files.delete(job.path)
        files.delete(job.texts_path)


def _problem(job: ImportJob, record: Record, problem: BadContent) -> ImportProblem:
    raw = record.raw[:MAX_RAW].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return ImportProblem(job=job, line=record.number, message=str(problem), raw=raw)


def _refusal(job: ImportJob) -> str:
    first = ImportProblem.objects.filter(job=job).order_by("line").first()
    said = f" Line {first.line}: {first.message}" if first else ""
    rows = "1 row cannot" if job.num_errors == 1 else f"{job.num_errors} rows cannot"
    return f"{rows} be imported, so nothing was stored.{said} Correct the file, or skip bad rows."


def _batches(records: Iterator[Record], size: int) -> Iterator[list[Record]]:
    while batch := list(islice(records, size)):
        yield batch
