"""Who worked how long, from what they submitted (demonstrations too), took back and skipped. Nothing
is stored beside that, so a timesheet cannot drift from the work itself. Days are UTC."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from labeling.models import Assignment, Judgment, Project

MILLISECOND = Decimal("0.001")


class Piece(NamedTuple):
    """One act of work: `seconds` spent on it until `at`."""

    annotator_id: int
    at: datetime
    seconds: Decimal
    kind: str  # "judgment" | "correction" | "withdrawn" | "skip"


class _Act(NamedTuple):
    annotator_id: int
    at: datetime
    leased_at: datetime
    reported: float | None
    kind: str


@dataclass(slots=True)
class Day:
    annotator_id: int
    day: date
    seconds: Decimal = Decimal(0)
    num_judgments: int = 0
    num_corrections: int = 0
    num_skips: int = 0


def days(*, project: Project, since: date, until: date, annotator_id: int | None = None) -> Iterator[Day]:
    """One row for each person and day with work from `since` to `until`, both included."""
    first = datetime.combine(since, time.min, tzinfo=UTC)
    last = datetime.combine(until, time.min, tzinfo=UTC) + timedelta(days=1)
    work = pieces(project=project, since=first, until=last, annotator_id=annotator_id)
    for (person, day), group in groupby(work, key=lambda piece: (piece.annotator_id, _day(piece.at))):
        row = Day(person, day)
        for piece in group:
            row.seconds += piece.seconds
            row.num_judgments += piece.kind == "judgment"
            row.num_corrections += piece.kind == "correction"
            row.num_skips += piece.kind == "skip"
        yield row


def pieces(
    *, project: Project, since: datetime, until: datetime, annotator_id: int | None = None
) -> Iterator[Piece]:
    """By person, then in the order of time. Memory does not grow with the work.

    What the page reports as active time counts, as far as it fits between taking the task and
    ending it and under the project's cap. Where nothing is reported (a skip), it is the time since
    the task was taken or the act before it ended, under the same cap: idle time is left out.
    """
    previous: _Act | None = None
    judged = _judged(project, since, until, annotator_id)
    skipped = _skipped(project, since, until, annotator_id)
    for act in heapq.merge(judged, skipped, key=lambda act: (act.annotator_id, act.at)):
        same = previous is not None and previous.annotator_id == act.annotator_id
        begin = max(act.leased_at, previous.at) if previous is not None and same else act.leased_at
        # Tasks are taken ahead, so the whole time since the lease is an upper bound, no measure.
        bound = (act.at - (begin if act.reported is None else act.leased_at)).total_seconds()
        spent = bound if act.reported is None else min(act.reported, bound)
        yield Piece(act.annotator_id, act.at, _seconds(spent, cap=project.paid_seconds_cap), act.kind)
        previous = act


def first_words(judgments: QuerySet[Judgment]) -> QuerySet[Any]:
    """Annotates `is_first`: whether it counts as a judgment. One on each task does, however often it
    was corrected or taken back and said again, and none where the last word was taken back."""
    said = Judgment.objects.filter(
        task=OuterRef("task"), annotator=OuterRef("annotator"), assignment__isnull=False
    )
    before = Exists(said.filter(pk__lt=OuterRef("pk"), withdrawal=None))
    stands = Exists(said.filter(superseded_at=None))
    return judgments.annotate(is_first=stands & ~before & Q(withdrawal=None))


def _judged(project: Project, since: datetime, until: datetime, annotator_id: int | None) -> Iterable[_Act]:
    rows = Judgment.objects.filter(
        project=project, assignment__isnull=False, created_at__gte=since, created_at__lt=until
    )
    if annotator_id is not None:
        rows = rows.filter(annotator=annotator_id)
    ordered = first_words(rows).order_by("annotator_id", "created_at", "id")
    found = ordered.values_list(
        "annotator_id", "created_at", "assignment__leased_at", "active_seconds", "is_first", "withdrawal"
    )
    for annotator, at, leased_at, reported, is_first, withdrawal in found.iterator(chunk_size=2000):
        kind = "judgment" if is_first else "correction" if withdrawal is None else "withdrawn"
        yield _Act(annotator, at, leased_at, reported, kind)


def _skipped(project: Project, since: datetime, until: datetime, annotator_id: int | None) -> Iterable[_Act]:
    rows = Assignment.objects.filter(
        task__project=project, state=Assignment.State.SKIPPED, ended_at__gte=since, ended_at__lt=until
    )
    if annotator_id is not None:
        rows = rows.filter(annotator=annotator_id)
    found = rows.order_by("annotator_id", "ended_at", "id").values_list(
        "annotator_id", "ended_at", "leased_at"
    )
    for annotator, at, leased_at in found.iterator(chunk_size=2000):
        assert at is not None, "ended_at is in the range asked for"
        yield _Act(annotator, at, leased_at, None, "skip")


def _seconds(spent: float, *, cap: int) -> Decimal:
    return Decimal(str(min(max(spent, 0.0), cap))).quantize(MILLISECOND)


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
