"""What was said, as rows: for snapshots, exports and counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from labeling.messages import Message
from labeling.models import Comparison, Generator, Hold, Judgment, Response, Slot, Task, TaskResponse
from labeling.models.judgments import Verdict
from labeling.models.queue import Arm

CHUNK = 500


class ComparisonRow(NamedTuple):
    """In a tie, winner and loser are merely the two sides."""

    judgment_id: int
    comparison_id: int
    prompt_id: int
    prompt_messages: list[Message]
    winner_messages: list[Message]
    loser_messages: list[Message]
    winner_id: int
    loser_id: int
    is_tie: bool
    strength: int | None
    annotator_id: int
    split: str
    arm: str
    licence: str
    created_at: datetime
    # The winner is the judge's own edit of what they ranked first.
    from_edit: bool


class DemonstrationRow(NamedTuple):
    """`judgment_id` and `annotator_id` are null for what was imported as a person's writing."""

    response_id: int
    prompt_id: int
    prompt_messages: list[Message]
    messages: list[Message]
    split: str
    licence: str
    edited_from: int | None
    judgment_id: int | None
    annotator_id: int | None
    created_at: datetime


class JudgmentRow(NamedTuple):
    id: int
    prompt_id: int
    prompt_messages: list[Message]
    # In the task's stored order: {"id", "generator", "messages"}.
    responses: list[dict[str, Any]]
    tiers: list[list[int]]
    verdict: str
    strengths: list[int]
    comment: str
    reasons: list[str]
    active_seconds: float | None
    presentation: dict[str, Any]
    surplus: bool
    annotator_id: int
    split: str
    arm: str
    licence: str
    created_at: datetime
    kind: str
    # Response id → criterion → score.
    criteria: dict[str, dict[str, int]]
    spans: list[dict[str, Any]]
    # The edited winner or the demonstration: {"id", "edited_from", "messages"}.
    written: dict[str, Any] | None
    # Null for imported judgments, which were made under nobody's protocol.
    protocol_version: int | None
    guideline_version: int | None
    supersedes_id: int | None


def comparisons(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    until: datetime | None = None,
    prefer_adjudicated: bool = False,
    adjudicated_only: bool = False,
) -> Iterator[ComparisonRow]:
    """In the order of judgments, read as they are consumed: memory does not grow with them.

    `prefer_adjudicated` leaves out what annotators said of tasks that a lead has decided since;
    `adjudicated_only` keeps nothing but the leads' decisions.
    """
    rows = Comparison.objects.filter(project_id=project_id, judgment__superseded_at=None)
    if arms is not None:
        rows = rows.filter(arm__in=arms)
    if splits is not None:
        rows = rows.filter(prompt__split__in=splits)
    if until is not None:
        rows = rows.filter(judgment__created_at__lte=until)
    if prefer_adjudicated:
        rows = rows.filter(~Exists(_decisions(OuterRef("judgment__task"))))
    if adjudicated_only:
        rows = rows.filter(arm=Arm.ADJUDICATION)
    values = rows.order_by("judgment_id", "winner_id", "loser_id").values_list(
        "judgment_id",
        "id",
        "prompt_id",
        "prompt__messages",
        "winner__messages",
        "loser__messages",
        "winner_id",
        "loser_id",
        "is_tie",
        "strength",
        "annotator_id",
        "prompt__split",
        "arm",
        "prompt__licence",
        "judgment__created_at",
        "from_edit",
    )
    return (ComparisonRow(*row) for row in values.iterator(CHUNK))


def judgments(*, project_id: int, after_id: int = 0) -> Iterator[JudgmentRow]:
    """Everybody's last word, whole."""
    while page := list(
        Judgment.objects.filter(project_id=project_id, superseded_at=None, pk__gt=after_id)
        .select_related("task__prompt", "written_response")
        .order_by("pk")[:CHUNK]
    ):
        responses = _responses_of({judgment.task_id for judgment in page})
        yield from (_judgment_row(judgment, responses[judgment.task_id]) for judgment in page)
        after_id = page[-1].pk


