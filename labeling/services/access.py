"""The one gate to a project. What someone may not know about does not exist for them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, FilteredRelation, Q

from labeling.core.errors import Forbidden, NotFound
from labeling.core.models import User
from labeling.core.permissions import Permission, allowed
from labeling.models import Membership, Project


def require(*, user: User | None, project_slug: str, permission: Permission) -> Project:
    """The project, or NotFound for outsiders and Forbidden for members without `permission`."""
    # One row for each of the user's roles, in one query: every request of an annotator comes by here.
    rows = list(
        Project.objects.filter(slug=project_slug)
        .annotate(
            mine=FilteredRelation("memberships", condition=Q(memberships__user=user.pk if user else None))
        )
        .annotate(my_role=F("mine__role"))
    )
    if not rows:
        raise _unknown(project_slug)
    _check(user, rows[0], (row.my_role for row in rows if row.my_role), permission)
    return rows[0]


def check(*, user: User | None, project: Project, permission: Permission) -> None:
    """Like `require`, for a project already at hand (a run's, an assignment's)."""
    _check(user, project, roles_of(user=user, project=project), permission)


def _check(user: User | None, project: Project, roles: Iterable[str], permission: Permission) -> None:
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
    return frozenset(Membership.objects.filter(project=project, user=user).values_list("role", flat=True))


def _unknown(slug: str) -> NotFound:
    return NotFound(f"There is no project “{slug}” that you can open: check the address.")
