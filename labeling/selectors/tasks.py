"""The queue as its lead sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from labeling.core.errors import NotFound
from labeling.messages import shown
from labeling.models import GoldAnswer, Slot, Task, TaskResponse
from labeling.selectors.queue import contents_of


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


def task_of(*, project_id: int, task_id: int) -> Task:
    task = Task.objects.filter(project_id=project_id, pk=task_id).first()
    if task is None:
        raise NotFound("There is no such task in this project: the list may be old, reload it.")
    return task


def gold_shown(*, project_id: int, task_id: int) -> dict[str, Any]:
    """A task with its known answer as places among its responses; nothing says who wrote them."""
    task_of(project_id=project_id, task_id=task_id)
    content = contents_of([task_id])[task_id]
    place = {id: number for number, id in enumerate(content.messages)}
    gold = GoldAnswer.objects.filter(task_id=task_id).first()
    return {
        "task": task_id,
        "prompt": shown(content.prompt_messages),
        "responses": [shown(messages) for messages in content.messages.values()],
        "tiers": [[place[id] for id in tier] for tier in gold.tiers] if gold else None,
        "verdict": gold.verdict if gold else None,
    }


def _of_task(model: type[Slot] | type[TaskResponse], *where: Q, **fields: object) -> QuerySet[Any]:
    return model._default_manager.filter(*where, task=OuterRef("pk"), **fields).order_by()


def _num(rows: QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("task").annotate(n=Count("pk")).values("n")), 0)
