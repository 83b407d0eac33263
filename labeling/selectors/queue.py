"""What an annotator is shown, and where their work stands."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from labeling.core.errors import NotFound
from labeling.core.models import User
from labeling.core.prepared import Prepared
from labeling.messages import Message, shown
from labeling.models import Annotator, Assignment, Judgment, Project, Slot, Task, TaskResponse
from labeling.selectors.counts import num_wanted, work_of
from labeling.selectors.said import said_in_keys

NUM_RECENT = 200
EVER_HAD = (
    Assignment.State.LEASED,
    Assignment.State.SUBMITTED,
    Assignment.State.SKIPPED,
    Assignment.State.RELEASED,
    Assignment.State.SURPLUS,
)


@dataclass(frozen=True, slots=True)
class ShownResponse:
    key: str
    messages: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person has typed so far; `revision` is what their next save is based on."""

    revision: int
    body: Any
    saved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """An assignment as its annotator may see it: nothing here says who wrote what."""

    id: Any
    lease_token: int
    expires_at: datetime | None
    prompt: dict[str, Any]
    responses: list[ShownResponse]
    protocol: dict[str, Any]
    protocol_version: int
    guideline_version: int | None
    kind: str
    draft: Draft
    # {"comment", "judgment"} where a reviewer sent this person's judgment back.
    returned: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TaskContent:
    prompt_messages: list[Message]
    # By response id, in the stored order.
    messages: dict[int, list[Message]]
    hashes: dict[int, str]
    # The task whose secret order it is shown in: a repeat's is that of the task it repeats.
    order_as: int
    kind: str = Task.Kind.RANK
    risk_tags: list[str] = field(default_factory=list)


_of_user = Prepared(
    lambda assignment_id, user_id: Assignment.objects.filter(
        pk=assignment_id, annotator__user=user_id
    ).select_related("task__project")
)
_leased = Prepared(
    lambda annotator_id, project_id: (
        # A literal, because a partial index is chosen only when its condition is spelled out.
        Assignment.objects.filter(
            annotator_id=annotator_id, state=RawSQL("'leased'", ()), slot__project_id=project_id
        )
        # A decision on others' judgments is made where those are shown.
        .exclude(task__adjudicates__isnull=False)
        .select_related("slot")
        .order_by("leased_at", "-slot__priority", "slot__slot_no", "slot_id")
    )
)
_contents = Prepared(
    lambda task_ids: (
        TaskResponse.objects.filter(task_id__in=task_ids)
        .order_by("task_id", "position")
        .values_list(
            "task_id",
            "task__repeats_id",
            "task__prompt__messages",
            "task__prompt__risk_tags",
            "response_id",
            "response__messages",
            "response__hash",
        )
    )
)


def assignment_of(*, user: User, assignment_id: Any) -> Assignment:
    """With its task and project; nobody else's can be found."""
    assignment = _of_user.first(assignment_id=assignment_id, user_id=user.pk)
    if assignment is None:
        raise NotFound("You hold no such assignment: ask for the next one.")
    return assignment


def live_assignments(*, annotator_id: int, project_id: int) -> list[Assignment]:
    """Leases nobody else has taken over since, oldest first."""
    leased = _leased.all(annotator_id=annotator_id, project_id=project_id)
    return [one for one in leased if one.slot.fence == one.fence and one.slot.state == Slot.State.LEASED]


def last_word(*, task_id: int, annotator_id: int) -> Judgment | None:
    """This person's judgment of this task that no later one supersedes."""
    said = Judgment.objects.filter(task=task_id, annotator=annotator_id, superseded_at=None)
    return said.exclude(assignment=None).select_related("written_response").first()


def contents_of(task_ids: Iterable[int]) -> dict[int, TaskContent]:
    wanted = set(task_ids)
    rows = _contents.all(task_ids=sorted(wanted)) if wanted else []
    contents: dict[int, TaskContent] = {}
    for task_id, repeats_id, prompt_messages, risk_tags, response_id, messages, hash in rows:
        content = contents.setdefault(
            task_id,
            TaskContent(prompt_messages, {}, {}, order_as=repeats_id or task_id, risk_tags=risk_tags),
        )
        content.messages[response_id] = messages
        content.hashes[response_id] = hash
    if bare := wanted - contents.keys():
        # Tasks that show no responses: somebody is to write one.
        prompts = Task.objects.filter(pk__in=bare).values_list(
            "id", "prompt__messages", "kind", "prompt__risk_tags"
        )
        contents |= {
            id: TaskContent(messages, {}, {}, order_as=id, kind=kind, risk_tags=tags)
            for id, messages, kind, tags in prompts
        }
    return contents


def draft_of(assignment: Assignment) -> Draft:
    return Draft(assignment.draft_revision, assignment.draft, assignment.draft_saved_at)


def offer(assignment: Assignment, content: TaskContent, *, expires_at: datetime | None) -> Offer:
    return Offer(
        id=assignment.pk,
        lease_token=assignment.fence,
        expires_at=expires_at,
        prompt={"messages": shown(content.prompt_messages), "risk_tags": content.risk_tags},
        responses=[
            ShownResponse(place["key"], shown(content.messages[place["response"]]))
            for place in assignment.presented
        ],
        protocol=assignment.terms["protocol"],
        protocol_version=assignment.terms["protocol_version"],
        guideline_version=assignment.terms["guideline_version"],
        kind=content.kind,
        draft=draft_of(assignment),
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
    content = contents_of([assignment.task_id])[assignment.task_id]
    return {
        "assignment": offer(assignment, content, expires_at=assignment.slot.lease_expires_at),
        "judgment": {"id": judgment.pk, **said_in_keys(judgment, assignment, content)},
    }
