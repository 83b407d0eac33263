"""How full a queue is: a constant number of queries, however many projects are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from django.db.models import Count

from labeling.models import Judgment, Slot, Task


class ArmCounts(TypedDict):
    open: int
    leased: int
    done: int


class Counts(TypedDict):
    tasks: int
    slots_open: int
    slots_leased: int
    slots_done: int
    judgments: int
    annotators: int
    by_arm: dict[str, ArmCounts]


def counts(*, project_id: int) -> Counts:
    return counts_by_project(project_ids=[project_id])[project_id]


def counts_by_project(*, project_ids: Sequence[int]) -> dict[int, Counts]:
    """Withdrawn slots do not count; judgments are the live ones."""
    found: dict[int, Counts] = {
        project_id: Counts(
            tasks=0, slots_open=0, slots_leased=0, slots_done=0, judgments=0, annotators=0, by_arm={}
        )
        for project_id in project_ids
    }
    tasks = Task.objects.filter(project__in=project_ids).values("project_id").annotate(n=Count("id"))
    for row in tasks:
        found[row["project_id"]]["tasks"] = row["n"]
    slots = (
        Slot.objects.filter(project__in=project_ids, withdrawn=False)
        .values("project_id", "arm", "state")
        .annotate(n=Count("id"))
    )
    for row in slots:
        project = found[row["project_id"]]
        arm = project["by_arm"].setdefault(row["arm"], ArmCounts(open=0, leased=0, done=0))
        arm[row["state"]] += row["n"]
        project[f"slots_{row['state']}"] += row["n"]  # type: ignore[literal-required]
    judgments = (
        Judgment.objects.filter(project__in=project_ids, superseded_at=None)
        .values("project_id")
        .annotate(n=Count("id"), people=Count("annotator_id", distinct=True))
    )
    for row in judgments:
        found[row["project_id"]]["judgments"] = row["n"]
        found[row["project_id"]]["annotators"] = row["people"]
    return found