def demonstrations(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    until: datetime | None = None,
) -> Iterator[DemonstrationRow]:
    """What people wrote, or edited into shape, in the order it was stored. What was written in a
    judgment counts while that is somebody's last word; `arms` are those judgments'."""
    by_people = Q(generator__kind=Generator.Kind.PERSON) | Q(edited_from__isnull=False)
    judged = Judgment.objects.filter(written_response=OuterRef("pk")).order_by("pk")
    standing = judged.filter(superseded_at=None)
    if until is not None:
        standing = standing.filter(created_at__lte=until)
    if arms is not None:
        standing = standing.filter(task__arm__in=arms)
    responses = (
        Response.objects.filter(by_people, prompt__project_id=project_id)
        .annotate(
            judgment_id=Subquery(standing.values("pk")[:1]),
            annotator_id=Subquery(standing.values("annotator_id")[:1]),
        )
        .filter(Q(judgment_id__isnull=False) | ~Exists(judged))
        .order_by("id")
    )
    if splits is not None:
        responses = responses.filter(prompt__split__in=splits)
    if until is not None:
        responses = responses.filter(created_at__lte=until)
    values = responses.values_list(
        "id",
        "prompt_id",
        "prompt__messages",
        "messages",
        "prompt__split",
        "prompt__licence",
        "edited_from_id",
        "judgment_id",
        "annotator_id",
        "created_at",
    )
    return (DemonstrationRow(*row) for row in values.iterator(CHUNK))


def num_judgments(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    since: datetime | None = None,
    splits: Sequence[str] | None = None,
) -> int:
    """Last words that compare something: neither superseded nor sent back, nor “cannot judge”, nor
    written."""
    judgments = (
        Judgment.objects.filter(project_id=project_id, superseded_at=None, returned_at=None)
        .exclude(verdict=Verdict.CANNOT_JUDGE)
        .exclude(task__kind=Task.Kind.DEMONSTRATE)
    )
    if since is not None:
        judgments = judgments.filter(created_at__gte=since)
    if arms is not None:
        judgments = judgments.filter(task__arm__in=arms)
    if splits is not None:
        judgments = judgments.filter(task__prompt__split__in=splits)
    return judgments.count()


def open_slots(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    now: datetime | None = None,
) -> int:
    """Comparing judgments that someone could start on; with `now`, a lease that ran out counts too."""
    free = Q(state=Slot.State.OPEN)
    if now is not None:
        free |= Q(state=Slot.State.LEASED, lease_expires_at__lt=now)
    slots = Slot.objects.filter(free, project_id=project_id, withdrawn=False).exclude(
        task__kind=Task.Kind.DEMONSTRATE
    )
    if arms is not None:
        slots = slots.filter(arm__in=arms)
    if splits is not None:
        slots = slots.filter(task__prompt__split__in=splits)
    return slots.count()


def _decisions(task: OuterRef) -> QuerySet[Judgment]:
    return Judgment.objects.filter(task__adjudicates__task=task, superseded_at=None, returned_at=None)


def held_slots(
    *, project_id: int, arms: Sequence[str] | None = None, splits: Sequence[str] | None = None
) -> int:
    """Judgments that someone could start on once a lead has released what the leak gate holds back."""
    slots = Slot.objects.filter(
        project_id=project_id, task__hold__project=project_id, task__hold__state=Hold.State.HELD
    )
    if arms is not None:
        slots = slots.filter(arm__in=arms)
    if splits is not None:
        slots = slots.filter(task__prompt__split__in=splits)
    return slots.count()


def _responses_of(task_ids: set[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {task_id: [] for task_id in task_ids}
    places = (
        TaskResponse.objects.filter(task_id__in=task_ids)
        .order_by("task_id", "position")
        .values_list("task_id", "response_id", "response__generator__name", "response__messages")
    )
    for task_id, response_id, generator, messages in places:
        found[task_id].append({"id": response_id, "generator": generator, "messages": messages})
    return found


def _judgment_row(judgment: Judgment, responses: list[dict[str, Any]]) -> JudgmentRow:
    prompt = judgment.task.prompt
    return JudgmentRow(
        id=judgment.pk,
        prompt_id=prompt.pk,
        prompt_messages=prompt.messages,
        responses=responses,
        tiers=judgment.tiers,
        verdict=judgment.verdict,
        strengths=judgment.strengths,
        comment=judgment.comment,
        reasons=judgment.reasons,
        active_seconds=judgment.active_seconds,
        presentation=judgment.presentation,
        surplus=judgment.surplus,
        annotator_id=judgment.annotator_id,
        split=prompt.split,
        arm=judgment.task.arm,
        licence=prompt.licence,
        created_at=judgment.created_at,
        kind=judgment.task.kind,
        criteria=judgment.criteria,
        spans=judgment.spans,
        written=_written(judgment.written_response),
        protocol_version=judgment.presentation.get("protocol_version"),
        guideline_version=judgment.presentation.get("guideline_version"),
        supersedes_id=judgment.supersedes_id,
    )


def _written(response: Response | None) -> dict[str, Any] | None:
    if response is None:
        return None
    return {"id": response.pk, "edited_from": response.edited_from_id, "messages": response.messages}
