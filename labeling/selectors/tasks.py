"""The queue as its lead sees it: never who wrote what."""

from __future__ import annotations

from datetime import datetime
from string import ascii_uppercase
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from labeling.core.errors import NotFound
from labeling.messages import shown
from labeling.models import Batch, GoldAnswer, Hold, Slot, Task, TaskResponse


def listed_tasks(
    *,
    project_id: int,
    now: datetime,
    arm: str | None = None,
    state: str | None = None,
    any_overlap: bool = False,
) -> QuerySet[Any]:
    """Tasks people were asked about, with how many responses and how many slots in each state;
    `state` keeps those with a slot in it. A lease that ran out is open."""
    states = {
        "open": Q(state=Slot.State.OPEN) | Q(state=Slot.State.LEASED, lease_expires_at__lt=now),
        "leased": Q(state=Slot.State.LEASED, lease_expires_at__gte=now),
        "done": Q(state=Slot.State.DONE),
    }
    tasks = Task.objects.filter(project_id=project_id).select_related("prompt", "batch")
    if not any_overlap:
        tasks = tasks.filter(overlap__gt=0)
    if arm is not None:
        tasks = tasks.filter(arm=arm)
    if state is not None:
        tasks = tasks.filter(Exists(_of_task(Slot, states[state], withdrawn=False)))
    return tasks.annotate(
        num_responses=_num(_of_task(TaskResponse)),
        **{f"slots_{name}": _num(_of_task(Slot, where, withdrawn=False)) for name, where in states.items()},
    )


def find_task(*, project_id: int, task_id: int) -> Task:
    task = Task.objects.filter(project_id=project_id, pk=task_id).first()
    if task is None:
        raise NotFound("There is no such task in this project: the list may be old, reload it.")
    return task


def task_of(*, project_id: int, task_id: int, now: datetime) -> Task:
    """One task with its counts; `shown_responses`, `gold_answer` and `held_back` are set on it."""
    task = listed_tasks(project_id=project_id, now=now, any_overlap=True).filter(pk=task_id).first()
    if task is None:
        raise NotFound("There is no such task in this project: the list may be old, reload it.")
    letters = {response_id: letter for letter, response_id in lettered(task_id=task_id)}
    texts = {
        place.response_id: place.response.messages
        for place in TaskResponse.objects.filter(task=task_id).select_related("response")
    }
    task.shown_responses = [
        {"letter": letter, "messages": shown(texts[response_id])} for response_id, letter in letters.items()
    ]
    gold = GoldAnswer.objects.filter(task=task_id, retired_at=None).first()
    task.gold_answer = gold and {
        "tiers": [[letters[response_id] for response_id in tier] for tier in gold.tiers],
        "verdict": gold.verdict,
        "feedback": gold.feedback,
        "explanation": gold.explanation,
    }
    return task


def lettered(*, task_id: int) -> list[tuple[str, int]]:
    """A task's responses under letters, in the order of their texts' hashes, which says nothing of
    who wrote them or when they came."""
    places = TaskResponse.objects.filter(task=task_id).order_by("response__hash")
    return list(zip(ascii_uppercase, places.values_list("response_id", flat=True), strict=False))


def listed_holds(*, project_id: int, state: str = Hold.State.HELD, rule: str | None = None) -> QuerySet[Hold]:
    holds = Hold.objects.filter(project_id=project_id, state=state).select_related(
        "decided_by", "task__batch"
    )
    # Findings are few words of JSON; both databases find a rule in their text.
    return holds if rule is None else holds.filter(findings__icontains=f'"{rule}"')


def listed_batches(*, project_id: int) -> QuerySet[Batch]:
    return Batch.objects.filter(project=project_id)


def batch_of(*, project_id: int, batch_id: int) -> Batch:
    batch = Batch.objects.filter(project=project_id, pk=batch_id).first()
    if batch is None:
        raise NotFound("There is no such batch in this project: the list may be old, reload it.")
    return batch


def _of_task(model: type[Slot] | type[TaskResponse], *where: Q, **fields: object) -> QuerySet[Any]:
    return model._default_manager.filter(*where, task=OuterRef("pk"), **fields).order_by()


def _num(rows: QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("task").annotate(n=Count("pk")).values("n")), 0)
