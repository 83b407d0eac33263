"""Freezing labels into immutable, content-addressed data sets."""

from __future__ import annotations

import uuid
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from labeling.core.errors import DomainError
from labeling.core.services import audit
from labeling.selectors.labels import TRAINING_ARMS
from labeling.services.notifications import notify
from rlhf import storage
from rlhf.models import Snapshot, SnapshotJudgment
from rlhf.services import live
from rlhf.services import snapshot_sources as sources
from rlhf.services.snapshot_files import NotPlain, Row, RowHasher, write_parquet
from rlhf.services.snapshot_sources import RowsOf

SPLITS = ("train", "validation", "test")
LINKS_PER_INSERT = 2000
NEVER_TRAINED_ON = {
    "evaluation": "Evaluation judgments measure models and are never trained on: leave that arm out.",
    "repeat": "A hidden repeat asks one person the same again and would count twice: leave that arm out.",
}


def freeze(
    *, project: Any, kind: str, filters: Mapping[str, Any], user: Any, now: datetime, name: str = ""
) -> Snapshot:
    """The snapshot of what `filters` selects; the same rows again give the snapshot that exists.

    `filters`: `splits` (default all); `arms` of what was judged or written in a judgment (default all
    that may be trained on); `limit` and `seed` for prompts (the least used first, default every prompt).
    Not inside a transaction: it may read and write for a while.
    """
    chosen = _checked(kind, filters)
    rows_of = _SOURCES[kind](project, chosen, now)
    with ExitStack() as cleanup:
        try:
            draft = _write(cleanup, kind, chosen["splits"], rows_of, plain=True)
        except NotPlain:
            draft = _write(cleanup, kind, chosen["splits"], rows_of, plain=False)
        if not any(draft.num_rows.values()):
            raise DomainError(_EMPTY[kind], code="nothing_to_freeze")
        existing = Snapshot.objects.filter(project=project, kind=kind, digest=draft.digest).first()
        return existing or _store(
            draft, project=project, kind=kind, filters=chosen, user=user, now=now, name=name
        )


class _Draft(NamedTuple):
    digest: str
    num_rows: dict[str, int]
    local: dict[str, Path]
    judgments: array[int]


def _checked(kind: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    if kind not in _SOURCES:
        raise DomainError(
            f"A snapshot of {kind!r} cannot be made: ask for one of {', '.join(_SOURCES)}.",
            fields={"kind": "unknown"},
        )
    chosen = {key: value for key, value in filters.items() if value is not None}
    chosen["splits"] = [split for split in SPLITS if split in chosen.get("splits", SPLITS)]
    if kind != "prompts":
        chosen["arms"] = sorted(map(str, chosen.get("arms", TRAINING_ARMS)))
        for arm, why in NEVER_TRAINED_ON.items():
            if arm in chosen["arms"]:
                raise DomainError(why, fields={"arms": arm})
    return chosen


def _write(cleanup: ExitStack, kind: str, splits: list[str], rows_of: RowsOf, *, plain: bool) -> _Draft:
    hasher, judgments = RowHasher(kind), array("q")
    num_rows: dict[str, int] = {}
    local: dict[str, Path] = {}

    def observed(split: str) -> Iterator[Row]:
        for row in rows_of(split):
            hasher.add(split, row)
            if row.get("judgment") is not None:
                judgments.append(row["judgment"])
            yield row

    for split in splits:
        local[split] = cleanup.enter_context(storage.incoming())
        num_rows[split] = write_parquet(local[split], kind, observed(split), plain=plain)
    return _Draft(hasher.hexdigest(), num_rows, local, judgments)


def _store(
    draft: _Draft, *, project: Any, kind: str, filters: dict[str, Any], user: Any, now: datetime, name: str
) -> Snapshot:
    path = f"snapshots/{project.pk}/{draft.digest[:16]}-{uuid.uuid4().hex[:8]}"
    files = []
    for split, num_rows in draft.num_rows.items():
        if num_rows:
            stored = storage.adopt(draft.local[split], f"{path}/{split}.parquet")
            files.append({"name": f"{split}.parquet", "size": stored.size, "sha256": stored.sha256})
    try:
        with transaction.atomic():
            snapshot = Snapshot.objects.create(
                project=project,
                kind=kind,
                name=name,
                digest=draft.digest,
                path=path,
                num_rows=draft.num_rows,
                files=files,
                filters=filters,
                created_by=user,
                created_at=now,
            )
            _link(snapshot, draft.judgments)
            audit.record(actor=user, action="snapshot.frozen", project_id=project.pk, obj=snapshot)
            live.registry_changed(project.pk)
            data = {"snapshot": snapshot.pk, "kind": kind, "digest": draft.digest, "num_rows": draft.num_rows}
            notify(project, "snapshot.frozen", data, now=now)
    except BaseException as problem:
        storage.delete_prefix(path)
        if not isinstance(problem, IntegrityError):
            raise
        # Someone froze the same rows at the same moment.
        return Snapshot.objects.get(project=project, kind=kind, digest=draft.digest)
    return snapshot


def _link(snapshot: Snapshot, judgments: array[int]) -> None:
    unique = iter(sorted(set(judgments)))
    while batch := list(islice(unique, LINKS_PER_INSERT)):
        SnapshotJudgment.objects.bulk_create(
            SnapshotJudgment(snapshot=snapshot, judgment_id=judgment) for judgment in batch
        )


_SOURCES: dict[str, Callable[[Any, Mapping[str, Any], datetime], RowsOf]] = {
    "preferences": sources.preferences,
    "rankings": sources.rankings,
    "unpaired": sources.unpaired,
    "demonstrations": sources.demonstrations,
    "prompts": sources.prompts,
}
_EMPTY = {
    "preferences": "There is nothing to freeze: rank some responses first, or ask for other splits.",
    "rankings": "There is nothing to freeze: rank some responses first, or ask for other splits.",
    "unpaired": "There is nothing to freeze: nobody has called responses good or bad outright, by a verdict.",
    "demonstrations": "There is nothing to freeze: no person has written a response yet.",
    "prompts": "There is nothing to freeze: import prompts first, or ask for other splits.",
}
