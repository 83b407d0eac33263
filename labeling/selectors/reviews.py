"""Judgments as their reviewer sees them: what was shown and said, and not who wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Mod

from labeling.messages import shown
from labeling.models import Judgment, Review
from labeling.models.queue import Arm
from labeling.selectors.quality import names_of
from labeling.selectors.queue import Offer, TaskContent, contents_of, offer
from labeling.selectors.said import said_in_keys

# A prime far from powers of two scatters consecutive ids over the hundred.
SCATTER = 7919
# Sent back to one person and handed out again at once.
MAX_RETURNED = 50


@dataclass(frozen=True, slots=True)
class Reviewable:
    """`tiers` has places in `responses`, counted from 0 in the order in which they were shown."""

    id: int
    task: int
    arm: str
    annotator: int
    annotator_name: str
    prompt: list[dict[str, str]]
    responses: list[list[dict[str, str]]]
    tiers: list[list[int]]
    verdict: str
    strengths: list[int]
    criteria: dict[str, dict[int, Any]]
    reasons: list[str]
    comment: str
    active_seconds: float | None
    guideline_version: int | None
    state: str
    review_comment: str
    created_at: datetime


def reviewable(
    *,
    project_id: int,
    annotator: int | None = None,
    task: int | None = None,
    arm: str | None = None,
    state: str | None = None,
    sample_percent: int = 100,
) -> QuerySet[Judgment]:
    """Last words, newest first. `sample_percent` keeps that share of them, always the same ones."""
    newest = Review.objects.filter(judgment=OuterRef("pk")).order_by("-id")
    rows = (
        Judgment.objects.filter(project_id=project_id, superseded_at=None)
        .exclude(task__arm=Arm.ADJUDICATION)
        .annotate(
            decision=Subquery(newest.values("decision")[:1]),
            review_comment=Subquery(newest.values("comment")[:1]),
        )
        .select_related("task__prompt", "supersedes")
    )
    if annotator is not None:
        rows = rows.filter(annotator_id=annotator)
    if task is not None:
        rows = rows.filter(task_id=task)
    if arm is not None:
        rows = rows.filter(task__arm=arm)
    if state == "unreviewed":
        rows = rows.filter(decision=None).exclude(supersedes__returned_at__isnull=False)
    elif state == "corrected":
        rows = rows.filter(decision=None, supersedes__returned_at__isnull=False)
    elif state is not None:
        rows = rows.filter(decision=state)
    if sample_percent < 100:
        place = Mod(F("id") * Value(SCATTER), Value(100), output_field=IntegerField())
        rows = rows.annotate(place=place).filter(place__lt=sample_percent)
    return rows


def as_reviewed(judgments: Sequence[Any]) -> list[Reviewable]:
    """A page of `reviewable`: three queries however many there are."""
    contents = contents_of({judgment.task_id for judgment in judgments})
    ids = list({judgment.annotator_id for judgment in judgments})
    names = names_of(annotator_ids=ids)
    return [_reviewable(one, contents[one.task_id], names[one.annotator_id]) for one in judgments]


def returned_to(*, annotator_id: int, project_id: int) -> list[Offer]:
    """What reviewers sent back to this person, longest ago first, with what they said before."""
    judgments = list(
        Judgment.objects.filter(
            annotator_id=annotator_id, project_id=project_id, superseded_at=None, returned_at__isnull=False
        )
        .select_related("assignment", "written_response")
        .annotate(
            review_comment=Subquery(
                Review.objects.filter(judgment=OuterRef("pk")).order_by("-id").values("comment")[:1]
            )
        )
        .order_by("returned_at", "id")[:MAX_RETURNED]
    )
    contents = contents_of([judgment.task_id for judgment in judgments])
    return [_returned(one, contents[one.task_id]) for one in judgments]


def _returned(judgment: Any, content: TaskContent) -> Offer:
    """The assignment it came from: submitting to it again corrects the judgment."""
    again = offer(judgment.assignment, content, expires_at=None)
    said = {"id": judgment.pk, **said_in_keys(judgment, judgment.assignment, content)}
    return replace(again, returned={"comment": judgment.review_comment or "", "judgment": said})


def _reviewable(judgment: Any, content: Any, name: str) -> Reviewable:
    order = judgment.presentation.get("order") or list(content.messages)
    place = {id: number for number, id in enumerate(order)}
    return Reviewable(
        id=judgment.pk,
        task=judgment.task_id,
        arm=judgment.task.arm,
        annotator=judgment.annotator_id,
        annotator_name=name,
        prompt=shown(content.prompt_messages),
        responses=[shown(content.messages[id]) for id in order if id in content.messages],
        tiers=[[place[id] for id in tier if id in place] for tier in judgment.tiers],
        verdict=judgment.verdict,
        strengths=judgment.strengths,
        criteria={name: _by_place(scores, place) for name, scores in judgment.criteria.items()},
        reasons=judgment.reasons,
        comment=judgment.comment,
        active_seconds=judgment.active_seconds,
        guideline_version=judgment.presentation.get("guideline_version"),
        state=_state(judgment),
        review_comment=judgment.review_comment or "",
        created_at=judgment.created_at,
    )


def _by_place(scores: object, place: dict[int, int]) -> dict[int, Any]:
    if not isinstance(scores, dict):
        return {}
    known: Iterable[tuple[int, Any]] = ((int(id), score) for id, score in scores.items() if str(id).isdigit())
    return {place[id]: score for id, score in known if id in place}


def _state(judgment: Any) -> str:
    if judgment.decision is not None:
        return str(judgment.decision)
    before = judgment.supersedes
    return "corrected" if before is not None and before.returned_at is not None else "unreviewed"
