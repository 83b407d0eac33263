"""Judgments: checked against what was shown, stored once, and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import User
from labeling.models import Assignment, Comparison, Judgment, Slot, Task
from labeling.models.judgments import Verdict
from labeling.selectors.queue import last_word
from labeling.services.adaptive import ask_more
from labeling.services.assignments import check_token, has_live_lease
from labeling.services.claims import take_seat
from labeling.services.comparisons import pairs_of
from labeling.services.queue import announce


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said, in the keys they were shown."""

    tiers: list[list[str]]
    verdict: str = Verdict.NONE
    strengths: list[int] = field(default_factory=list)
    active_seconds: float | None = None
    comment: str = ""
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Submitted:
    judgment_id: int
    state: str
    replayed: bool = False


class _NotSimpleError(Exception):
    """The slot is not this lease's any more: a replay, a correction or a late submit."""


def submit(
    *,
    user: User,
    assignment: Assignment,
    lease_token: int,
    client_key: UUID,
    said: Said,
    now: datetime,
) -> Submitted:
    """Store a judgment once per `client_key`; the same key again returns what was stored.

    "accepted" fills the slot. "surplus" came after the lease was lost: it is kept, beside what
    fills the slot. "corrected" replaces this person's earlier judgment of the task, whichever of
    their assignments that came from: a person has one last word on a task.
    """
    check_token(assignment, lease_token)
    tiers = check_said(said, assignment)
    try:
        return _accept(assignment=assignment, client_key=client_key, said=said, tiers=tiers, now=now)
    except (_NotSimpleError, IntegrityError):
        return _accept_with_care(
            user=user, assignment=assignment, client_key=client_key, said=said, tiers=tiers, now=now
        )


def check_said(said: Said, assignment: Assignment) -> list[list[int]]:
    """The tiers as response ids, or a refusal that says what to change."""
    protocol = assignment.terms["protocol"]
    ids = {place["key"]: place["response"] for place in assignment.presented}
    tiers = said.tiers
    if said.verdict in (Verdict.BOTH_GOOD, Verdict.BOTH_BAD):
        if not protocol.get(said.verdict):
            raise _refused("verdict", f"This project does not offer the verdict “{said.verdict}”.")
        tiers = tiers or [list(ids)]
        if len(tiers) != 1:
            raise _refused("tiers", f"“{said.verdict}” puts all responses in one tier: send one tier.")
    if said.verdict == Verdict.CANNOT_JUDGE and not tiers:
        if said.strengths:
            raise _refused("strengths", "Nothing was ranked: leave strengths empty.")
        return []
    _check_keys(tiers, ids)
    if said.verdict == Verdict.NONE and not protocol.get("ties") and any(len(tier) > 1 for tier in tiers):
        raise _refused("tiers", "This project does not allow ties: put each response in a tier of its own.")
    _check_strengths(said.strengths, num_boundaries=len(tiers) - 1, asked=bool(protocol.get("strength")))
    return [[ids[key] for key in tier] for tier in tiers]


def _check_keys(tiers: Sequence[Sequence[str]], ids: dict[str, Any]) -> None:
    if not all(tiers):
        raise _refused("tiers", "A tier is empty: leave it out.")
    keys = [key for tier in tiers for key in tier]
    if unknown := sorted(set(keys) - ids.keys()):
        raise _refused("tiers", f"Not shown in this assignment: {', '.join(unknown)}.")
    if missing := sorted(ids.keys() - set(keys)):
        raise _refused("tiers", f"Not ranked: {', '.join(missing)}. Put every response in a tier.")
    if len(keys) != len(ids):
        raise _refused("tiers", "A response is ranked twice: put each in one tier.")


def _check_strengths(strengths: Sequence[int], *, num_boundaries: int, asked: bool) -> None:
    if not strengths:
        return
    if not asked:
        raise _refused("strengths", "This project does not ask for strength: leave strengths empty.")
    if len(strengths) != num_boundaries:
        raise _refused(
            "strengths",
            f"Send one strength for each of the {num_boundaries} boundaries between tiers, or none.",
        )


def _refused(name: str, message: str) -> DomainError:
    return DomainError(message, fields={name: [message]})


