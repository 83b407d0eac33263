"""Notices when a project's queue has run dry, and says so once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from labeling.models import Project, Slot
from labeling.models.notices import Event
from labeling.services.notifications import notify

EVERY = timedelta(seconds=15)
_looked_at: datetime | None = None


def watch(*, now: datetime, stop: Callable[[], bool]) -> bool:
    """One look at every project, every 15 seconds of a process's life."""
    global _looked_at
    if _looked_at is not None and timedelta(0) <= now - _looked_at < EVERY:
        return False
    _looked_at = now
    return look(now=now)


def look(*, now: datetime) -> bool:
    """Tell of each queue that ran dry since the last look. A guarded UPDATE decides who tells."""
    # A lease still out may bring a judgment, yet nobody else finds work: that is an empty queue.
    waiting = Slot.objects.filter(project=OuterRef("pk"), state=Slot.State.OPEN, withdrawn=False)
    projects = Project.objects.filter(archived_at=None).annotate(has_work=Exists(waiting))
    changed = projects.filter(
        Q(queue_was_empty=True, has_work=True) | Q(queue_was_empty=False, has_work=False)
    )
    moved = False
    for project in changed.order_by("pk"):
        with transaction.atomic():
            guard = Project.objects.filter(pk=project.pk, queue_was_empty=project.queue_was_empty)
            if guard.update(queue_was_empty=not project.queue_was_empty):
                moved = True
                if not project.queue_was_empty:
                    notify(project, Event.QUEUE_EMPTY, {}, now=now)
    return moved
