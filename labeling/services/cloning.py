"""Another project like this one: its settings and texts, never its judgments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import (
    ConsentVersion,
    GuidelineVersion,
    Membership,
    Project,
    Prompt,
    ProtocolVersion,
    QueueCursor,
)
from labeling.models.projects import Role
from labeling.services.chunks import chunks
from labeling.services.projects import with_free_slug

# What makes a project itself, and where it stands; every other column is a setting.
NOT_SETTINGS = {
    "id", "slug", "name", "created_at", "archived_at", "protocol_version", "consent_version",
    "required_guideline", "queue_generation", "queue_was_empty", "webhook_events",
}  # fmt: skip
CHUNK = 1000


@transaction.atomic
def clone_project(
    *,
    actor: User,
    project: Project,
    name: str,
    now: datetime,
    members: bool = False,
    prompts: bool = False,
) -> Project:
    """A new project owned by `actor`, with the newest guidelines and consent text as first versions."""
    settings = {
        field.attname: getattr(project, field.attname)
        for field in Project._meta.concrete_fields
        if field.name not in NOT_SETTINGS
    }
    clone = with_free_slug(Project(name=name, created_at=now, **settings))
    ProtocolVersion.objects.create(
        project=clone, number=1, body=clone.protocol, created_by=actor, created_at=now
    )
    Membership.objects.create(project=clone, user=actor, role=Role.OWNER, created_at=now)
    _copy_texts(project, clone, actor, now)
    if members:
        _copy_members(project, clone, now)
    if prompts:
        _copy_prompts(project, clone, now)
    data = {"slug": clone.slug, "from": project.slug, "members": members, "prompts": prompts}
    audit.record(actor=actor, action="project.cloned", project_id=clone.pk, obj=clone, data=data)
    return clone


def _copy_texts(project: Project, clone: Project, actor: User, now: datetime) -> None:
    guidelines = project.guidelines.order_by("-number").first()
    if guidelines is not None:
        GuidelineVersion.objects.create(
            project=clone, number=1, text=guidelines.text, created_by=actor, created_at=now
        )
    consent = project.consent_versions.filter(number=project.consent_version).first()
    if consent is not None:
        ConsentVersion.objects.create(
            project=clone, number=1, text=consent.text, created_by=actor, created_at=now
        )
        clone.consent_version = 1
        clone.save(update_fields=["consent_version"])


def _copy_members(project: Project, clone: Project, now: datetime) -> None:
    Membership.objects.bulk_create(
        (
            Membership(project=clone, user_id=row.user_id, role=row.role, created_at=now)
            for row in Membership.objects.filter(project=project)
        ),
        ignore_conflicts=True,
    )
    # Who left out some tags there leaves them out here too.
    people = Membership.objects.filter(project=project).values("user")
    cursors = QueueCursor.objects.filter(project=project, annotator__user__in=people).exclude(opted_out=[])
    QueueCursor.objects.bulk_create(
        QueueCursor(project=clone, annotator_id=cursor.annotator_id, opted_out=cursor.opted_out)
        for cursor in cursors
    )


def _copy_prompts(project: Project, clone: Project, now: datetime) -> None:
    columns = [
        field.attname
        for field in Prompt._meta.concrete_fields
        if field.name not in {"id", "project", "created_at"}
    ]
    rows: Iterable[dict[str, object]] = (
        Prompt.objects.filter(project=project).order_by("id").values(*columns).iterator(chunk_size=CHUNK)
    )
    for chunk in chunks(rows, CHUNK):
        Prompt.objects.bulk_create(Prompt(project=clone, created_at=now, **row) for row in chunk)
