"""Creating and changing projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, TypedDict

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from labeling.core.errors import Conflict, DomainError, Forbidden
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import GuidelineVersion, Membership, Project, ProtocolVersion
from labeling.models.projects import Role
from labeling.protocol import complete
from labeling.services import protocols
from labeling.services.queue import announce


class ProjectChanges(TypedDict, total=False):
    name: str
    description: str
    protocol: Mapping[str, object]
    overlap: int
    lease_seconds: int
    validation_percent: int
    test_percent: int
    require_second_factor: bool
    paid_seconds_cap: int
    risk_tags: Sequence[str]
    exposure_cap: int | None
    break_after_minutes: int | None
    completion: Mapping[str, object]


@transaction.atomic
def create_project(
    *, actor: User, name: str, now: datetime, guidelines: str = "", **settings: Any
) -> Project:
    """A new project owned by `actor`. `settings` are the remaining ProjectChanges."""
    if not actor.is_operator:
        raise Forbidden("Only an operator may create projects: ask the person who runs this server.")
    protocol = protocols.checked(settings.pop("protocol", {}))
    project = with_free_slug(Project(name=name, protocol=protocol, created_at=now, **settings))
    _check_percents(project)
    ProtocolVersion.objects.create(project=project, number=1, body=protocol, created_by=actor, created_at=now)
    Membership.objects.create(project=project, user=actor, role=Role.OWNER, created_at=now)
    if guidelines:
        GuidelineVersion.objects.create(
            project=project, number=1, text=guidelines, created_by=actor, created_at=now
        )
    audit.record(
        actor=actor, action="project.created", project_id=project.pk, obj=project, data={"slug": project.slug}
    )
    return project


@transaction.atomic
def update_project(*, actor: User, project: Project, changes: ProjectChanges, now: datetime) -> Project:
    """Change what is named in `changes`. A changed protocol is a new protocol version."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    wanted: dict[str, Any] = dict(changes)
    if "protocol" in wanted:
        project.protocol = complete(project.protocol)
        wanted["protocol"] = protocols.checked({**project.protocol, **wanted["protocol"]})
    changed = {
        field: [getattr(project, field), value]
        for field, value in wanted.items()
        if getattr(project, field) != value
    }
    if not changed:
        return project
    if {"validation_percent", "test_percent"} & set(changed) and project.prompts.exists():
        raise Conflict(
            "The splits cannot change once there are prompts: turns of one conversation could part. "
            "Create another project for other splits.",
            code="splits_fixed",
        )
    if wanted.get("require_second_factor") and not actor.has_second_factor:
        raise Conflict(
            "You have no second factor yourself and would be locked out: set one up first.",
            code="second_factor_needed",
        )
    if "protocol" in changed:
        protocols.next_version(project, wanted["protocol"], actor=actor, now=now)
    for field, (_, value) in changed.items():
        setattr(project, field, value)
    _check_percents(project)
    project.save(update_fields=[*changed, "protocol_version"])
    audit.record(actor=actor, action="project.updated", project_id=project.pk, obj=project, data=changed)
    return project


@transaction.atomic
def archive_project(*, actor: User, project: Project, now: datetime) -> Project:
    """Nothing in it changes from here on; everything can still be read and exported."""
    if Project.objects.filter(pk=project.pk, archived_at=None).update(archived_at=now):
        audit.record(actor=actor, action="project.archived", project_id=project.pk, obj=project)
        announce(project.pk)
    return Project.objects.get(pk=project.pk)


@transaction.atomic
def unarchive_project(*, actor: User, project: Project) -> Project:
    if Project.objects.filter(pk=project.pk, archived_at__isnull=False).update(archived_at=None):
        audit.record(actor=actor, action="project.unarchived", project_id=project.pk, obj=project)
        announce(project.pk)
    return Project.objects.get(pk=project.pk)


def _check_percents(project: Project) -> None:
    if project.validation_percent + project.test_percent > 90:
        raise DomainError(
            "Validation and test take more than 90 percent together: leave at least 10 for training.",
            fields={"test_percent": ["Too many set aside."]},
        )


def with_free_slug(project: Project) -> Project:
    """Save under the name's slug, or the first of `slug-2`, `slug-3`, … that nobody took."""
    stem = slugify(project.name)[:70].strip("-_") or "project"
    taken = set(Project.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    for number in count(1):
        project.slug = stem if number == 1 else f"{stem}-{number}"
        if project.slug in taken:
            continue
        try:
            with transaction.atomic():
                project.save(force_insert=True)
        except IntegrityError:
            project.pk = None
            continue
        break
    return project
