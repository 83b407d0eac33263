"""Tasks that people part over, decided by a lead who sees what was said.

The decision is a judgment like any other, of a second task with the same responses in the arm
`adjudication`, leased straight to the lead: the queue never offers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from labeling.core.errors import Conflict, DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Adjudication, Assignment, Judgment, Project, Slot, Task, TaskResponse
from labeling.models.queue import Arm
from labeling.selectors import quality as selectors
from labeling.selectors.judged import response_ids_of
from labeling.selectors.labels import standing
from labeling.selectors.queue import Offer, contents_of, offer
from labeling.services.claims import take_seat
from labeling.services.presentation import presented_order, random_key
from labeling.services.quality_figures import announce

SALT = "labeling.adjudication"
# Decisions of leads train like other judgments, so what measures models must never become one.
NEVER_ADJUDICATED = (Arm.EVALUATION, Arm.REPEAT, Arm.ADJUDICATION, Arm.GOLD)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one annotator said, in the keys of the lead's own assignment; `annotator` is a letter."""

    annotator: str
    tiers: list[list[str]]
    verdict: str
    strengths: list[int]
    criteria: dict[str, dict[str, Any]]
    reasons: list[str]
    comment: str


@dataclass(frozen=True, slots=True)
class Opened:
    adjudication: Adjudication
    assignment: Offer
    judgments: list[Opinion]


def ask(
    *, project: Project, task: Task, reason: str, now: datetime, actor: User | None = None
) -> tuple[Adjudication, bool]:
    """Send a task to adjudication, once: the adjudication, and whether it is new."""
    if task.arm in NEVER_ADJUDICATED:
        raise DomainError(f"A task of the arm “{task.arm}” is not adjudicated: it measures something else.")
    if not standing(project.pk).filter(task=task).exists():
        raise DomainError("Nobody has judged this task yet: wait for judgments to compare.")
    try:
        with transaction.atomic():
            made = Adjudication.objects.create(
                project=project,
                task=task,
                decision_task=_decision_task(task, now),
                reason=reason,
                asked_by=actor,
                created_at=now,
            )
            audit.record(
                actor=actor,
                action="task.sent_to_adjudication",
                project_id=project.pk,
                obj=task,
                data={"reason": reason},
            )
            announce(project.pk)
    except IntegrityError:
        return Adjudication.objects.get(task=task), False
    return made, True


@transaction.atomic
def open_adjudication(*, user: User, project: Project, adjudication_id: int, now: datetime) -> Opened:
    """Lease the decision to `user` and show what was said. Asked again, the same lease renewed; a
    decided one may be opened again by who decided it, to correct the decision."""
    found = selectors.adjudications(project_id=project.pk).filter(pk=adjudication_id).first()
    if found is None:
        raise NotFound("There is no such adjudication: the list may be old, reload it.")
    seat = take_seat(user=user, project=project)
    slot = Slot.objects.select_for_update().get(task=found.decision_task_id)
    expires_at = now + timedelta(seconds=project.lease_seconds)
    assignment = _lease(slot, seat.annotator_id, seat.latest_guideline, project, now, expires_at)
    content = contents_of([slot.task_id])[slot.task_id]
    shown = offer(assignment, content, expires_at=slot.lease_expires_at)
    return Opened(found, shown, _opinions(found, assignment))


def _decision_task(task: Task, now: datetime) -> Task:
    """No slot of it is ever offered: it is withdrawn from the start, and leased by hand."""
    made = Task.objects.create(
        project_id=task.project_id,
        batch_id=task.batch_id,
        prompt_id=task.prompt_id,
        kind=task.kind,
        arm=Arm.ADJUDICATION,
        overlap=0,
        created_at=now,
    )
    TaskResponse.objects.bulk_create(
        TaskResponse(task=made, response_id=id, position=place)
        for place, id in enumerate(response_ids_of(task_id=task.pk))
    )
    Slot.objects.create(
        project_id=task.project_id, task=made, slot_no=0, arm=Arm.ADJUDICATION, fence=0, withdrawn=True
    )
    return made


def _lease(
    slot: Slot,
    annotator_id: int,
    guideline: int | None,
    project: Project,
    now: datetime,
    expires_at: datetime,
) -> Assignment:
    """Under the slot's lock."""
    latest = Assignment.objects.filter(slot=slot).order_by("-fence").first()
    if latest is not None and latest.annotator_id == annotator_id:
        if slot.state == Slot.State.LEASED:
            slot.lease_expires_at = expires_at
            slot.save(update_fields=["lease_expires_at"])
        if latest.state in (Assignment.State.LEASED, Assignment.State.SUBMITTED, Assignment.State.SURPLUS):
            return latest
    if slot.state == Slot.State.DONE:
        raise Conflict("Another lead has decided this: ask them to correct their decision.", code="decided")
    if slot.state == Slot.State.LEASED and slot.lease_expires_at and slot.lease_expires_at > now:
        raise Conflict("Another lead is deciding this at the moment: take the next one.", code="leased")
    Assignment.objects.filter(slot=slot, state=Assignment.State.LEASED).update(
        state=Assignment.State.EXPIRED, ended_at=now
    )
    # A lead who let this one go before may take it up again.
    Assignment.objects.filter(
        slot=slot,
        annotator=annotator_id,
        state__in=[Assignment.State.SKIPPED, Assignment.State.RELEASED],
    ).update(state=Assignment.State.EXPIRED)
    slot.fence, slot.state, slot.lease_expires_at = slot.fence + 1, Slot.State.LEASED, expires_at
    slot.save(update_fields=["fence", "state", "lease_expires_at"])
    hashes = contents_of([slot.task_id])[slot.task_id].hashes
    order = presented_order(task_id=slot.task_id, slot_no=0, hashes=hashes)
    return Assignment.objects.create(
        slot=slot,
        task_id=slot.task_id,
        annotator_id=annotator_id,
        fence=slot.fence,
        presented=[{"key": random_key(), "response": id, "hash": hashes[id]} for id in order],
        terms={
            "protocol": project.protocol,
            "protocol_version": project.protocol_version,
            "guideline_version": guideline,
        },
        leased_at=now,
    )


def _opinions(adjudication: Adjudication, assignment: Assignment) -> list[Opinion]:
    """In a shuffled order that stays, so that a letter tells nothing about a person or about time."""
    keys = {place["response"]: place["key"] for place in assignment.presented}
    said = sorted(
        standing(adjudication.project_id).filter(task=adjudication.task_id),
        key=lambda judgment: salted_hmac(SALT, f"{adjudication.pk}:{judgment.pk}").digest(),
    )
    return [_opinion(_letter(place), judgment, keys) for place, judgment in enumerate(said)]


def _opinion(letter: str, judgment: Judgment, keys: dict[int, str]) -> Opinion:
    criteria = {
        name: {keys[int(id)]: score for id, score in scores.items() if str(id).isdigit() and int(id) in keys}
        for name, scores in judgment.criteria.items()
        if isinstance(scores, dict)
    }
    return Opinion(
        annotator=letter,
        tiers=_in_keys(judgment.tiers, keys),
        verdict=judgment.verdict,
        strengths=judgment.strengths,
        criteria=criteria,
        reasons=judgment.reasons,
        comment=judgment.comment,
    )


def _in_keys(tiers: Sequence[Sequence[int]], keys: dict[int, str]) -> list[list[str]]:
    return [[keys[id] for id in tier if id in keys] for tier in tiers]


def _letter(place: int) -> str:
    return LETTERS[place] if place < len(LETTERS) else f"{LETTERS[place % 26]}{place // 26}"
