"""Reading frozen data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db.models import F, Q, QuerySet

from labeling.core.errors import NotFound
from rlhf import storage
from rlhf.models import Snapshot, SnapshotJudgment

MESSAGE_COLUMNS = {"prompt", "chosen", "rejected", "completion", "responses"}


def of_project(*, project_id: int) -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(project_id=project_id).select_related("created_by", "project")


def get(*, snapshot_id: int) -> Snapshot:
    found = Snapshot.objects.filter(pk=snapshot_id).select_related("created_by", "project").first()
    if found is None:
        raise unknown(snapshot_id)
    return found


def unknown(snapshot_id: int) -> NotFound:
    return NotFound(
        f"There is no snapshot {snapshot_id} that you can open: take one from the project's list."
    )


def rows(*, snapshot: Snapshot, split: str, offset: int, limit: int) -> list[dict[str, Any]]:
    """`limit` rows from `offset`, reading no more row groups than they lie in."""
    if not snapshot.num_rows.get(split):
        return []
    found: list[dict[str, Any]] = []
    with storage.open_file(f"{snapshot.path}/{split}.parquet") as file:
        parquet, start = pq.ParquetFile(file), 0
        for group in range(parquet.num_row_groups):
            length = parquet.metadata.row_group(group).num_rows
            if start + length > offset and len(found) < limit:
                table = parquet.read_row_group(group)
                found += table.slice(max(0, offset - start), limit - len(found)).to_pylist()
            start += length
    return [_decoded(row) for row in found]


def superseded_since(*, snapshot: Snapshot) -> QuerySet[SnapshotJudgment]:
    """Judgments in it that are nobody's last word any more: corrected or taken back. The snapshot
    itself stays as it was frozen."""
    return SnapshotJudgment.objects.filter(snapshot=snapshot, judgment__superseded_at__isnull=False).annotate(
        superseded_at=F("judgment__superseded_at"),
        withdrawn=Q(judgment__withdrawal__isnull=False),
    )


def prompt_ids(*, snapshot: Snapshot) -> Iterator[int]:
    """The prompts of a snapshot in its order."""
    for split, num_rows in snapshot.num_rows.items():
        if num_rows:
            with storage.open_file(f"{snapshot.path}/{split}.parquet") as file:
                yield from pq.ParquetFile(file).read(columns=["prompt_id"])["prompt_id"].to_pylist()


def num_decided(*, snapshot: Snapshot, split: str) -> int:
    """Rows of a preferences or rankings snapshot that prefer something: no mere ties."""
    if not snapshot.num_rows.get(split):
        return 0
    with storage.open_file(f"{snapshot.path}/{split}.parquet") as file:
        parquet = pq.ParquetFile(file)
        if snapshot.kind == Snapshot.Kind.RANKINGS:
            ranks = parquet.read(columns=["tiers"])["tiers"].to_pylist()
            return sum(max(one) > 0 for one in ranks)
        ties = parquet.read(columns=["tie"])["tie"]
    return len(ties) - (pc.sum(ties).as_py() or 0)


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    """Messages that were stored whole are JSON texts in the file."""
    return {name: _messages(value) if name in MESSAGE_COLUMNS else value for name, value in row.items()}


def _messages(value: Any) -> Any:
    if isinstance(value, list):
        return [_messages(part) for part in value]
    return json.loads(value) if isinstance(value, str) else value
