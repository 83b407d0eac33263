"""Judgments: checked against what was shown, stored once, and never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from labeling.core.errors import Conflict
from labeling.core.models import User
from labeling.core.prepared import PreparedUpdate, insert
from labeling.models import Assignment, Comparison, Judgment, Response, Slot, Task, Withdrawal
from labeling.models.judgments import Verdict
from labeling.pairs import pairs_of
from labeling.selectors.gold import shows_answer
from labeling.selectors.queue import last_word
from labeling.services import webhooks
from labeling.services.adaptive import ask_as_needed
from labeling.services.assignments import check_token, has_live_lease
from labeling.services.claims import take_seat
from labeling.services.queue import announce
from labeling.services.said import Checked, Said, check_said
from labeling.services.written import store_written


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
    corrects: int | None = None,
) -> Submitted:
    """Store a judgment once per `client_key`; the same key again returns what was stored.

    "accepted" fills the slot. "surplus" came after the lease was lost: it is kept, beside what
    fills the slot. "corrected" replaces this person's earlier judgment of the task, whichever of
    their assignments that came from: a person has one last word on a task. With `corrects`, only
    that judgment is replaced, and nothing that was said since.
    """
    check_token(assignment, lease_token)
    checked = check_said(said, assignment)
    try:
        if corrects is not None:
            raise _NotSimpleError
        return _accept(assignment=assignment, client_key=client_key, said=said, checked=checked, now=now)
    except (_NotSimpleError, IntegrityError):
        return _accept_with_care(
            user=user,
            assignment=assignment,
            client_key=client_key,
            said=said,
            checked=checked,
            now=now,
            corrects=corrects,
        )


@transaction.atomic
def _accept(
    *, assignment: Assignment, client_key: UUID, said: Said, checked: Checked, now: datetime
) -> Submitted:
    """The common case: the lease stands, so winning the slot's UPDATE settles every race. A key
    or a judgment of this task that is stored already breaks a constraint."""
    if not _fill_slot(assignment):
        raise _NotSimpleError
    return _store(assignment, client_key, said, checked, now, filled=True)


@transaction.atomic
def _accept_with_care(
    *,
    user: User,
    assignment: Assignment,
    client_key: UUID,
    said: Said,
    checked: Checked,
    now: datetime,
    corrects: int | None,
) -> Submitted:
    """Under the seat's lock, nothing of this person moves while we look."""
    take_seat(user=user, project=assignment.task.project)
    known = Judgment.objects.filter(annotator=assignment.annotator_id, client_key=client_key).first()
    if known is not None:
        return _replay(known, assignment)
    earlier = last_word(task_id=assignment.task_id, annotator_id=assignment.annotator_id)
    if corrects is not None and (earlier is None or earlier.pk != corrects):
        raise Conflict(
            "This is no longer your last word on the task: read what you said and correct that.",
            code="not_last_word",
            fields={"judgment": earlier.pk if earlier else None},
        )
    filled = _fill_slot(assignment)
    return _store(assignment, client_key, said, checked, now, filled=filled, earlier=earlier)


def _fill_slot(assignment: Assignment) -> bool:
    return bool(_fill.run(slot_id=assignment.slot_id, fence=assignment.fence))


_fill = PreparedUpdate(
    lambda slot_id, fence: (
        Slot.objects.filter(pk=slot_id, state=Slot.State.LEASED, fence=fence),
        {"state": Slot.State.DONE, "lease_expires_at": None},
    )
)
# The draft has become a judgment; a save still on its way carries an old revision.
_DRAFT_GONE = {"draft": None, "draft_revision": F("draft_revision") + 1}
_end = PreparedUpdate(
    lambda assignment_id, state, now: (
        Assignment.objects.filter(pk=assignment_id),
        {"state": state, "ended_at": now, **_DRAFT_GONE},
    )
)
_forget_draft = PreparedUpdate(
    lambda assignment_id: (Assignment.objects.filter(pk=assignment_id), _DRAFT_GONE)
)


