"""Links that bring people into a project."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import User
from labeling.core.services import accounts, audit, limits
from labeling.core.services.tokens import digest_of
from labeling.models import Invitation, InvitationUse, Project, Team, TeamMember
from labeling.selectors.people import invitation_of
from labeling.services.members import check_may_give, give_role

PREFIX = "inv_"


class InvitationOver(DomainError):
    """Unknown, expired, used up, revoked and archived look the same from outside."""

    code = "invitation_over"
    status = 410

    def __init__(self) -> None:
        super().__init__("This invitation does not work any more: ask whoever sent it for a new one.")

    def __reduce__(self):
        return (type(self), ())


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a crowd platform named the person on the link (PROLIFIC_PID=…, workerId=…)."""

    platform: str = ""
    worker_id: str = ""


@transaction.atomic
def create_invitation(
    *,
    actor: User,
    project: Project,
    roles: Sequence[str],
    expires_at: datetime,
    now: datetime,
    email: str = "",
    team_id: int | None = None,
    max_uses: int | None = 1,
) -> tuple[Invitation, str]:
    """The invitation and the token of its link, which cannot be read again. Whether `email` has
    an account is neither asked nor told."""
    for role in roles:
        check_may_give(actor, project, role)
    if expires_at <= now:
        raise DomainError("The invitation would be over at once: choose a later time.")
    team = _team(project, team_id)
    token = PREFIX + secrets.token_urlsafe(24)
    invitation = Invitation.objects.create(
        project=project,
        digest=digest_of(token),
        prefix=token[:8],
        roles=sorted(set(roles)),
        email=email.strip().lower(),
        team=team,
        max_uses=1 if email else max_uses,
        expires_at=expires_at,
        created_by=actor,
        created_at=now,
    )
    # Not the address: the log outlives the person.
    data = {"roles": invitation.roles, "max_uses": invitation.max_uses}
    audit.record(actor=actor, action="invitation.created", project_id=project.pk, obj=invitation, data=data)
    return invitation, token


@transaction.atomic
def revoke_invitation(*, actor: User, project: Project, invitation_id: int, now: datetime) -> None:
    invitation = invitation_of(project_id=project.pk, invitation_id=invitation_id)
    if Invitation.objects.filter(pk=invitation_id, revoked_at=None).update(revoked_at=now):
        audit.record(actor=actor, action="invitation.revoked", project_id=project.pk, obj=invitation)


def look(*, token: str, now: datetime, address: str) -> Invitation:
    """The invitation behind a link, for whoever holds it."""
    limits.count(limits.INVITATION_FROM_ADDRESS, address)
    return _standing(token, now)


@transaction.atomic
def accept(*, user: User, token: str, arrival: Arrival, now: datetime) -> Invitation:
    """Make `user` a member. A second time changes nothing and uses nothing up."""
    invitation = _standing(token, now, user=user)
    if invitation.email and invitation.email != user.email:
        raise Conflict(
            "This invitation is for another address: sign in with the one it was sent to.",
            code="other_address",
        )
    use, is_new = InvitationUse.objects.get_or_create(
        invitation=invitation, user=user, defaults={"created_at": now}
    )
    if is_new:
        _use_up(invitation)
    if arrival.worker_id and not use.worker_id:
        use.platform, use.worker_id = arrival.platform, arrival.worker_id
        use.save(update_fields=["platform", "worker_id"])
    for role in invitation.roles:
        give_role(project=invitation.project, user=user, role=role, now=now)
    if invitation.team is not None:
        TeamMember.objects.get_or_create(team=invitation.team, user=user, defaults={"created_at": now})
    if is_new:
        audit.record(
            actor=user,
            action="invitation.accepted",
            project_id=invitation.project_id,
            obj=invitation,
            data={"roles": invitation.roles},
        )
    return invitation


def join(
    *,
    token: str,
    email: str,
    name: str,
    password: str,
    arrival: Arrival,
    address: str,
    now: datetime,
) -> tuple[User, Invitation]:
    """Make an account on the spot and accept.

    Whoever has an account may give its password instead; a wrong one gets the answer of a wrong
    sign-in, under the same limits, so a link is no way to try out addresses quickly.
    """
    email = email.strip().lower()
    invitation = look(token=token, now=now, address=address)
    if invitation.email and invitation.email != email:
        raise Conflict(
            "This invitation is for another address: use the one it was sent to.", code="other_address"
        )
    user = None
    if User.objects.filter(email=email).exists():
        # Before the transaction: what the audit log keeps of a wrong password stays.
        user = accounts.check_credentials(email=email, password=password, address=address)
        if user.has_second_factor:
            raise Conflict("Sign in first, then open the link again.", code="sign_in_first")
    with transaction.atomic():
        if user is None:
            user = accounts.create_user(email=email, name=name or email.partition("@")[0], password=password)
        return user, accept(user=user, token=token, arrival=arrival, now=now)


def _standing(token: str, now: datetime, *, user: User | None = None) -> Invitation:
    """What still works, or has worked for `user` before."""
    left = Q(max_uses=None) | Q(num_uses__lt=F("max_uses"))
    if user is not None:
        left |= Q(pk__in=InvitationUse.objects.filter(user=user).values("invitation"))
    invitation = (
        Invitation.objects.select_related("project", "team")
        .filter(left, digest=digest_of(token), revoked_at=None, expires_at__gt=now, project__archived_at=None)
        .first()
    )
    if invitation is None:
        raise InvitationOver
    return invitation


def _use_up(invitation: Invitation) -> None:
    """Two people on the last use: the guarded UPDATE lets one through."""
    left = Q(max_uses=None) | Q(num_uses__lt=F("max_uses"))
    if not Invitation.objects.filter(left, pk=invitation.pk).update(num_uses=F("num_uses") + 1):
        raise InvitationOver


def _team(project: Project, team_id: int | None) -> Team | None:
    if team_id is None:
        return None
    team = Team.objects.filter(project=project, pk=team_id).first()
    if team is None:
        raise DomainError("There is no such team here: make it first.", fields={"team": ["Unknown."]})
    return team
