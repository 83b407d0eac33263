"""Tasks with a known answer. Nothing an annotator receives tells them from others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from labeling.core.errors import DomainError
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import GoldAnswer, Slot, Task
from labeling.models.judgments import Verdict
from labeling.models.queue import Arm
from labeling.selectors.judged import response_ids_of

# What measures something else must go on measuring it.
NEVER_GOLD = (Arm.EVALUATION, Arm.REPEAT, Arm.ADJUDICATION)


@transaction.atomic
def set_gold(
    *,
    actor: User | None,
    task: Task,
    tiers: Sequence[Sequence[int]],
    now: datetime,
    verdict: str = Verdict.NONE,
) -> GoldAnswer:
    """Make `task` a gold task: whoever judges it from now on, or has, is measured by this answer.

    `tiers` has response ids, best first; a tie in it leaves the order free. With a verdict of
    both good or both bad the verdict is the answer.
    """
    if task.arm in NEVER_GOLD:
        raise DomainError(f"A task of the arm “{task.arm}” cannot be gold: choose another one.")
    ranked = [list(tier) for tier in tiers]
    _check(ranked, verdict, response_ids_of(task_id=task.pk))
    answer, _ = GoldAnswer.objects.update_or_create(
        task=task, defaults={"tiers": ranked, "verdict": verdict, "author": actor, "created_at": now}
    )
    if task.arm != Arm.GOLD:
        task.arm = Arm.GOLD
        task.save(update_fields=["arm"])
        Slot.objects.filter(task=task).update(arm=Arm.GOLD)
    audit.record(
        actor=actor,
        action="gold.set",
        project_id=task.project_id,
        obj=task,
        data={"tiers": ranked, "verdict": verdict},
    )
    return answer


def set_gold_by_places(
    *,
    actor: User,
    task: Task,
    tiers: Sequence[Sequence[int]],
    now: datetime,
    verdict: str = Verdict.NONE,
) -> GoldAnswer:
    """As `set_gold`, with places in the task's stored order instead of response ids."""
    ids = response_ids_of(task_id=task.pk)
    places = [place for tier in tiers for place in tier]
    if any(place >= len(ids) for place in places):
        raise DomainError(
            f"This task has {len(ids)} responses: use the places 0 to {len(ids) - 1}.",
            fields={"tiers": ["Unknown place."]},
        )
    by_id = [[ids[place] for place in tier] for tier in tiers]
    return set_gold(actor=actor, task=task, tiers=by_id, verdict=verdict, now=now)


def _check(tiers: list[list[int]], verdict: str, known: list[int]) -> None:
    if verdict in (Verdict.BOTH_GOOD, Verdict.BOTH_BAD):
        if tiers and len(tiers) != 1:
            raise DomainError(f"“{verdict}” puts all responses in one tier: send one tier, or none.")
        return
    if verdict != Verdict.NONE:
        raise DomainError("“cannot judge” is no answer: rank the responses, or choose both good or both bad.")
    ranked = [id for tier in tiers for id in tier]
    if sorted(ranked) != sorted(known):
        raise DomainError(
            "Put every response of the task in exactly one tier.", fields={"tiers": ["Incomplete."]}
        )
    if len(tiers) < 2:
        raise DomainError("A gold answer decides something: use at least two tiers.")