def _replay(known: Judgment, assignment: Assignment) -> Submitted:
    if known.assignment_id != assignment.pk:
        raise Conflict(
            "This client_key belongs to a judgment of another assignment: make a new key.",
            code="client_key_reused",
        )
    return Submitted(known.pk, _state_of(known), replayed=True)


def _state_of(judgment: Judgment) -> str:
    if judgment.superseded_at and Withdrawal.objects.filter(judgment=judgment).exists():
        return "withdrawn"
    if judgment.supersedes_id:
        return "corrected"
    return "surplus" if judgment.surplus else "accepted"


def _store(
    assignment: Assignment,
    client_key: UUID,
    said: Said,
    checked: Checked,
    now: datetime,
    *,
    filled: bool,
    earlier: Judgment | None = None,
) -> Submitted:
    if earlier is not None:
        Judgment.objects.filter(pk=earlier.pk).update(superseded_at=now)
        Comparison.objects.filter(judgment=earlier).delete()
    written = _store_written(assignment, checked, now)
    judgment = Judgment(
        project_id=assignment.task.project_id,
        task_id=assignment.task_id,
        annotator_id=assignment.annotator_id,
        assignment=assignment,
        client_key=client_key,
        tiers=checked.tiers,
        verdict=said.verdict,
        strengths=said.strengths,
        criteria=checked.criteria,
        reasons=said.reasons,
        comment=said.comment,
        spans=checked.spans,
        written_response=written,
        active_seconds=said.active_seconds,
        presentation=_presentation(assignment),
        surplus=not filled and (earlier is None or earlier.surplus),
        supersedes=earlier,
        created_at=now,
    )
    insert([judgment])
    store_comparisons([(judgment, assignment.task)])
    _end_assignment(assignment, filled=filled, is_first=earlier is None, now=now)
    ask_as_needed(task=assignment.task)
    webhooks.judgment_stored(
        task=assignment.task, judgment=judgment, state=_state_of(judgment), filled=filled, now=now
    )
    announce(assignment.task.project_id)
    return Submitted(judgment.pk, _state_of(judgment))


def _store_written(assignment: Assignment, checked: Checked, now: datetime) -> Response | None:
    if checked.written is None:
        return None
    task = assignment.task
    return store_written(
        checked.written,
        project=task.project,
        prompt_id=task.prompt_id,
        annotator_id=assignment.annotator_id,
        now=now,
    )


def store_comparisons(judged: Iterable[tuple[Judgment, Task]]) -> None:
    """The pairs of each judgment; none where the person could not judge."""
    comparisons = [
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
            from_edit=pair.from_edit,
        )
        for judgment, task in judged
        if judgment.verdict != Verdict.CANNOT_JUDGE
        for pair in pairs_of(judgment.tiers, judgment.strengths, _edited(judgment))
    ]
    insert(comparisons)


def _edited(judgment: Judgment) -> int | None:
    """The edit of the winner; a demonstration stands beside no ranking."""
    return judgment.written_response_id if judgment.tiers else None


def _presentation(assignment: Assignment) -> dict[str, object]:
    shown: dict[str, object] = {
        "order": [place["response"] for place in assignment.presented],
        "hashes": [place["hash"] for place in assignment.presented],
        "guideline_version": assignment.terms["guideline_version"],
        "protocol_version": assignment.terms["protocol_version"],
    }
    if shows_answer(assignment.task):
        shown["answer_shown"] = True
    return shown


def _end_assignment(assignment: Assignment, *, filled: bool, is_first: bool, now: datetime) -> None:
    if filled:
        state = Assignment.State.SUBMITTED
    elif is_first and not has_live_lease(assignment):
        state = Assignment.State.SURPLUS
    else:
        _forget_draft.run(assignment_id=assignment.pk)
        return
    _end.run(assignment_id=assignment.pk, state=str(state), now=now)
