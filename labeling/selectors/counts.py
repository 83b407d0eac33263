"""How full a queue is: a constant number of queries, however many projects are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from django.db.models import Case, Count, F, QuerySet, Value, When
from django.utils import timezone

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


class BatchProgress(ArmCounts):
    judgments: int


def counts(*, project_id: int, now: datetime | None = None) -> Counts:
    return counts_by_project(project_ids=[project_id], now=now)[project_id]


def counts_by_project(*, project_ids: Sequence[int], now: datetime | None = None) -> dict[int, Counts]:
    """Of what people are asked for: withdrawn slots and imported tasks do not count, a lease that
    ran out counts as open. Judgments are the live ones, imported ones included."""
    found: dict[int, Counts] = {
        project_id: Counts(
            tasks=0, slots_open=0, slots_leased=0, slots_done=0, judgments=0, annotators=0, by_arm={}
        )
        for project_id in project_ids
    }
    tasks = Task.objects.filter(project__in=project_ids, overlap__gt=0).values("project_id")
    for row in tasks.annotate(n=Count("id")):
        found[row["project_id"]]["tasks"] = row["n"]
    slots = _by_state(Slot.objects.filter(project__in=project_ids), now).values_list(
        "project_id", "arm", "now"
    )
    for project_id, name, state, n in slots.annotate(n=Count("id")):
        project = found[project_id]
        arm = project["by_arm"].setdefault(name, ArmCounts(open=0, leased=0, done=0))
        arm[state] += n  # type: ignore[literal-required]
        project[f"slots_{state}"] += n  # type: ignore[literal-required]
    judgments = Judgment.objects.filter(project__in=project_ids, superseded_at=None).values("project_id")
    for row in judgments.annotate(n=Count("id"), people=Count("annotator_id", distinct=True)):
        found[row["project_id"]]["judgments"] = row["n"]
        found[row["project_id"]]["annotators"] = row["people"]
    return found


def batch_progress(*, batch_id: int, now: datetime | None = None) -> BatchProgress:
    slots = _by_state(Slot.objects.filter(task__batch_id=batch_id), now).values_list("now")
    states: dict[str, int] = dict(slots.annotate(n=Count("id")))
    said = Judgment.objects.filter(task__batch_id=batch_id, superseded_at=None)
    return BatchProgress(
        open=states.get("open", 0),
        leased=states.get("leased", 0),
        done=states.get("done", 0),
        judgments=said.count(),
    )


def _by_state(slots: QuerySet[Slot], now: datetime | None) -> QuerySet[Any]:
    """Wanted slots with their state as it is `now`."""
    ran_out = When(
        state=Slot.State.LEASED, lease_expires_at__lt=now or timezone.now(), then=Value(Slot.State.OPEN)
    )
    return slots.filter(withdrawn=False).annotate(now=Case(ran_out, default=F("state"))).order_by()