@transaction.atomic
def _accept(
    *, assignment: Assignment, client_key: UUID, said: Said, tiers: list[list[int]], now: datetime
) -> Submitted:
    """The common case: the lease stands, so winning the slot's UPDATE settles every race. A key
    or a judgment of this task that is stored already breaks a constraint."""
    if not _fill_slot(assignment):
        raise _NotSimpleError
    return _store(assignment, client_key, said, tiers, now, filled=True)


@transaction.atomic
def _accept_with_care(
    *,
    user: User,
    assignment: Assignment,
    client_key: UUID,
    said: Said,
    tiers: list[list[int]],
    now: datetime,
) -> Submitted:
    """Under the seat's lock, nothing of this person moves while we look."""
    take_seat(user=user, project=assignment.task.project)
    known = Judgment.objects.filter(annotator=assignment.annotator_id, client_key=client_key).first()
    if known is not None:
        return _replay(known, assignment)
    earlier = last_word(task_id=assignment.task_id, annotator_id=assignment.annotator_id)
    filled = _fill_slot(assignment)
    return _store(assignment, client_key, said, tiers, now, filled=filled, earlier=earlier)


def _fill_slot(assignment: Assignment) -> bool:
    slot = Slot.objects.filter(pk=assignment.slot_id, state=Slot.State.LEASED, fence=assignment.fence)
    return bool(slot.update(state=Slot.State.DONE, lease_expires_at=None))


def _replay(known: Judgment, assignment: Assignment) -> Submitted:
    if known.assignment_id != assignment.pk:
        raise Conflict(
            "This client_key belongs to a judgment of another assignment: make a new key.",
            code="client_key_reused",
        )
    return Submitted(known.pk, _state_of(known), replayed=True)


def _state_of(judgment: Judgment) -> str:
    if judgment.supersedes_id:
        return "corrected"
    return "surplus" if judgment.surplus else "accepted"


def _store(
    assignment: Assignment,
    client_key: UUID,
    said: Said,
    tiers: list[list[int]],
    now: datetime,
    *,
    filled: bool,
    earlier: Judgment | None = None,
) -> Submitted:
    if earlier is not None:
        Judgment.objects.filter(pk=earlier.pk).update(superseded_at=now)
        Comparison.objects.filter(judgment=earlier).delete()
    judgment = Judgment.objects.create(
        project_id=assignment.task.project_id,
        task_id=assignment.task_id,
        annotator_id=assignment.annotator_id,
        assignment=assignment,
        client_key=client_key,
        tiers=tiers,
        verdict=said.verdict,
        strengths=said.strengths,
        reasons=said.reasons,
        comment=said.comment,
        active_seconds=said.active_seconds,
        presentation=_presentation(assignment),
        surplus=not filled and (earlier is None or earlier.surplus),
        supersedes=earlier,
        created_at=now,
    )
    store_comparisons([(judgment, assignment.task)])
    _end_assignment(assignment, filled=filled, is_first=earlier is None, now=now)
    ask_more(task=assignment.task)
    announce(assignment.task.project_id)
    return Submitted(judgment.pk, _state_of(judgment))


def store_comparisons(judged: Iterable[tuple[Judgment, Task]]) -> None:
    """The pairs of each judgment; none where the person could not judge."""
    Comparison.objects.bulk_create(
        Comparison(
            judgment=judgment,
            project_id=judgment.project_id,
            prompt_id=task.prompt_id,
            annotator_id=judgment.annotator_id,
            arm=task.arm,
            winner_id=pair.winner,
            loser_id=pair.loser,
            is_tie=pair.is_tie,
            strength=pair.strength,
        )
        for judgment, task in judged
        if judgment.verdict != Verdict.CANNOT_JUDGE
        for pair in pairs_of(judgment.tiers, judgment.strengths)
    )


def _presentation(assignment: Assignment) -> dict[str, object]:
    return {
        "order": [place["response"] for place in assignment.presented],
        "hashes": [place["hash"] for place in assignment.presented],
        "guideline_version": assignment.terms["guideline_version"],
        "protocol_version": assignment.terms["protocol_version"],
    }


def _end_assignment(assignment: Assignment, *, filled: bool, is_first: bool, now: datetime) -> None:
    if filled:
        state = Assignment.State.SUBMITTED
    elif is_first and not has_live_lease(assignment):
        state = Assignment.State.SURPLUS
    else:
        return
    Assignment.objects.filter(pk=assignment.pk).update(state=state, ended_at=now)
