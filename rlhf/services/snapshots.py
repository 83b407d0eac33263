"""Freezing labels into immutable, content-addressed data sets."""

from __future__ import annotations

import uuid
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from labeling.core.errors import DomainError
from labeling.core.services import audit
from labeling.selectors import labels
from labeling.selectors import prompts as prompt_selectors
from labeling.services.notifications import notify
from rlhf import storage
from rlhf.models import Snapshot, SnapshotJudgment
from rlhf.services import live
from rlhf.services.snapshot_files import NotPlain, Row, RowHasher, write_parquet

SPLITS = ("train", "validation", "test")
# Blind evaluation judgments measure models; training on them would spoil the measure.
TRAINING_ARMS = ("active", "random", "gold", "repeat", "adjudication")
LINKS_PER_INSERT = 2000
RowsOf = Callable[[str], Iterable[Row]]


def freeze(
    *, project: Any, kind: str, filters: Mapping[str, Any], user: Any, now: datetime, name: str = ""
) -> Snapshot:
    """The snapshot of what `filters` selects; the same rows again give the snapshot that exists.

    `filters`: `splits` (default all); `arms` for preferences (default all but evaluation);
    `limit` and `seed` for prompts (the least used first, default every prompt).
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
    if kind == "preferences":
        arms = chosen.get("arms", TRAINING_ARMS)
        if "evaluation" in arms:
            raise DomainError(
                "Evaluation judgments measure models and are never trained on: leave that arm out.",
                fields={"arms": "evaluation"},
            )
        chosen["arms"] = sorted(arms)
    return chosen


def _write(cleanup: ExitStack, kind: str, splits: list[str], rows_of: RowsOf, *, plain: bool) -> _Draft:
    hasher, judgments = RowHasher(kind), array("q")
    num_rows: dict[str, int] = {}
    local: dict[str, Path] = {}

    def observed(split: str) -> Iterator[Row]:
        for row in rows_of(split):
            # A comparison is derived and may be derived again: its id is no content.
            hasher.add(split, {key: value for key, value in row.items() if key != "comparison"})
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


def _preferences(project: Any, filters: Mapping[str, Any], now: datetime) -> RowsOf:
    def rows_of(split: str) -> Iterator[Row]:
        found = labels.comparisons(project_id=project.pk, arms=filters["arms"], splits=[split], until=now)
        for row in found:
            yield {
                "prompt": row.prompt_messages,
                "chosen": row.winner_messages,
                "rejected": row.loser_messages,
                "strength": row.strength,
                "tie": row.is_tie,
                "weight": 1.0,
                "annotator": row.annotator_id,
                "judgment": row.judgment_id,
                "comparison": row.comparison_id,
                "prompt_id": row.prompt_id,
                "licence": row.licence,
            }

    return rows_of


def _prompts(project: Any, filters: Mapping[str, Any], now: datetime) -> RowsOf:
    limit, splits = filters.get("limit"), filters["splits"]
    if limit is None:
        return lambda split: map(
            _prompt_row,
            prompt_selectors.prompts_by_split(project_id=project.pk, splits=[split], limit=None),
        )
    picked = prompt_selectors.pick_prompts(
        project_id=project.pk, splits=splits, limit=limit, seed=filters.get("seed", 0)
    )
    picked = sorted(picked, key=lambda row: row.id)
    return lambda split: (_prompt_row(row) for row in picked if row.split == split)


def _prompt_row(row: Any) -> Row:
    return {"prompt": row.messages, "prompt_id": row.id}


def _demonstrations(project: Any, filters: Mapping[str, Any], now: datetime) -> RowsOf:
    def rows_of(split: str) -> Iterator[Row]:
        found = labels.demonstrations(project_id=project.pk, arms=TRAINING_ARMS, splits=[split], until=now)
        for row in found:
            yield {
                "prompt": row.prompt_messages,
                "completion": row.messages,
                "response_id": row.response_id,
                "annotator": row.annotator_id,
                "judgment": row.judgment_id,
                "prompt_id": row.prompt_id,
                "licence": row.licence,
            }

    return rows_of


_SOURCES: dict[str, Callable[[Any, Mapping[str, Any], datetime], RowsOf]] = {
    "preferences": _preferences,
    "prompts": _prompts,
    "demonstrations": _demonstrations,
}
_EMPTY = {
    "preferences": "There is nothing to freeze: rank some responses first, or ask for other splits.",
    "prompts": "There is nothing to freeze: import prompts first, or ask for other splits.",
    "demonstrations": "There is nothing to freeze: no person has written a response yet.",
}
