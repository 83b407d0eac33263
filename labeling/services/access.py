"""The one gate to a project. What someone may not know about does not exist for them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, FilteredRelation, Q

from labeling.core.errors import Conflict, Forbidden, NotFound
from labeling.core.models import User
from labeling.core.permissions import Permission, allowed, in_scopes, scope_of
from labeling.core.prepared import Prepared
from labeling.models import Membership, Project

_with_my_role = Prepared(
    lambda slug, user_id: (
        Project.objects.filter(slug=slug)
        .annotate(mine=FilteredRelation("memberships", condition=Q(memberships__user=user_id)))
        .annotate(my_role=F("mine__role"))
    )
)
_my_roles = Prepared(
    lambda project_id, user_id: Membership.objects.filter(project=project_id, user=user_id).values_list(
        "role"
    )
)


def require(*, user: User | None, project_slug: str, permission: Permission, writes: bool = False) -> Project:
    """The project, or NotFound for outsiders, Forbidden for members without `permission`, and
    Conflict for whoever `writes` to an archived one."""
    # One row for each of the user's roles, in one query: every request of an annotator comes by here.
    rows = _with_my_role.all(slug=project_slug, user_id=user.pk if user else 0)
    if not rows:
        raise _unknown(project_slug)
    check_roles(user, rows[0], (row.my_role for row in rows if row.my_role), permission, writes=writes)
    return rows[0]


def check(*, user: User | None, project: Project, permission: Permission, writes: bool = False) -> None:
    """Like `require`, for a project already at hand (a run's, an assignment's)."""
    check_roles(user, project, roles_of(user=user, project=project), permission, writes=writes)


def check_roles(
    user: User | None,
    project: Project,
    roles: Iterable[str],
    permission: Permission,
    *,
    writes: bool = False,
) -> None:
    """Like `check`, for roles in the project that are known already."""
    held = _held(user, roles)
    if not held or not _in_reach(user, project):
        raise _unknown(project.slug)
    if permission not in held:
        needed = permission.value.replace(".", " ")
        raise Forbidden(
            f"Your role in this project does not include “{needed}”: ask an owner of the project.",
            fields={"permission": permission.value},
        )
    _check_person(user, project, permission)
    if writes and project.archived_at is not None:
        raise Conflict(
            "This project is archived, so nothing in it changes: ask an owner to take it out of the archive.",
            code="archived",
        )


def _check_person(user: User | None, project: Project, permission: Permission) -> None:
    """What the request itself must bring: a token made for this, and a second factor."""
    if user is None:
        return
    if user.token is not None and permission not in in_scopes(user.token.scopes):
        raise Forbidden(
            f"This token's scopes do not include this: make one with the scope “{scope_of(permission)}”.",
            code="scope_missing",
            fields={"permission": permission.value},
        )
    if project.require_second_factor and not user.has_second_factor:
        raise Forbidden(
            "This project asks for a second factor: set it up under your account first.",
            code="second_factor_needed",
        )


def _in_reach(user: User | None, project: Project) -> bool:
    """A token for one project knows of no other."""
    token = user.token if user else None
    return token is None or token.project_slug in ("", project.slug)


def _held(user: User | None, roles: Iterable[str]) -> frozenset[Permission]:
    if user is None or not user.is_active:
        return frozenset()
    return allowed(roles=frozenset(roles), is_operator=user.is_operator)


def may(
    user: User | None, project: Project, permission: Permission, *, roles: Iterable[str] | None = None
) -> bool:
    """Whether a user who is let in already may do this too; `roles` where they are known."""
    return permission in _held(user, roles_of(user=user, project=project) if roles is None else roles)


def may_view(user: User, project_id: int) -> bool:
    """Whether `user` may listen to the project's news."""
    project = Project.objects.filter(pk=project_id).first()
    return project is not None and bool(_held(user, roles_of(user=user, project=project)))


def roles_of(*, user: User | None, project: Project) -> frozenset[str]:
    if user is None:
        return frozenset()
    return frozenset(role for (role,) in _my_roles.all(project_id=project.pk, user_id=user.pk))


def _unknown(slug: str) -> NotFound:
    return NotFound(f"There is no project “{slug}” that you can open: check the address.")
