"""The one gate to a project. What someone may not know about does not exist for them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, FilteredRelation, Q

from labeling.core.errors import Forbidden, NotFound
from labeling.core.models import User
from labeling.core.permissions import Permission, allowed
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


def require(*, user: User | None, project_slug: str, permission: Permission) -> Project:
    """The project, or NotFound for outsiders and Forbidden for members without `permission`."""
    # One row for each of the user's roles, in one query: every request of an annotator comes by here.
    rows = _with_my_role.all(slug=project_slug, user_id=user.pk if user else 0)
    if not rows:
        raise _unknown(project_slug)
    check_roles(user, rows[0], (row.my_role for row in rows if row.my_role), permission)
    return rows[0]


def check(*, user: User | None, project: Project, permission: Permission) -> None:
    """Like `require`, for a project already at hand (a run's, an assignment's)."""
    check_roles(user, project, roles_of(user=user, project=project), permission)


def check_roles(user: User | None, project: Project, roles: Iterable[str], permission: Permission) -> None:
    """Like `check`, for roles in the project that are known already."""
    held = _held(user, roles)
    if not held:
        raise _unknown(project.slug)
    if permission not in held:
        needed = permission.value.replace(".", " ")
        raise Forbidden(
            f"Your role in this project does not include “{needed}”: ask an owner of the project.",
            fields={"permission": permission.value},
        )


def _held(user: User | None, roles: Iterable[str]) -> frozenset[Permission]:
    if user is None or not user.is_active:
        return frozenset()
    return allowed(roles=frozenset(roles), is_operator=user.is_operator)


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
