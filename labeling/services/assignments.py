"""Leases: asking for work, keeping it, and giving it back.

An annotator's assignments are written under their seat's lock (`claims.take_seat`) or by whoever
won the slot's guarded UPDATE. Locks are taken in one order, seat, slot, assignment, so that no
two requests ever wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from labeling.core.errors import Conflict
from labeling.core.models import User
from labeling.core.prepared import insert
from labeling.models import Assignment, Project, Slot
from labeling.queue_rules import rules_of
from labeling.selectors import queue as selectors
from labeling.selectors.queue import Offer, TaskContent
from labeling.services import insertions
from labeling.services.caps import Allowance, allowance
from labeling.services.claims import Claim, Seat, claim, rewind_own, take_seat
from labeling.services.drafts import carry_over
from labeling.services.holds import held_back, returned_work
from labeling.services.lanes import lanes_taken
from labeling.services.presentation import presented_order, random_key
from labeling.services.queue import announce
from labeling.services.skips import check_skip

# Nobody can sit on the whole queue.
MAX_HELD = 20


@dataclass(frozen=True, slots=True)
class Offers:
    assignments: list[Offer]
    reason: str | None = None
    # For people: what holds them up, and the guideline version to read first.
    message: str | None = None
    guideline_version: int | None = None


@transaction.atomic
def next_assignments(
    *, user: User, project: Project, count: int, exclude: Collection[UUID] = (), now: datetime
) -> Offers:
    """Up to `count` assignments: the leases this person holds, but for `exclude`, then new ones."""
    if project.archived_at is not None:
        return Offers([], "archived")
    seat = take_seat(user=user, project=project)
    if (hold := held_back(cursor=seat.cursor, project=project)) is not None:
        return Offers([], hold.reason, hold.message, hold.guideline_version)
    returned = returned_work(cursor=seat.cursor, exclude=exclude)[:count]
    count -= len(returned)
    expires_at = now + timedelta(seconds=project.lease_seconds)
    held = selectors.live_assignments(annotator_id=seat.annotator_id, project_id=project.pk)
    again = [one for one in held if one.pk not in exclude][:count]
    again = [one for one in again if _keep(one, lease_seconds=project.lease_seconds, now=now)]
    room = max(0, min(count - len(again), MAX_HELD - len(held)))
    rules = rules_of(project.queue_rules)
    allowed = allowance(
        annotator_id=seat.annotator_id,
        project=project,
        caps=rules.caps.replaced_by(seat.cursor.caps),
        held=held,
        room=room,
        now=now,
    )
    special = insertions.insert(
        seat=seat,
        user=user,
        project=project,
        rules=rules,
        count=allowed.room,
        without_risk=allowed.without_risk,
        now=now,
        expires_at=expires_at,
    )
    ordinary = claim(
        seat=seat,
        count=allowed.room - len(special),
        now=now,
        expires_at=expires_at,
        lanes=_lanes(seat, allowed),
        besides=[one.task_id for one in special.values()],
    )
    claims = _in_places(special, ordinary)
    insertions.count_claims(seat=seat, rules=rules, num=len(claims))
    if not again and not claims and not returned:
        if room and not allowed.room:
            return Offers([], "capped")
        if any(one.pk in exclude for one in held):
            return Offers([], "held_by_you")
        return Offers([], selectors.why_nothing(annotator_id=seat.annotator_id, project_id=project.pk))

    contents = selectors.contents_of([*(one.task_id for one in again), *(one.task_id for one in claims)])
    fresh = _lease(seat, project, claims, contents, now)
    if fresh:
        announce(project.pk)
        if seat.has_lost_drafts:
            carry_over(fresh=fresh, annotator_id=seat.annotator_id)
    return Offers(
        returned
        + [selectors.offer(one, contents[one.task_id], expires_at=one.slot.lease_expires_at) for one in again]
        + [selectors.offer(one, contents[one.task_id], expires_at=expires_at) for one in fresh]
    )


def heartbeat(*, assignment: Assignment, lease_token: int, now: datetime) -> datetime:
    """Renew the lease: the new time of expiry. One that ran out is renewed too, unless someone
    else has taken the slot since."""
    check_token(assignment, lease_token)
    expires_at = now + timedelta(seconds=assignment.task.project.lease_seconds)
    if not _mine(assignment).update(lease_expires_at=expires_at):
        raise Conflict(
            "This assignment is no longer yours: submit what you have, or ask for the next one.",
            code="lease_lost",
        )
    return expires_at


def skip(
    *,
    user: User,
    assignment: Assignment,
    lease_token: int,
    reason: str,
    now: datetime,
    category: str = "",
) -> None:
    """Give the task back; it never returns to this person. Skipping twice changes nothing."""
    check_token(assignment, lease_token)
    check_skip(assignment, reason=reason, category=category)
    skipped = {
        "state": Assignment.State.SKIPPED,
        "skip_reason": reason,
        "skip_category": category,
        "ended_at": now,
    }
    project = assignment.task.project
    with transaction.atomic():
        if _reopen(assignment, skipped):
            return
    with transaction.atomic():
        take_seat(user=user, project=project)
        # An undo may have given the lease back since.
        if _reopen(assignment, skipped):
            return
        state = Assignment.objects.values_list("state", flat=True).get(pk=assignment.pk)
        if state in (Assignment.State.SUBMITTED, Assignment.State.SURPLUS):
            raise Conflict("This task is already judged: correct the judgment instead.", code="submitted")
        # The lease was lost before the skip: the person's wish not to see it again still counts.
        if state == Assignment.State.EXPIRED and not has_live_lease(assignment):
            Assignment.objects.filter(pk=assignment.pk).update(**skipped)


def _reopen(assignment: Assignment, ending: dict[str, Any]) -> bool:
    """Offer the slot to others, if this assignment's lease still stands."""
    if not _mine(assignment).update(state=Slot.State.OPEN, lease_expires_at=None):
        return False
    Assignment.objects.filter(pk=assignment.pk).update(**ending)
    announce(assignment.task.project_id)
    return True


