"""Files that workers send: parts of a model, of a checkpoint, tables of responses.

Each attempt writes under its own prefix, so that a late write of a dead attempt touches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.core.errors import DomainError
from rlhf import storage
from rlhf.models import Run, RunFile

NAME = re.compile(r"(?!.*(^|/)\.{1,2}(/|$))[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
MAX_NAME_LENGTH = 300
CHECKPOINT = re.compile(r"checkpoints/step-(\d+)/.+")


def store(*, run: Run, name: str, chunks: Iterable[bytes], sha256: str, size: int, now: datetime) -> RunFile:
    """Store a file of the run; the same name again replaces it once the new one is whole."""
    if not NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        raise DomainError(
            "Name the file like model/config.json: letters, digits, dots, dashes, no “..”.", code="bad_name"
        )
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise DomainError("Send the file's SHA-256 in hexadecimal as X-SHA256.", code="no_hash")
    path = f"runs/{run.pk}/attempt-{run.attempt}/{name}"
    stored = storage.put(path, chunks, sha256=sha256, size=size)
    with transaction.atomic():
        before = RunFile.objects.select_for_update().filter(run=run, name=name).first()
        file, _ = RunFile.objects.update_or_create(
            run=run,
            name=name,
            defaults={"size": stored.size, "sha256": stored.sha256, "path": path, "created_at": now},
        )
        if before is not None and before.path != path:
            _delete_later([before.path])
    return file


def described(files: Iterable[RunFile]) -> list[dict[str, Any]]:
    return [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in files]


def set_checkpoint(*, run: Run, step: int, names: Sequence[str]) -> None:
    """Make these files the run's checkpoint and drop those of earlier steps. Under the run's lock;
    the caller saves `run.checkpoint`."""
    found = {file.name: file for file in run.files.filter(name__startswith="checkpoints/")}
    missing = [name for name in names if name not in found]
    if missing:
        raise DomainError(
            f"The checkpoint at step {step} lacks {missing[0]}: upload its files before announcing it.",
            code="incomplete_checkpoint",
        )
    run.checkpoint = {"step": step, "files": described(found[name] for name in names)}
    _drop(
        file
        for file in run.files.filter(name__startswith="checkpoints/").exclude(name__in=names)
        if (match := CHECKPOINT.fullmatch(file.name)) is None or int(match[1]) < step
    )


def forget_checkpoints(*, run: Run) -> None:
    """A finished run needs none."""
    _drop(run.files.filter(name__startswith="checkpoints/"))


def _drop(files: Iterable[RunFile]) -> None:
    dropped = list(files)
    RunFile.objects.filter(pk__in=[file.pk for file in dropped]).delete()
    _delete_later([file.path for file in dropped])


def _delete_later(paths: list[str]) -> None:
    """Only once it is certain that no row names them any more."""

    def delete() -> None:
        for path in paths:
            storage.delete(path)

    if paths:
        transaction.on_commit(delete, robust=True)
