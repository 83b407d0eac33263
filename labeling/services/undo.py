"""Taking a judgment back while it is fresh."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from labeling.core.errors import Conflict, NotFound
from labeling.core.models import User
from labeling.models import Assignment, Batch, Comparison, Judgment, Slot, Task, Withdrawal
from labeling.selectors.gold import has_seen_answer
from labeling.selectors.own_judgments import undo_until
from labeling.selectors.queue import Offer, assignment_of, contents_of, offer
from labeling.selectors.said import said_in_keys
from labeling.services import webhooks
from labeling.services.adaptive import ask_as_needed
from labeling.services.claims import take_seat
from labeling.services.queue import announce


@transaction.atomic
def undo(*, user: User, assignment: Assignment, judgment_id: int, reason: str, now: datetime) -> Offer:
    """Withdraw this person's last word on a task, and give them the task back with what they had
    said as their draft. The same undo again changes nothing.

    Under the seat's lock. The slot that the judgment filled becomes a live lease of the same
    assignment again, token and keys included. A judgment that was surplus had no slot: it can be
    submitted again, beside whatever fills the slot then. Of a closed batch the slot is this person's
    alone. What they said when they were shown the known answer stands.
    """
    project = assignment.task.project
    take_seat(user=user, project=project)
    judgment = _own_judgment(assignment, judgment_id)
    holder = _holder(assignment)
    if Withdrawal.objects.filter(judgment=judgment).exists():
        return _offer(holder, user)
    if judgment.superseded_at is not None:
        raise Conflict("You corrected this judgment since: undo the correction.", code="not_last_word")
    if now > undo_until(judgment):
        raise Conflict("It is too late to undo this judgment: correct it instead.", code="undo_over")
    if has_seen_answer(task=assignment.task, annotator_id=assignment.annotator_id):
        raise Conflict(
            "You were shown the known answer of this task, so your judgment stands: go on with the next one.",
            code="answer_shown",
        )
    content = contents_of([holder.task_id])[holder.task_id]
    said = said_in_keys(judgment, holder, content)
    Judgment.objects.filter(pk=judgment.pk).update(superseded_at=now)
    Comparison.objects.filter(judgment=judgment).delete()
    Withdrawal.objects.create(judgment=judgment, by=user, reason=reason, at=now)
    _give_back(holder, assignment.task, said, now)
    webhooks.judgment_withdrawn(task=assignment.task, judgment=judgment, now=now)
    ask_as_needed(task=assignment.task)
    announce(project.pk)
    return _offer(holder, user)


def _own_judgment(assignment: Assignment, judgment_id: int) -> Judgment:
    judgment = (
        Judgment.objects.filter(pk=judgment_id, task=assignment.task_id, annotator=assignment.annotator_id)
        .exclude(assignment=None)
        .select_related("written_response", "assignment")
        .first()
    )
    if judgment is None:
        raise NotFound("You made no such judgment of this task: look it up in your list.")
    return judgment


def _holder(assignment: Assignment) -> Assignment:
    """The one assignment by which this person has dealt with the task; a judgment may have come
    from an older one, sent by a tab that was left open."""
    mine = Assignment.objects.filter(task=assignment.task_id, annotator=assignment.annotator_id)
    ended = mine.filter(
        state__in=[Assignment.State.SUBMITTED, Assignment.State.SURPLUS, Assignment.State.LEASED]
    )
    return ended.first() or assignment


def _give_back(holder: Assignment, task: Task, said: dict[str, Any], now: datetime) -> None:
    expires_at = now + timedelta(seconds=task.project.lease_seconds)
    slot = Slot.objects.filter(pk=holder.slot_id, state=Slot.State.DONE, fence=holder.fence)
    changes: dict[str, Any] = {
        "draft": said,
        "draft_revision": F("draft_revision") + 1,
        "draft_saved_at": now,
    }
    if holder.state == Assignment.State.SUBMITTED and slot.update(
        state=Slot.State.LEASED, lease_expires_at=expires_at
    ):
        changes |= {"state": Assignment.State.LEASED, "ended_at": None}
        # Only now, with the slot locked: see close_batch.
        if Batch.objects.filter(pk=task.batch_id, closed_at__isnull=False).exists():
            Slot.objects.filter(pk=holder.slot_id).update(withdrawn=True)
    elif holder.state == Assignment.State.SURPLUS:
        changes |= {"state": Assignment.State.EXPIRED}
    Assignment.objects.filter(pk=holder.pk).update(**changes)


def _offer(holder: Assignment, user: User) -> Offer:
    now_held = assignment_of(user=user, assignment_id=holder.pk)
    content = contents_of([now_held.task_id])[now_held.task_id]
    return offer(now_held, content, expires_at=now_held.slot.lease_expires_at if _stands(now_held) else None)


def _stands(assignment: Assignment) -> bool:
    slot = assignment.slot
    return slot.state == Slot.State.LEASED and slot.fence == assignment.fence
