"""Looking after those who read what is hard to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from labeling.core.errors import Conflict
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Assignment, Membership, Project, Reveal
from labeling.selectors.wellbeing import exposures_today
from labeling.services import opt_outs
from labeling.services.claims import take_seat


@transaction.atomic
def opt_out(*, user: User, project: Project, tags: Sequence[str]) -> list[str]:
    """From now on no tasks with these risk tags; nobody's numbers suffer for it."""
    wanted = sorted({tag.strip() for tag in tags if tag.strip()})
    if not Membership.objects.filter(project=project, user=user).update(opted_out_tags=wanted):
        raise Conflict(
            "You have no role of your own in this project, so there is nothing to opt out of.",
            code="not_a_member",
        )
    opt_outs.opt_out(user=user, project=project, tags=wanted)
    # Which tags is between the person and the queue.
    audit.record(actor=user, action="member.opted_out", project_id=project.pk, obj=project)
    return wanted


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
