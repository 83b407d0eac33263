"""Views of what belongs to a project."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework.request import Request

from labeling.core.api.views import ApiView
from labeling.core.models import ApiToken
from labeling.core.permissions import Permission
from labeling.core.services import tokens
from labeling.models import Assignment, Project
from labeling.selectors.queue import assignment_of
from labeling.services import access, token_access


class ProjectView(ApiView):
    """A view under /api/projects/<slug>: `self.project` is set once the caller may be here."""

    project: Project
    # Where a token led here: the roles that came with it.
    roles: frozenset[str] | None = None

    def find_token(self, *, secret: str, now: datetime) -> ApiToken | None:
        found = token_access.project_by_token(secret=secret, slug=self.kwargs["slug"], now=now)
        if found is None:
            return tokens.authenticate(secret=secret, now=now)
        self.project, self.roles = found.project, found.roles
        return found.token

    def check_project(self, request: Request, needed: Permission, **kwargs: Any) -> None:
        writes = self.writes()
        if self.roles is not None:
            access.check_roles(request.user, self.project, self.roles, needed, writes=writes)
        else:
            self.project = access.require(
                user=request.user, project_slug=kwargs["slug"], permission=needed, writes=writes
            )


class AssignmentView(ApiView):
    """A view of one assignment of the caller's own: `self.assignment`."""

    assignment: Assignment
    roles: frozenset[str] | None = None

    def find_token(self, *, secret: str, now: datetime) -> ApiToken | None:
        found = token_access.assignment_by_token(
            secret=secret, assignment_id=self.kwargs["assignment_id"], now=now
        )
        if found is None:
            return tokens.authenticate(secret=secret, now=now)
        self.assignment, self.roles = found.assignment, found.roles
        return found.token

    def check_project(self, request: Request, needed: Permission, **kwargs: Any) -> None:
        if self.roles is None:
            self.assignment = assignment_of(user=request.user, assignment_id=kwargs["assignment_id"])
            self.roles = access.roles_of(user=request.user, project=self.assignment.task.project)
        project = self.assignment.task.project
        access.check_roles(request.user, project, self.roles, needed, writes=self.writes())
