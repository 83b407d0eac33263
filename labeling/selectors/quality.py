"""What is read about quality."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from labeling.models import (
    Adjudication,
    Annotator,
    AnnotatorReliability,
    GuidelineAcknowledgement,
    Judgment,
    QualityFigures,
    QualityRule,
    QueueCursor,
    RuleEvent,
)
from labeling.selectors.judged import newest_judgment_id

# So many are counted one by one; beyond it, "many" is all a page needs to know.
MAX_COUNTED = 1000


class Reliability(NamedTuple):
    annotator_id: int
    method: str
    value: float
    low: float | None
    high: float | None
    n: int
    flip_probability: float


class Freshness(NamedTuple):
    """`num_new`: judgments since the figures were computed, at most 1000."""

    computed_at: datetime | None
    num_judgments: int
    num_new: int


def reliabilities(
    *, project_id: int, method: str = AnnotatorReliability.Method.DAWID_SKENE
) -> dict[int, Reliability]:
    """By annotator: for weights and flip probabilities of a preference snapshot."""
    rows = AnnotatorReliability.objects.filter(project_id=project_id, method=method)
    values = rows.values_list(*Reliability._fields)
    return {row[0]: Reliability(*row) for row in values}


def figures_of(*, project_id: int) -> QualityFigures:
    """As last computed; empty, unsaved figures where nothing was."""
    found = QualityFigures.objects.filter(project_id=project_id).first()
    return found or QualityFigures(project_id=project_id)


def freshness(figures: QualityFigures) -> Freshness:
    return Freshness(figures.computed_at, figures.num_judgments, num_new(figures))


def num_new(figures: QualityFigures) -> int:
    if newest_judgment_id(project_id=figures.project_id) == figures.newest_judgment_id:
        return 0
    later = Judgment.objects.filter(project_id=figures.project_id, pk__gt=figures.newest_judgment_id)
    if figures.computed_at is not None:
        # Judgments come in the order of time, but for a few that were on their way.
        later = later.filter(created_at__gte=figures.computed_at)
    return later[:MAX_COUNTED].count()


def has_at_most(*, project_id: int, num: int) -> bool:
    """Whether the project has no more judgments than that; looks at no more of them."""
    return len(Judgment.objects.filter(project_id=project_id).values_list("id")[: num + 1]) <= num


def annotators_shown(*, project_id: int) -> dict[str, Any]:
    """Everybody's figures as last computed, with names, reliability and pauses as they are now."""
    figures = figures_of(project_id=project_id)
    ids = [row["annotator_id"] for row in figures.annotators]
    names = names_of(annotator_ids=ids)
    paused = pauses(project_id=project_id)
    reliability: dict[int, list[AnnotatorReliability]] = {}
    for one in AnnotatorReliability.objects.filter(project_id=project_id).order_by("method"):
        reliability.setdefault(one.annotator_id, []).append(one)
    rows = [
        {
            **row,
            "annotator": row["annotator_id"],
            "name": names[row["annotator_id"]],
            "reliability": reliability.get(row["annotator_id"], []),
            "is_paused": row["annotator_id"] in paused,
            "paused_reason": paused[row["annotator_id"]].paused_reason
            if row["annotator_id"] in paused
            else "",
        }
        for row in figures.annotators
        if row["annotator_id"] in names
    ]
    return {**freshness(figures)._asdict(), "annotators": rows}


def names_of(*, annotator_ids: list[int]) -> dict[int, str]:
    """What a lead calls them: the name of a login, or that of an imported worker."""
    rows = Annotator.objects.filter(pk__in=annotator_ids).values_list("id", "user__name", "external_id")
    return {id: name or external or f"annotator {id}" for id, name, external in rows}


def pauses(*, project_id: int) -> dict[int, QueueCursor]:
    rows = QueueCursor.objects.filter(project_id=project_id).exclude(paused_reason="")
    return {cursor.annotator_id: cursor for cursor in rows}


def rules(*, project_id: int) -> QuerySet[QualityRule]:
    return QualityRule.objects.filter(project_id=project_id)


def events(*, project_id: int) -> QuerySet[RuleEvent]:
    return RuleEvent.objects.filter(project_id=project_id)


def adjudications(*, project_id: int, state: str | None = None) -> QuerySet[Adjudication]:
    """`state`: open or decided."""
    decision = Judgment.objects.filter(task=OuterRef("decision_task"), superseded_at=None, returned_at=None)
    rows = Adjudication.objects.filter(project_id=project_id).annotate(is_decided=Exists(decision))
    if state is not None:
        rows = rows.filter(is_decided=state == "decided")
    return rows.select_related("task__prompt", "asked_by")


def acknowledgements(*, project_id: int, number: int) -> QuerySet[GuidelineAcknowledgement]:
    rows = GuidelineAcknowledgement.objects.filter(version__project_id=project_id, version__number=number)
    return rows.select_related("annotator__user")