def check_token(assignment: Assignment, lease_token: int) -> None:
    if lease_token != assignment.fence:
        raise Conflict(
            "The lease token is not this assignment's: send the one that came with it.", code="lease_lost"
        )


def has_live_lease(assignment: Assignment) -> bool:
    """Whether this person holds, or has dealt with, the same task by another assignment."""
    return (
        Assignment.objects.filter(
            task_id=assignment.task_id,
            annotator_id=assignment.annotator_id,
            state__in=selectors.EVER_HAD,
        )
        .exclude(pk=assignment.pk)
        .exists()
    )


def _mine(assignment: Assignment) -> QuerySet[Slot]:
    """The slot, if this assignment's lease still stands; the guard of every write to it."""
    return Slot.objects.filter(pk=assignment.slot_id, state=Slot.State.LEASED, fence=assignment.fence)


def _keep(assignment: Assignment, *, lease_seconds: int, now: datetime) -> bool:
    """Hand a lease out again with at least half its time left."""
    slot = assignment.slot
    if slot.lease_expires_at and slot.lease_expires_at > now + timedelta(seconds=lease_seconds / 2):
        return True
    slot.lease_expires_at = now + timedelta(seconds=lease_seconds)
    return bool(_mine(assignment).update(lease_expires_at=slot.lease_expires_at))


def _lanes(seat: Seat, allowed: Allowance) -> list[int] | None:
    """None, for nearly everybody: all of them."""
    cursor = seat.cursor
    if cursor.passed_risk != allowed.without_risk:
        cursor.passed_risk = allowed.without_risk
        cursor.save(update_fields=["passed_risk"])
        if not allowed.without_risk:
            rewind_own(cursor)
    for_now = bool(allowed.batches_left_out) or allowed.without_risk
    if not (cursor.opted_out or for_now):
        return None
    # New lanes come with a new generation, so what is stored stays true until then.
    if cursor.lanes_at == seat.generation and not for_now:
        return cursor.lanes
    lanes = lanes_taken(
        project_id=cursor.project_id,
        opted_out=cursor.opted_out,
        batches_left_out=allowed.batches_left_out,
        without_risk=allowed.without_risk,
    )
    if not for_now:
        cursor.lanes, cursor.lanes_at = lanes, seat.generation
        cursor.save(update_fields=["lanes", "lanes_at"])
    return lanes


def _in_places(special: dict[int, Claim], ordinary: Sequence[Claim]) -> list[Claim]:
    """`ordinary` in order, with the special ones at their places, as far as there are any."""
    rest = list(ordinary)
    claims: list[Claim] = []
    for place in range(len(special) + len(ordinary)):
        is_due = bool(special) and min(special) <= place
        claims.append(special.pop(min(special)) if is_due or not rest else rest.pop(0))
    return claims


def _lease(
    seat: Seat,
    project: Project,
    claims: Sequence[Claim],
    contents: dict[int, TaskContent],
    now: datetime,
) -> list[Assignment]:
    if not claims:
        return []
    taken_over = [claim.slot_id for claim in claims if claim.fence > 1]
    if taken_over:
        Assignment.objects.filter(slot_id__in=taken_over, state=Assignment.State.LEASED).update(
            state=Assignment.State.EXPIRED, ended_at=now
        )
    terms = {
        "protocol": project.protocol,
        "protocol_version": project.protocol_version,
        "guideline_version": seat.latest_guideline,
    }
    fresh = [
        Assignment(
            slot_id=claim.slot_id,
            task_id=claim.task_id,
            annotator_id=seat.annotator_id,
            fence=claim.fence,
            presented=_presented(claim, contents[claim.task_id]),
            terms=terms,
            # They come back in this order when the page is loaded again.
            leased_at=now + timedelta(microseconds=place),
        )
        for place, claim in enumerate(claims)
    ]
    insert(fresh)
    return fresh


def _presented(claim: Claim, content: TaskContent) -> list[dict[str, object]]:
    if not content.messages:
        return []
    order = presented_order(task_id=content.order_as, slot_no=claim.slot_no, hashes=content.hashes)
    return [{"key": random_key(), "response": id, "hash": content.hashes[id]} for id in order]
