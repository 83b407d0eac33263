"""Looking after those who read what is hard to read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from labeling.core.errors import Conflict
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Assignment, Project, Reveal
from labeling.selectors.wellbeing import exposures_today
from labeling.services.claims import rewind_own, take_seat


@transaction.atomic
def opt_out(*, user: User, project: Project, tags: Collection[str]) -> list[str]:
    """From the next claim on, no task whose prompt carries one of `tags` (tags or risk tags). What is
    held already may be skipped. Replaces what was chosen before; nobody is asked why, and nobody's
    numbers suffer for it."""
    cursor = take_seat(user=user, project=project).cursor
    cursor.opted_out, cursor.lanes_at = sorted({tag.strip() for tag in tags if tag.strip()}), None
    cursor.save(update_fields=["opted_out", "lanes_at"])
    rewind_own(cursor)
    # Which tags is between the person and the queue.
    audit.record(actor=user, action="member.opted_out", project_id=project.pk, obj=project)
    return cursor.opted_out


@transaction.atomic
def reveal(*, user: User, assignment: Assignment, now: datetime) -> list[str]:
    """Record that someone asked to see what was blurred; the risk tags they were warned of.
    Twice is once."""
    project = assignment.task.project
    tags = assignment.task.prompt.risk_tags
    if not tags:
        return []
    take_seat(user=user, project=project)
    if Reveal.objects.filter(assignment=assignment).exists():
        return tags
    seen = exposures_today(annotator_id=assignment.annotator_id, project_id=project.pk, now=now)
    if project.exposure_cap is not None and seen >= project.exposure_cap:
        raise Conflict(
            f"You have seen {seen} of these today, as many as this project allows: skip it at no cost.",
            code="exposure_cap",
        )
    Reveal.objects.create(
        assignment=assignment,
        project=project,
        annotator_id=assignment.annotator_id,
        risk_tags=tags,
        created_at=now,
    )
    return tags
