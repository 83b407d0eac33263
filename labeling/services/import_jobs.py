"""Import jobs: uploaded, waiting, stopped and taken up again. `import_running` does the work."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.db import transaction

from labeling.core import live
from labeling.core.errors import Conflict, DomainError
from labeling.core.models import User
from labeling.core.services import audit, files
from labeling.models import ImportJob, Project
from labeling.services import formats
from labeling.services.readers import READERS

State = ImportJob.State
MAX_BYTES = 8 * 2**30
MAX_TEXTS_BYTES = 256 * 2**20
ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    dry_run: bool = False
    skip_bad_rows: bool = False
    licence: str = ""
    source: str = ""
    row_format: str = ""
    aspect: str = ""


def upload(
    *,
    actor: User,
    project: Project,
    filename: str,
    stream: BinaryIO,
    options: ImportOptions,
    now: datetime,
    waits_for_texts: bool = False,
) -> ImportJob:
    """Keep the file and queue its import. With `waits_for_texts` it waits until `add_texts`."""
    name = _checked_name(filename)
    formats.named(options.row_format)
    path = f"imports/{project.pk}/{uuid.uuid4().hex}/{name}"
    try:
        size = files.put(path, stream, max_bytes=MAX_BYTES)
    except ValueError as problem:
        raise DomainError("The file is larger than 8 GiB: import it in parts.", status=413) from problem
    if not size:
        files.delete(path)
        raise DomainError("The file is empty: put rows in it.", code="empty")
    with transaction.atomic():
        job = ImportJob.objects.create(
            project=project,
            created_by=actor,
            filename=name,
            path=path,
            size=size,
            row_format=options.row_format,
            options={"licence": options.licence, "source": options.source, "aspect": options.aspect}
            | ({"waits_for_texts": True} if waits_for_texts else {}),
            dry_run=options.dry_run,
            skip_bad_rows=options.skip_bad_rows,
            created_at=now,
        )
        audit.record(
            actor=actor, action="import.queued", project_id=project.pk, obj=job, data={"filename": name}
        )
        announce(job)
    return job


def add_texts(*, job: ImportJob, filename: str, stream: BinaryIO) -> ImportJob:
    """The second file, which says what the ids in the first stand for; now the import may begin."""
    name = _checked_name(filename)
    path = f"{job.path.rpartition('/')[0]}/texts/{name}"
    try:
        files.put(path, stream, max_bytes=MAX_TEXTS_BYTES)
    except ValueError as problem:
        raise DomainError("The texts are larger than 256 MiB: import in parts.", status=413) from problem
    with transaction.atomic():
        locked = _locked(job)
        if locked.state != State.QUEUED:
            raise Conflict(f"This import is {locked.state}: upload its file again.")
        locked.options = {key: one for key, one in locked.options.items() if key != "waits_for_texts"}
        locked.texts_path = path
        locked.save(update_fields=["options", "texts_path"])
        announce(locked)
    return locked


def cancel(*, actor: User, job: ImportJob, now: datetime) -> ImportJob:
    """Stop behind the batch under way. What is stored stays."""
    with transaction.atomic():
        locked = _locked(job)
        if locked.state in ENDED:
            raise Conflict(f"This import is already {locked.state}: there is nothing to cancel.")
        locked.state, locked.finished_at, locked.fence = State.CANCELLED, now, locked.fence + 1
        locked.save(update_fields=["state", "finished_at", "fence"])
        audit.record(actor=actor, action="import.cancelled", project_id=locked.project_id, obj=locked)
        announce(locked)
    return locked


def resume(*, actor: User, job: ImportJob) -> ImportJob:
    """Take a failed or cancelled import up again, behind its last whole batch."""
    with transaction.atomic():
        locked = _locked(job)
        if locked.state not in (State.FAILED, State.CANCELLED):
            raise Conflict(f"This import is {locked.state}: only a failed or cancelled one can go on.")
        locked.state, locked.error, locked.finished_at = State.QUEUED, "", None
        locked.lease_expires_at = None
        locked.save(update_fields=["state", "error", "finished_at", "lease_expires_at"])
        audit.record(actor=actor, action="import.resumed", project_id=locked.project_id, obj=locked)
        announce(locked)
    return locked


def announce(job: ImportJob) -> None:
    """Tell open pages, once it is true."""
    project_id, job_id = job.project_id, job.pk
    transaction.on_commit(lambda: live.publish(f"project.{project_id}", topic="imports", id=job_id))


def _locked(job: ImportJob) -> ImportJob:
    return ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)


def _checked_name(filename: str) -> str:
    """The bare name, whose ending says how to read it."""
    name = filename.replace("\\", "/").rpartition("/")[2].strip()
    ending = Path(name.lower().removesuffix(".gz")).suffix
    if ending not in READERS and ending != ".zip":
        known = ", ".join((*READERS, ".zip"))
        raise DomainError(
            f"The name of the file, “{name[-40:]}”, must end with one of {known}, or one of these and .gz.",
            code="unknown_file",
            fields={"filename": ["Unknown ending."]},
        )
    safe = "".join(one if one.isalnum() or one in "._-" else "_" for one in name)
    return safe[-120:]
