"""What an export tells: the labels that count (selectors/labels.py) as it stood when the export began.

Labeling goes on meanwhile: later judgments are not in the cut, and one that is corrected during the
export is still told as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max, QuerySet

from labeling.models import Judgment, Prompt
from labeling.models.queue import Arm
from labeling.selectors import labels, pages
from labeling.selectors.pages import Judged, PromptPart, Written


@dataclass(frozen=True, slots=True)
class Filters:
    """None or empty: everything. `tags`: at least one of them. `adjudicated`: only what was decided in
    adjudication, or only the rest."""

    arms: Sequence[str] = ()
    splits: Sequence[str] = ()
    tags: Sequence[str] = ()
    annotators: Sequence[int] = ()
    since: datetime | None = None
    until: datetime | None = None
    adjudicated: bool | None = None


class Cut(NamedTuple):
    """Where an export ends."""

    max_id: int
    at: datetime


def cut(*, project_id: int, now: datetime) -> Cut:
    newest = Judgment.objects.filter(project_id=project_id).aggregate(id=Max("pk"))["id"]
    return Cut(newest or 0, now)


def judged(*, project_id: int, filters: Filters, until: Cut) -> Iterator[Judged]:
    """What counts at the cut, in the order of its storing."""
    rows = labels.selected(
        project_id=project_id, arms=_arms(filters), splits=filters.splits or None, until=until.at
    )
    rows = _between(rows.filter(pk__lte=until.max_id), filters)
    if filters.annotators:
        rows = rows.filter(annotator_id__in=filters.annotators)
    return (one for one in pages.judged(rows) if _tagged(one.prompt, filters))


def demonstrations(*, project_id: int, filters: Filters, until: Cut) -> Iterator[Written]:
    """What people wrote, or edited into shape. What was imported has no arm and no annotator: the first
    leaves it in, the second out."""
    rows = labels.written_by_people(
        project_id=project_id, arms=_arms(filters), splits=filters.splits or None, until=until.at
    )
    if filters.annotators:
        rows = rows.filter(annotator_id__in=filters.annotators)
    if filters.adjudicated:
        rows = rows.filter(judgment_id__isnull=False)
    return (one for one in pages.written(_between(rows, filters)) if _tagged(one.prompt, filters))


def prompts(*, project_id: int, filters: Filters, until: Cut) -> Iterator[PromptPart]:
    rows = Prompt.objects.filter(project_id=project_id, created_at__lte=until.at)
    if filters.splits:
        rows = rows.filter(split__in=filters.splits)
    return (one for one in pages.prompts(_between(rows, filters)) if _tagged(one, filters))


def _arms(filters: Filters) -> list[str] | None:
    arms = [str(arm) for arm in filters.arms or Arm.values]
    if filters.adjudicated is not None:
        arms = [arm for arm in arms if (arm == Arm.ADJUDICATION) == filters.adjudicated]
    return None if set(arms) == set(Arm.values) else arms


def _between(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    if filters.since is not None:
        rows = rows.filter(created_at__gte=filters.since)
    if filters.until is not None:
        rows = rows.filter(created_at__lte=filters.until)
    return rows


def _tagged(prompt: PromptPart, filters: Filters) -> bool:
    return not filters.tags or not set(filters.tags).isdisjoint(prompt.tags)
