"""The background look at quality: figures anew where they are old, then the rules.

Bounded work, one sweep of a project at a time, and repeatable: nothing is done twice. Call
`sweep_all` every few seconds from a process, or a thread, that has nothing urgent to do: a large
project's figures take most of a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from labeling.models import Judgment, Project, QualityFigures, RuleEvent
from labeling.selectors.judged import newest_judgment_id
from labeling.selectors.quality import num_new
from labeling.services.quality_actions import apply_to_annotators, apply_to_tasks
from labeling.services.quality_figures import compute

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=20)
# A sweep that takes longer has died.
SWEEP_SECONDS = 600
# Judgments whose tasks are looked at in one sweep; the next one goes on from there.
MAX_JUDGMENTS = 2_000
# Numbers are given before they are committed: look back a little for latecomers.
LOOK_BACK = 200
# Figures are computed anew after this share of new judgments, or after this long with any.
NEW_SHARE = 0.01
MAX_AGE = timedelta(minutes=10)
MIN_AGE = timedelta(seconds=30)
# Beyond so many judgments the figures take many seconds (45 for the 50,000 there may be, on one
# core of a small machine), and move slowly: they wait for `MAX_AGE`.
MANY_JUDGMENTS = 5_000


@dataclass(frozen=True, slots=True)
class Swept:
    computed: bool
    num_events: int


def sweep_all(*, now: datetime) -> int:
    """Sweep every project with something new: how many there were. One that fails does not keep
    the others waiting."""
    num = 0
    for project in Project.objects.filter(archived_at=None).order_by("pk"):
        if not _has_news(project, now):
            continue
        try:
            num += sweep(project=project, now=now) is not None
        except Exception:
            logger.exception("the quality of project %s could not be looked at", project.slug)
    return num


_swept_at: datetime | None = None


def sweep_due(*, now: datetime, stop: Callable[[], bool]) -> bool:
    """A job of the background loop: `sweep_all`, at most every `EVERY`. It leaves nothing to go on with."""
    global _swept_at
    if stop() or (_swept_at is not None and now - _swept_at < EVERY):
        return False
    _swept_at = now
    sweep_all(now=now)
    return False


def sweep(*, project: Project, now: datetime) -> Swept | None:
    """None where another sweep of this project is under way."""
    QualityFigures.objects.get_or_create(project=project)
    mine = QualityFigures.objects.filter(Q(sweeping_until=None) | Q(sweeping_until__lt=now), project=project)
    if not mine.update(sweeping_until=now + timedelta(seconds=SWEEP_SECONDS)):
        return None
    try:
        figures = QualityFigures.objects.get(project=project)
        is_old = are_old(figures, now)
        if is_old:
            figures = compute(project=project, now=now)
        events = apply_to_annotators(project=project, figures=figures, now=now)
        events += _sweep_tasks(project, figures, now)
        return Swept(is_old, len(events))
    finally:
        QualityFigures.objects.filter(project=project).update(sweeping_until=None)


def are_old(figures: QualityFigures, now: datetime) -> bool:
    if figures.wanted:
        return True
    num = num_new(figures)
    if not num:
        return False
    if figures.computed_at is None or now - figures.computed_at >= MAX_AGE:
        return True
    if figures.num_judgments > MANY_JUDGMENTS:
        return False
    return now - figures.computed_at >= MIN_AGE and num >= figures.num_judgments * NEW_SHARE


def want(*, project: Project) -> None:
    """Have the next sweep compute the figures anew."""
    QualityFigures.objects.get_or_create(project=project)
    QualityFigures.objects.filter(project=project).update(wanted=True)


def _has_news(project: Project, now: datetime) -> bool:
    figures = QualityFigures.objects.filter(project=project).first()
    newest = newest_judgment_id(project_id=project.pk)
    if figures is None:
        return newest > 0
    return newest > figures.swept_judgment_id or are_old(figures, now)


def _sweep_tasks(project: Project, figures: QualityFigures, now: datetime) -> list[RuleEvent]:
    start = max(0, figures.swept_judgment_id - LOOK_BACK)
    new = Judgment.objects.filter(project=project, pk__gt=start).order_by("pk")
    rows = list(new.values_list("pk", "task_id")[:MAX_JUDGMENTS])
    if not rows:
        return []
    events = apply_to_tasks(project=project, task_ids=sorted({task for _, task in rows}), now=now)
    QualityFigures.objects.filter(project=project).update(swept_judgment_id=rows[-1][0])
    return events
