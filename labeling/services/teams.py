"""Named groups of a project's members."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from labeling.core.errors import Conflict, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Project, Team, TeamMember
from labeling.services.seats import member


@transaction.atomic
def create_team(*, actor: User, project: Project, name: str, now: datetime) -> Team:
    try:
        with transaction.atomic():
            team = Team.objects.create(project=project, name=name, created_at=now)
    except IntegrityError as taken:
        raise _name_taken(name) from taken
    audit.record(actor=actor, action="team.created", project_id=project.pk, obj=team, data={"name": name})
    return team


@transaction.atomic
def rename_team(*, actor: User, project: Project, team_id: int, name: str) -> Team:
    team = get_team(project=project, team_id=team_id)
    team.name = name
    try:
        with transaction.atomic():
            team.save(update_fields=["name"])
    except IntegrityError as taken:
        raise _name_taken(name) from taken
    audit.record(actor=actor, action="team.renamed", project_id=project.pk, obj=team, data={"name": name})
    return team


@transaction.atomic
def delete_team(*, actor: User, project: Project, team_id: int) -> None:
    """Its people stay in the project."""
    team = get_team(project=project, team_id=team_id)
    audit.record(
        actor=actor, action="team.deleted", project_id=project.pk, obj=team, data={"name": team.name}
    )
    team.delete()


@transaction.atomic
def add_to_team(*, actor: User, project: Project, team_id: int, user_id: int, now: datetime) -> TeamMember:
    team = get_team(project=project, team_id=team_id)
    user = member(project=project, user_id=user_id)
    place, is_new = TeamMember.objects.get_or_create(team=team, user=user, defaults={"created_at": now})
    if is_new:
        audit.record(
            actor=actor, action="team.joined", project_id=project.pk, obj=team, data={"user": user.pk}
        )
    return place


@transaction.atomic
def remove_from_team(*, actor: User, project: Project, team_id: int, user_id: int) -> None:
    team = get_team(project=project, team_id=team_id)
    removed, _ = TeamMember.objects.filter(team=team, user=user_id).delete()
    if not removed:
        raise NotFound("This person is not in the team: the list may be old, reload it.")
    audit.record(actor=actor, action="team.left", project_id=project.pk, obj=team, data={"user": user_id})


def get_team(*, project: Project, team_id: int) -> Team:
    team = Team.objects.filter(project=project, pk=team_id).first()
    if team is None:
        raise NotFound("There is no such team: the list may be old, reload it.")
    return team


def _name_taken(name: str) -> Conflict:
    return Conflict(f"There is a team “{name}” already: choose another name.", code="name_taken")
