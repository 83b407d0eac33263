"""Projects archived, taken out again, and cloned."""

from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.people_serializers import ProjectCloneSerializer
from labeling.api.projects import shown
from labeling.api.serializers import ProjectSerializer
from labeling.core.permissions import Permission
from labeling.services import projects as services
from labeling.services.cloning import clone_project


class LifecycleView(ProjectView):
    access = {"POST": Permission.PROJECT_EDIT}
    served_while_archived = frozenset({"POST"})


class ArchiveView(LifecycleView):
    @extend_schema(
        operation_id="projects_archive", tags=["projects"], request=None, responses=ProjectSerializer
    )
    def post(self, request: Request, slug: str) -> Response:
        """Nothing in the project changes from here on: every write answers 409 `archived`. All of
        it can still be read and exported."""
        project = services.archive_project(actor=request.user, project=self.project, now=timezone.now())
        return Response(shown(project, request.user))


class UnarchiveView(LifecycleView):
    @extend_schema(
        operation_id="projects_unarchive", tags=["projects"], request=None, responses=ProjectSerializer
    )
    def post(self, request: Request, slug: str) -> Response:
        project = services.unarchive_project(actor=request.user, project=self.project)
        return Response(shown(project, request.user))


class CloneView(LifecycleView):
    @extend_schema(
        operation_id="projects_clone",
        tags=["projects"],
        request=ProjectCloneSerializer,
        responses={201: ProjectSerializer},
        examples=[
            OpenApiExample(
                "next wave", {"name": "Support, wave 2", "members": True, "prompts": True}, request_only=True
            )
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A new project of yours with the same protocol, settings, guidelines and consent text, and
        if you wish the same members and prompts; never its tasks or judgments."""
        body = ProjectCloneSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        clone = clone_project(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(shown(clone, request.user), status=201)


urlpatterns = [
    path("projects/<slug:slug>/archive", ArchiveView.as_view()),
    path("projects/<slug:slug>/unarchive", UnarchiveView.as_view()),
    path("projects/<slug:slug>/clone", CloneView.as_view()),
]
