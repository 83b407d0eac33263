"""What an annotator is shown, and where their work stands."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from labeling.core.errors import NotFound
from labeling.core.models import User
from labeling.messages import Message, shown
from labeling.models import Annotator, Assignment, Judgment, Project, Slot, TaskResponse
from labeling.selectors.counts import num_wanted, work_of

NUM_RECENT = 200
EVER_HAD = (
    Assignment.State.LEASED,
    Assignment.State.SUBMITTED,
    Assignment.State.SKIPPED,
    Assignment.State.SURPLUS,
)


@dataclass(frozen=True, slots=True)
class ShownResponse:
    key: str
    messages: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Offer:
    """An assignment as its annotator may see it: nothing here says who wrote what."""

    id: Any
    lease_token: int
    expires_at: datetime | None
    prompt: dict[str, list[dict[str, str]]]
    responses: list[ShownResponse]
    protocol: dict[str, Any]
    protocol_version: int
    guideline_version: int | None
    kind: str = "rank"


@dataclass(frozen=True, slots=True)
class TaskContent:
    prompt_messages: list[Message]
    # By response id, in the stored order.
    messages: dict[int, list[Message]]
    hashes: dict[int, str]
    # The task whose secret order it is shown in: a repeat's is that of the task it repeats.
    order_as: int


def assignment_of(*, user: User, assignment_id: Any) -> Assignment:
    """With its task and project; nobody else's can be found."""
    assignment = (
        Assignment.objects.filter(pk=assignment_id, annotator__user=user)
        .select_related("task__project")
        .first()
    )
    if assignment is None:
        raise NotFound("You hold no such assignment: ask for the next one.")
    return assignment


def live_assignments(*, annotator_id: int, project_id: int) -> list[Assignment]:
    """Leases nobody else has taken over since, oldest first."""
    leased = (
        Assignment.objects.filter(
            # A literal, because a partial index is chosen only when its condition is spelled out.
            annotator_id=annotator_id,
            state=RawSQL("'leased'", ()),
            slot__project_id=project_id,
        )
        .select_related("slot")
        .order_by("leased_at", "-slot__priority", "slot__slot_no", "slot_id")
    )
    return [one for one in leased if one.slot.fence == one.fence and one.slot.state == Slot.State.LEASED]


def last_word(*, task_id: int, annotator_id: int) -> Judgment | None:
    """This person's judgment of this task that no later one supersedes."""
    said = Judgment.objects.filter(task=task_id, annotator=annotator_id, superseded_at=None)
    return said.exclude(assignment=None).first()


def contents_of(task_ids: Iterable[int]) -> dict[int, TaskContent]:
    rows = (
        TaskResponse.objects.filter(task_id__in=list(task_ids))
        .order_by("task_id", "position")
        .values_list(
            "task_id",
            "task__repeats_id",
            "task__prompt__messages",
            "response_id",
            "response__messages",
            "response__hash",
        )
    )
    contents: dict[int, TaskContent] = {}
    for task_id, repeats_id, prompt_messages, response_id, messages, hash in rows:
        content = contents.setdefault(
            task_id, TaskContent(prompt_messages, {}, {}, order_as=repeats_id or task_id)
        )
        content.messages[response_id] = messages
        content.hashes[response_id] = hash
    return contents


def offer(assignment: Assignment, content: TaskContent, *, expires_at: datetime | None) -> Offer:
    return Offer(
        id=assignment.pk,
        lease_token=assignment.fence,
        expires_at=expires_at,
        prompt={"messages": shown(content.prompt_messages)},
        responses=[
            ShownResponse(place["key"], shown(content.messages[place["response"]]))
            for place in assignment.presented
        ],
        protocol=assignment.terms["protocol"],
        protocol_version=assignment.terms["protocol_version"],
        guideline_version=assignment.terms["guideline_version"],
    )


def why_nothing(*, annotator_id: int, project_id: int) -> str:
    """In words for programs: "all_leased" may change within a lease's time, the others when
    new tasks arrive."""
    wanted = Slot.objects.filter(project_id=project_id, withdrawn=False)
    had = Assignment.objects.filter(task=OuterRef("task"), annotator_id=annotator_id, state__in=EVER_HAD)
    if wanted.filter(~Exists(had), state=Slot.State.LEASED).exists():
        return "all_leased"
    if num_wanted(project_id=project_id):
        return "no_more_for_you"
    return "empty"


def my_work(*, user: User, project: Project, now: datetime) -> dict[str, object]:
    """One person's day: counts, pace, and their last judgment, which they may still correct."""
    mine = Judgment.objects.filter(
        annotator__user=user, project=project, superseded_at=None, assignment__isnull=False
    )
    today = now.astimezone(UTC).date()
    annotator_id = Annotator.objects.filter(user=user).values_list("pk", flat=True).first()
    work = work_of(annotator_id=annotator_id, project_id=project.pk) if annotator_id else []
    return {
        "today": sum(one.n for one in work if one.day == today),
        "total": sum(one.n for one in work),
        "median_seconds": _median_seconds(mine),
        "last": _last(user=user, project=project),
    }


def _median_seconds(judgments: QuerySet[Judgment]) -> float | None:
    recent = judgments.exclude(active_seconds=None).order_by("-created_at")
    seconds: Sequence[float] = recent.values_list("active_seconds", flat=True)[:NUM_RECENT]  # type: ignore[assignment]
    return statistics.median(seconds) if seconds else None


def _last(*, user: User, project: Project) -> dict[str, object] | None:
    assignment = (
        Assignment.objects.filter(
            annotator__user=user,
            task__project=project,
            state__in=[Assignment.State.SUBMITTED, Assignment.State.SURPLUS],
        )
        .select_related("slot")
        .order_by("-ended_at")
        .first()
    )
    if assignment is None:
        return None
    judgment = last_word(task_id=assignment.task_id, annotator_id=assignment.annotator_id)
    if judgment is None:
        return None
    keys = {place["response"]: place["key"] for place in assignment.presented}
    content = contents_of([assignment.task_id])[assignment.task_id]
    return {
        "assignment": offer(assignment, content, expires_at=assignment.slot.lease_expires_at),
        "judgment": {
            "id": judgment.pk,
            "tiers": [[keys[response_id] for response_id in tier] for tier in judgment.tiers],
            "verdict": judgment.verdict,
            "strengths": judgment.strengths,
            "comment": judgment.comment,
            "reasons": judgment.reasons,
        },
    }
