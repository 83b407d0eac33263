"""What people agree to before they annotate."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from labeling.core.errors import Conflict
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Consent, ConsentVersion, Project, QueueCursor
from labeling.services.claims import take_seat


@transaction.atomic
def set_consent_text(*, actor: User, project: Project, text: str, now: datetime) -> Project:
    """A new version, which everybody has to accept before the next task; no text asks for nothing."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    current = project.consent_versions.filter(number=project.consent_version).first()
    if text == (current.text if current else ""):
        return project
    project.consent_version = 0
    if text:
        newest = project.consent_versions.aggregate(number=Max("number"))["number"] or 0
        project.consent_version = newest + 1
        ConsentVersion.objects.create(
            project=project, number=newest + 1, text=text, created_by=actor, created_at=now
        )
    project.save(update_fields=["consent_version"])
    data = {"version": project.consent_version}
    audit.record(actor=actor, action="consent.text_set", project_id=project.pk, obj=project, data=data)
    return project


@transaction.atomic
def accept_consent(*, user: User, project: Project, version: int, now: datetime) -> None:
    if version != project.consent_version or not version:
        raise Conflict("The text has changed since: read it again, then accept.", code="consent_changed")
    cursor = take_seat(user=user, project=project).cursor
    text = project.consent_versions.get(number=version)
    consent, is_new = Consent.objects.get_or_create(
        version=text, annotator_id=cursor.annotator_id, withdrawn_at=None, defaults={"accepted_at": now}
    )
    QueueCursor.objects.filter(pk=cursor.pk).update(consented_version=version)
    if is_new:
        data = {"version": version}
        audit.record(actor=user, action="consent.accepted", project_id=project.pk, obj=consent, data=data)


@transaction.atomic
def withdraw_consent(*, user: User, project: Project, now: datetime) -> None:
    """No more tasks from here on. What was judged stays, and leads see that consent ended."""
    cursor = take_seat(user=user, project=project).cursor
    standing = Consent.objects.filter(
        version__project=project, annotator=cursor.annotator_id, withdrawn_at=None
    )
    QueueCursor.objects.filter(pk=cursor.pk).update(consented_version=0)
    if standing.update(withdrawn_at=now):
        audit.record(actor=user, action="consent.withdrawn", project_id=project.pk, obj=project)
