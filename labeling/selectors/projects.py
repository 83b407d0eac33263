"""What people read about projects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from labeling.core.errors import NotFound
from labeling.core.models import User
from labeling.core.permissions import Permission, allowed
from labeling.models import GuidelineVersion, Membership, Project, ProtocolVersion
from labeling.selectors.counts import Counts, counts_by_project


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A project as one person sees it."""

    project: Project
    my_roles: list[str]
    my_permissions: list[str]
    guidelines: GuidelineVersion | None
    counts: Counts


def id_of(*, slug: str) -> int:
    found = Project.objects.filter(slug=slug).values_list("id", flat=True).first()
    if found is None:
        raise NotFound(f"There is no project “{slug}” that you can open: check the address.")
    return found


def visible_to(*, user: User) -> QuerySet[Project]:
    projects = Project.objects.all()
    if user.token is not None and user.token.project_slug:
        projects = projects.filter(slug=user.token.project_slug)
    if user.is_operator:
        return projects
    return projects.filter(pk__in=Membership.objects.filter(user=user).values("project"))


def seen_by(*, user: User, projects: Sequence[Project]) -> list[ProjectView]:
    """The same number of queries however many projects there are."""
    ids = [project.pk for project in projects]
    roles: dict[int, set[str]] = defaultdict(set)
    for project_id, role in Membership.objects.filter(user=user, project__in=ids).values_list(
        "project_id", "role"
    ):
        roles[project_id].add(role)
    guidelines = {version.project_id: version for version in newest_guidelines(project_ids=ids)}
    counts = counts_by_project(project_ids=ids)
    views = []
    for project in projects:
        held = allowed(roles=roles[project.pk], is_operator=user.is_operator)
        views.append(
            ProjectView(
                project=project,
                my_roles=sorted(roles[project.pk]),
                my_permissions=sorted(held),
                guidelines=guidelines.get(project.pk),
                counts=as_seen_with(counts[project.pk], held),
            )
        )
    return views


def as_seen_with(counts: Counts, held: frozenset[Permission]) -> Counts:
    """Arms (gold, evaluation, …) are the business of those who look after the queue: annotators are blind."""
    return counts if Permission.QUEUE_VIEW in held else {**counts, "by_arm": {}}


def newest_guidelines(*, project_ids: Sequence[int]) -> QuerySet[GuidelineVersion]:
    newest = GuidelineVersion.objects.filter(project=OuterRef("project")).order_by("-number")
    return GuidelineVersion.objects.filter(
        project__in=project_ids, number=Subquery(newest.values("number")[:1])
    )


def guideline_versions(*, project_id: int) -> QuerySet[GuidelineVersion]:
    return GuidelineVersion.objects.filter(project=project_id).select_related("created_by")


def protocol_versions(*, project_id: int) -> QuerySet[ProtocolVersion]:
    return ProtocolVersion.objects.filter(project=project_id).select_related("created_by")


def current_protocol(*, project: Project) -> ProtocolVersion:
    """The row of what the project repeats; unsaved where a project was made without one."""
    stored = protocol_versions(project_id=project.pk).filter(number=project.protocol_version).first()
    return stored or ProtocolVersion(
        project=project,
        number=project.protocol_version,
        body=project.protocol,
        created_at=project.created_at,
    )
