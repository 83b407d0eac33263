"""Who is here, what they hold, and how fast the work goes: bounded reads, whatever the project's size."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from labeling.models import Assignment, Judgment, Presence, Project, Slot

# A page renews its presence every PRESENCE_EVERY; one that missed two is gone.
PRESENCE_EVERY = timedelta(seconds=30)
GONE_AFTER = timedelta(seconds=75)
NUM_RECENT = 200
MAX_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Lease:
    assignment: UUID
    task: int
    name: str
    leased_at: datetime
    # When the page last claimed or renewed it.
    renewed_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    page_open: bool
    num_held: int
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Here:
    """`people` is None for those who may not know who they are."""

    num_here: int
    num_working: int
    people: list[Person] | None


@dataclass(frozen=True, slots=True)
class Pace:
    """`median_seconds` of the last `num_timed` judgments that say how long they took."""

    last_hour: int
    last_day: int
    num_annotators: int
    median_seconds: float | None
    num_timed: int


def leases(*, project: Project, now: datetime) -> list[Lease]:
    """Whoever holds something, the longest without a sign of life first."""
    slots = Slot.objects.filter(project=project, state=Slot.State.LEASED, lease_expires_at__gte=now)
    held = (
        Assignment.objects.filter(
            slot__in=slots.order_by("lease_expires_at")[:MAX_LISTED], state=Assignment.State.LEASED
        )
        .select_related("slot", "annotator__user")
        .order_by("slot__lease_expires_at", "pk")
    )
    lease = timedelta(seconds=project.lease_seconds)
    return [
        Lease(
            assignment=one.pk,
            task=one.task_id,
            name=one.annotator.user.name if one.annotator.user else str(one.annotator),
            leased_at=one.leased_at,
            renewed_at=max(one.leased_at, one.slot.lease_expires_at - lease),
            expires_at=one.slot.lease_expires_at,
        )
        for one in held
        if one.fence == one.slot.fence and one.slot.lease_expires_at
    ]


def here(*, project: Project, now: datetime, with_names: bool) -> Here:
    """People with a page open, and people who hold work that they renewed lately."""
    open_pages = Presence.objects.filter(project=project, seen_at__gt=now - GONE_AFTER)
    by_name = {one.user_id: (one.user.name, one.seen_at) for one in open_pages.select_related("user")}
    working = _working(project, now)
    people = [
        Person(
            name=by_name[user_id][0] if user_id in by_name else working[user_id][0],
            page_open=user_id in by_name,
            num_held=working[user_id][2] if user_id in working else 0,
            last_seen_at=max(seen[user_id][1] for seen in (by_name, working) if user_id in seen),
        )
        for user_id in by_name.keys() | working.keys()
    ]
    return Here(
        num_here=len(people),
        num_working=len(working),
        people=sorted(people, key=lambda one: one.name) if with_names else None,
    )


def _working(project: Project, now: datetime) -> dict[int, tuple[str, datetime, int]]:
    """By user: name, last sign of life, and number of leases."""
    found: dict[int, tuple[str, datetime, int]] = {}
    slots = Slot.objects.filter(project=project, state=Slot.State.LEASED, lease_expires_at__gte=now)
    held = Assignment.objects.filter(
        slot__in=slots.order_by("-lease_expires_at")[:MAX_LISTED],
        state=Assignment.State.LEASED,
        annotator__user__isnull=False,
    )
    lease = timedelta(seconds=project.lease_seconds)
    rows: Iterable[tuple[int, str, datetime]] = held.values_list(
        "annotator__user_id", "annotator__user__name", "slot__lease_expires_at"
    )  # type: ignore[assignment]
    for user_id, name, expires_at in rows:
        renewed_at = expires_at - lease
        _, seen_at, num = found.get(user_id, (name, renewed_at, 0))
        found[user_id] = (name, max(seen_at, renewed_at), num + 1)
    return found


def pace(*, project_id: int, now: datetime) -> Pace:
    """Judgments people gave, corrections not counted twice."""
    said = Judgment.objects.filter(project=project_id, created_at__lte=now, assignment__isnull=False)
    lately = said.filter(supersedes=None)
    day = lately.filter(created_at__gt=now - timedelta(days=1))
    timed = said.filter(active_seconds__isnull=False).order_by("-created_at")
    # No further back than a week: a project that rests has no pace.
    recent = timed.filter(created_at__gt=now - timedelta(days=7))
    seconds: Iterable[float] = recent.values_list("active_seconds", flat=True)[:NUM_RECENT]  # type: ignore[assignment]
    values = list(seconds)
    return Pace(
        last_hour=lately.filter(created_at__gt=now - timedelta(hours=1)).count(),
        last_day=day.count(),
        num_annotators=day.values("annotator").distinct().count(),
        median_seconds=statistics.median(values) if values else None,
        num_timed=len(values),
    )
