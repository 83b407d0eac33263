"""Known answers, set on tasks that exist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from labeling.core.errors import Conflict, DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import GoldAnswer, Hold, Project, Slot, Task
from labeling.models.queue import Arm
from labeling.selectors.tasks import lettered
from labeling.services.announcing import announce


@transaction.atomic
def set_gold(
    *,
    actor: User,
    project: Project,
    task_id: int,
    tiers: Sequence[Sequence[str]],
    now: datetime,
    feedback: bool = False,
    explanation: str = "",
) -> GoldAnswer:
    """Make a task gold, or change its answer. `tiers` are in the letters under which the task's own
    page shows its responses. From then on the queue offers it only at the project's gold rate; whoever
    holds it may still submit."""
    task = _task(project, task_id)
    if task.arm == Arm.REPEAT:
        raise Conflict("This is somebody's hidden repeat: set the answer on the task it repeats.")
    if Hold.objects.filter(task=task).exclude(state=Hold.State.RELEASED).exists():
        raise Conflict("This task is held back: release it first.", code="held")
    ids = dict(lettered(task_id=task.pk))
    letters = [letter for tier in tiers for letter in tier]
    if sorted(letters) != sorted(ids) or not all(tiers):
        raise DomainError(
            f"Put each of {', '.join(sorted(ids))} in one tier, best first.",
            fields={"tiers": ["Not every response once."]},
        )
    answer, _ = GoldAnswer.objects.update_or_create(
        task=task,
        defaults={
            "project": project,
            "tiers": [[ids[letter] for letter in tier] for tier in tiers],
            "feedback": feedback,
            "explanation": explanation,
            "set_by": actor,
            "retired_at": None,
        },
        create_defaults={
            "project": project,
            "tiers": [[ids[letter] for letter in tier] for tier in tiers],
            "feedback": feedback,
            "explanation": explanation,
            "set_by": actor,
            "created_at": now,
        },
    )
    Task.objects.filter(pk=task.pk).update(arm=Arm.GOLD, overlap_max=None)
    slots = Slot.objects.filter(task=task)
    open_now = slots.filter(state=Slot.State.OPEN).select_for_update(skip_locked=True, no_key=True)
    slots.filter(pk__in=[slot.pk for slot in open_now]).update(withdrawn=True)
    audit.record(actor=actor, action="gold.set", project_id=project.pk, obj=task, data={"feedback": feedback})
    announce(project.pk)
    return answer


@transaction.atomic
def retire_gold(*, actor: User, project: Project, task_id: int, now: datetime) -> None:
    """Ask it no more. What people said of it, and whether it was right, stays."""
    retired = GoldAnswer.objects.filter(project=project, task=task_id, retired_at=None)
    if not retired.update(retired_at=now):
        raise NotFound("This task has no known answer in use: the list may be old, reload it.")
    audit.record(
        actor=actor,
        action="gold.retired",
        project_id=project.pk,
        obj=Task.objects.get(pk=task_id),
    )


def _task(project: Project, task_id: int) -> Task:
    task = Task.objects.select_for_update(no_key=True).filter(project=project, pk=task_id).first()
    if task is None:
        raise NotFound("There is no such task in this project: the list may be old, reload it.")
    return task
