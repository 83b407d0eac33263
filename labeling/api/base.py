"""Views of what belongs to a project."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from labeling.core.api.views import ApiView
from labeling.core.permissions import Permission
from labeling.models import Project
from labeling.services import access


class ProjectView(ApiView):
    """A view under /api/projects/<slug>: `self.project` is set once the caller may be here."""

    project: Project

    def check_project(self, request: Request, needed: Permission, **kwargs: Any) -> None:
        self.project = access.require(
            user=request.user, project_slug=kwargs["slug"], permission=needed, writes=self.writes()
        )
