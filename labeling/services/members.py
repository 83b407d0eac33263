"""Who belongs to a project, and as what."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labeling.core.errors import Conflict, DomainError, Forbidden, NotFound
from labeling.core.models import User
from labeling.core.permissions import allowed
from labeling.core.services import accounts, audit
from labeling.models import Membership, Project, TeamMember
from labeling.models.projects import Role
from labeling.services.access import roles_of


@transaction.atomic
def add_member(
    *,
    actor: User,
    project: Project,
    email: str,
    role: str,
    now: datetime,
    name: str = "",
    password: str = "",
) -> Membership:
    """Give a role to whoever has this address. With a password, an owner or operator creates the account."""
    check_may_give(actor, project, role)
    email = email.strip().lower()
    user = User.objects.filter(email=email).first()
    if user is None:
        user = _new_account(actor, project, email=email, name=name, password=password)
    elif password:
        raise Conflict(
            f"{email} has an account already: leave the password out.",
            code="email_taken",
            fields={"password": ["Only for a new account."]},
        )
    membership, is_new = give_role(project=project, user=user, role=role, now=now)
    if not is_new:
        raise Conflict(f"{email} is {role} here already.", code="already_member")
    audit.record(
        actor=actor,
        action="member.added",
        project_id=project.pk,
        obj=membership,
        data={"user": user.pk, "role": role},
    )
    return membership


def give_role(*, project: Project, user: User, role: str, now: datetime) -> tuple[Membership, bool]:
    """The row of this role, and whether it is new."""
    return Membership.objects.get_or_create(
        project=project, user=user, role=role, defaults={"created_at": now}
    )


@transaction.atomic
def remove_member(*, actor: User, project: Project, membership_id: int) -> None:
    # The lock keeps two owners from removing each other at once.
    Project.objects.select_for_update().get(pk=project.pk)
    membership = Membership.objects.filter(project=project, pk=membership_id).first()
    if membership is None:
        raise NotFound("There is no such member: the list may be old, reload it.")
    check_may_give(actor, project, membership.role)
    owners = Membership.objects.filter(project=project, role=Role.OWNER)
    if membership.role == Role.OWNER and owners.count() == 1:
        raise Conflict("A project keeps one owner: make someone else an owner first.", code="last_owner")
    audit.record(
        actor=actor,
        action="member.removed",
        project_id=project.pk,
        obj=membership,
        data={"user": membership.user_id, "role": membership.role},
    )
    membership.delete()
    if not Membership.objects.filter(project=project, user=membership.user_id).exists():
        TeamMember.objects.filter(team__project=project, user=membership.user_id).delete()


def check_may_give(actor: User, project: Project, role: str) -> None:
    """Nobody gives or takes what they do not hold themselves."""
    held = allowed(roles=roles_of(user=actor, project=project), is_operator=actor.is_operator)
    if not allowed(roles={role}) <= held:
        raise Forbidden(f"The role {role} may do more than you: ask an owner of the project.")


def _new_account(actor: User, project: Project, *, email: str, name: str, password: str) -> User:
    if not password:
        raise DomainError(
            f"{email} has no account: give a name and a first password to create one.",
            code="no_account",
            fields={"email": ["No account has this address."]},
        )
    if not (actor.is_operator or Role.OWNER in roles_of(user=actor, project=project)):
        raise Forbidden("Only an owner may create accounts: ask an owner of the project.")
    return accounts.create_user(
        email=email, name=name or email.partition("@")[0], password=password, actor=actor
    )
