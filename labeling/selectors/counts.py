"""How full a queue is: from counts kept beside the tables (models/tallies.py), never by scanning them,
and a constant number of queries however many projects are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, TypedDict

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from labeling.models import Batch, QueueCount, Slot, WorkCount


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
    held: int
    by_arm: dict[str, ArmCounts]


class BatchProgress(ArmCounts):
    judgments: int


class Work(NamedTuple):
    batch_id: int
    day: date
    n: int


def counts(*, project_id: int, now: datetime | None = None) -> Counts:
    return counts_by_project(project_ids=[project_id], now=now)[project_id]


def counts_by_project(*, project_ids: Sequence[int], now: datetime | None = None) -> dict[int, Counts]:
    """Of what people are asked for: withdrawn slots and imported tasks do not count, a lease that
    ran out counts as open. Judgments are the live ones, imported ones included."""
    found: dict[int, Counts] = {
        project_id: Counts(
            tasks=0,
            slots_open=0,
            slots_leased=0,
            slots_done=0,
            judgments=0,
            annotators=0,
            held=0,
            by_arm={},
        )
        for project_id in project_ids
    }
    kept = QueueCount.objects.filter(project_id__in=project_ids)
    for project_id, name, what, n in _summed(kept, "project_id", "arm", "what"):
        _add(found[project_id], name, what, n)
    ran_out = _ran_out(Slot.objects.filter(project__in=project_ids), now)
    for project_id, name, n in ran_out.values_list("project_id", "arm").annotate(n=Count("id")):
        _add(found[project_id], name, "open", n)
        _add(found[project_id], name, "leased", -n)
    people = WorkCount.objects.filter(project_id__in=project_ids).values_list("project_id")
    for project_id, n in people.annotate(n=Count("annotator_id", distinct=True)).order_by():
        found[project_id]["annotators"] = n
    return found


def _add(project: Counts, name: str, what: str, n: int) -> None:
    if what in ("open", "leased", "done"):
        if name not in project["by_arm"] and not n:
            return
        arm = project["by_arm"].setdefault(name, ArmCounts(open=0, leased=0, done=0))
        arm[what] += n  # type: ignore[literal-required]
        what = f"slots_{what}"
    project[what] += n  # type: ignore[literal-required]


def batch_progress(*, batch_id: int, now: datetime | None = None) -> BatchProgress:
    project_id = Batch.objects.values_list("project_id", flat=True).get(pk=batch_id)
    kept = QueueCount.objects.filter(project_id=project_id, batch_id=batch_id)
    states = dict(_summed(kept, "what"))
    ran_out = _ran_out(Slot.objects.filter(project=project_id, task__batch=batch_id), now).count()
    return BatchProgress(
        open=states.get("open", 0) + ran_out,
        leased=states.get("leased", 0) - ran_out,
        done=states.get("done", 0),
        judgments=states.get("judgments", 0),
    )


def num_wanted(*, project_id: int) -> int:
    """Judgments not given yet, in somebody's hands or not."""
    kept = QueueCount.objects.filter(project_id=project_id, what__in=["open", "leased"])
    return kept.aggregate(n=Sum("n"))["n"] or 0


def wanted_by_batch(*, project_id: int) -> dict[int, int]:
    """How many judgments each batch asks for, those given included."""
    kept = QueueCount.objects.filter(project_id=project_id, what__in=["open", "leased", "done"])
    return dict(_summed(kept, "batch_id"))


def work_of(*, annotator_id: int, project_id: int) -> list[Work]:
    """What one person judged, by batch and day."""
    kept = WorkCount.objects.filter(project_id=project_id, annotator_id=annotator_id)
    return [Work(*row) for row in _summed(kept, "batch_id", "day")]


def _summed(kept: QuerySet[Any], *keys: str) -> QuerySet[Any]:
    return kept.order_by().values_list(*keys).annotate(total=Sum("n"))


def _ran_out(slots: QuerySet[Slot], now: datetime | None) -> QuerySet[Slot]:
    """Leases nobody renewed; never more than there are leases."""
    return slots.filter(
        state=Slot.State.LEASED, lease_expires_at__lt=now or timezone.now(), withdrawn=False
    ).order_by()
