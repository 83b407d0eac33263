"""Keeping work from a person for a while, and giving it again.

The pause stands on the row whose lock every request for work takes, so that it costs no query.
What they hold already they may still submit: nothing is lost.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labeling.core.errors import Conflict, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Annotator, Project, QueueCursor
from labeling.models.notices import Event
from labeling.services.notifications import notify, tell
from labeling.services.quality_figures import announce

TOLD = "A lead is looking at your work in this project before you go on: ask a lead when you may continue."


@transaction.atomic
def pause(
    *,
    actor: User | None,
    project: Project,
    annotator: Annotator,
    now: datetime,
    reason: str = "",
    why: str = "",
) -> None:
    """`reason` is what they are told, on the page and by mail; `why` is what leads and the audit log
    are told besides. Pausing twice keeps the first."""
    if annotator.user is None:
        raise Conflict("This annotator has no login here and asks for no tasks: there is nothing to pause.")
    cursor, _ = QueueCursor.objects.get_or_create(project=project, annotator=annotator)
    stopped = QueueCursor.objects.filter(pk=cursor.pk, paused_reason="")
    told = reason.strip() or TOLD
    if not stopped.update(paused_reason=told, paused_at=now):
        return
    audit.record(
        actor=actor,
        action="annotator.paused",
        project_id=project.pk,
        obj=annotator,
        data={"told": told, "why": why},
    )
    tell(annotator.user, project, Event.ANNOTATOR_PAUSED, f"your work is paused. {told}", now=now)
    notify(project, Event.ANNOTATOR_PAUSED, {"annotator": annotator.pk, "reason": why or told}, now=now)
    announce(project.pk)


@transaction.atomic
def resume(*, actor: User, project: Project, annotator: Annotator) -> None:
    paused = QueueCursor.objects.filter(project=project, annotator=annotator).exclude(paused_reason="")
    if not paused.update(paused_reason="", paused_at=None):
        raise Conflict("This annotator is not paused: reload the list.")
    audit.record(actor=actor, action="annotator.resumed", project_id=project.pk, obj=annotator)
    announce(project.pk)


def annotator_in(*, project: Project, annotator_id: int) -> Annotator:
    """Someone who has worked, or may work, in this project."""
    found = Annotator.objects.filter(pk=annotator_id).first()
    if found is None or not (
        found.judgments.filter(project=project).exists()
        or QueueCursor.objects.filter(project=project, annotator=found).exists()
    ):
        raise NotFound("There is no such annotator in this project: the list may be old, reload it.")
    return found
