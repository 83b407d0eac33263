"""The queue as its lead sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from labeling.models import Slot, Task, TaskResponse


def listed_tasks(
    *, project_id: int, now: datetime, arm: str | None = None, state: str | None = None
) -> QuerySet[Any]:
    """Tasks people were asked about, with how many responses and how many slots in each state;
    `state` keeps those with a slot in it. A lease that ran out is open."""
    states = {
        "open": Q(state=Slot.State.OPEN) | Q(state=Slot.State.LEASED, lease_expires_at__lt=now),
        "leased": Q(state=Slot.State.LEASED, lease_expires_at__gte=now),
        "done": Q(state=Slot.State.DONE),
    }
    tasks = Task.objects.filter(project_id=project_id, overlap__gt=0).select_related("prompt", "batch")
    if arm is not None:
        tasks = tasks.filter(arm=arm)
    if state is not None:
        tasks = tasks.filter(Exists(_of_task(Slot, states[state], withdrawn=False)))
    return tasks.annotate(
        num_responses=_num(_of_task(TaskResponse)),
        **{f"slots_{name}": _num(_of_task(Slot, where, withdrawn=False)) for name, where in states.items()},
    )


def _of_task(model: type[Slot] | type[TaskResponse], *where: Q, **fields: object) -> QuerySet[Any]:
    return model._default_manager.filter(*where, task=OuterRef("pk"), **fields).order_by()


def _num(rows: QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("task").annotate(n=Count("pk")).values("n")), 0)
