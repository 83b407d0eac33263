"""The one gate to a project. What someone may not know about does not exist for them."""

from __future__ import annotations

from labeling.core.errors import Forbidden, NotFound
from labeling.core.models import User
from labeling.core.permissions import Permission, allowed
from labeling.models import Membership, Project


def require(*, user: User | None, project_slug: str, permission: Permission) -> Project:
    """The project, or NotFound for outsiders and Forbidden for members without `permission`."""
    project = Project.objects.filter(slug=project_slug).first()
    if project is None:
        raise _unknown(project_slug)
    check(user=user, project=project, permission=permission)
    return project


def check(*, user: User | None, project: Project, permission: Permission) -> None:
    """Like `require`, for a project already at hand (a run's, an assignment's)."""
    roles = roles_of(user=user, project=project)
    held = allowed(roles=roles, is_operator=bool(user and user.is_operator))
    if not held:
        raise _unknown(project.slug)
    if permission not in held:
        needed = permission.value.replace(".", " ")
        raise Forbidden(
            f"Your role in this project does not include “{needed}”: ask an owner of the project.",
            fields={"permission": permission.value},
        )


def may_view(user: User, project_id: int) -> bool:
    """Whether `user` may listen to the project's news."""
    project = Project.objects.filter(pk=project_id).first()
    return project is not None and bool(
        allowed(roles=roles_of(user=user, project=project), is_operator=user.is_operator)
    )


def roles_of(*, user: User | None, project: Project) -> frozenset[str]:
    if user is None or not user.is_active:
        return frozenset()
    return frozenset(Membership.objects.filter(project=project, user=user).values_list("role", flat=True))


def _unknown(slug: str) -> NotFound:
    return NotFound(f"There is no project “{slug}” that you can open: check the address.")
