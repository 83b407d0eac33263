"""Known answers, set on tasks that exist. Nothing an annotator receives tells such tasks from others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from labeling.core.errors import Conflict, DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import GoldAnswer, Hold, Project, Slot, Task
from labeling.models.judgments import Verdict
from labeling.models.queue import Arm
from labeling.selectors.tasks import lettered
from labeling.services.announcing import announce

# What measures something else must go on measuring it.
NEVER_GOLD = (Arm.EVALUATION, Arm.REPEAT, Arm.ADJUDICATION)


def set_gold_by_letters(
    *,
    actor: User,
    project: Project,
    task_id: int,
    tiers: Sequence[Sequence[str]],
    now: datetime,
    verdict: str = Verdict.NONE,
    feedback: bool = False,
    explanation: str = "",
) -> GoldAnswer:
    """As `set_gold`, in the letters under which the task's own page shows its responses."""
    ids = dict(lettered(task_id=task_id))
    if unknown := {letter for tier in tiers for letter in tier} - ids.keys():
        raise DomainError(
            f"This task has no response {min(unknown)}: use {', '.join(sorted(ids))}.",
            fields={"tiers": ["Unknown letter."]},
        )
    return set_gold(
        actor=actor,
        project=project,
        task_id=task_id,
        tiers=[[ids[letter] for letter in tier] for tier in tiers],
        now=now,
        verdict=verdict,
        feedback=feedback,
        explanation=explanation,
    )


@transaction.atomic
def set_gold(
    *,
    actor: User | None,
    project: Project,
    task_id: int,
    tiers: Sequence[Sequence[int]],
    now: datetime,
    verdict: str = Verdict.NONE,
    feedback: bool = False,
    explanation: str = "",
) -> GoldAnswer:
    """Make a task gold, or change its answer. `tiers` has response ids, best first; a tie in it leaves
    the order free. With a verdict of both good or both bad the verdict is the answer. From then on the
    queue offers the task only at the project's gold rate; whoever holds it may still submit."""
    task = _task(project, task_id)
    if task.arm in NEVER_GOLD:
        raise Conflict(f"A task of the arm “{task.arm}” cannot be gold: choose another one.")
    if Hold.objects.filter(task=task).exclude(state=Hold.State.RELEASED).exists():
        raise Conflict("This task is held back: release it first.", code="held")
    known = [response_id for _, response_id in lettered(task_id=task.pk)]
    answer = {
        "project": project,
        "tiers": _checked([list(tier) for tier in tiers], verdict, known),
        "verdict": verdict,
        "feedback": feedback,
        "explanation": explanation,
        "set_by": actor,
    }
    gold, _ = GoldAnswer.objects.update_or_create(
        task=task,
        defaults={**answer, "retired_at": None},
        create_defaults={**answer, "created_at": now},
    )
    Task.objects.filter(pk=task.pk).update(arm=Arm.GOLD, overlap_max=None)
    slots = Slot.objects.filter(task=task)
    open_now = slots.filter(state=Slot.State.OPEN).select_for_update(skip_locked=True, no_key=True)
    slots.filter(pk__in=[slot.pk for slot in open_now]).update(withdrawn=True)
    data = {"tiers": gold.tiers, "verdict": verdict, "feedback": feedback}
    audit.record(actor=actor, action="gold.set", project_id=project.pk, obj=task, data=data)
    announce(project.pk)
    return gold


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


def _checked(tiers: list[list[int]], verdict: str, known: list[int]) -> list[list[int]]:
    if verdict == Verdict.CANNOT_JUDGE:
        raise DomainError("“cannot judge” is no answer: rank the responses, or choose both good or both bad.")
    if verdict != Verdict.NONE:
        tiers = tiers or [known]
        if len(tiers) != 1:
            raise DomainError(f"“{verdict}” puts all responses in one tier: send one tier, or none.")
    if not all(tiers) or sorted(id for tier in tiers for id in tier) != sorted(known):
        raise DomainError(
            "Put every response of the task in exactly one tier, best first.",
            fields={"tiers": ["Not every response once."]},
        )
    return tiers


def _task(project: Project, task_id: int) -> Task:
    task = Task.objects.select_for_update(no_key=True).filter(project=project, pk=task_id).first()
    if task is None:
        raise NotFound("There is no such task in this project: the list may be old, reload it.")
    return task
