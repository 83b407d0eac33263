from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.serializers import (
    CountsSerializer,
    ProjectCreateSerializer,
    ProjectSerializer,
    ProjectUpdateSerializer,
)
from labeling.core.api.pagination import PAGE_PARAMETERS, PageCursor, page_of
from labeling.core.api.serializers import AuditEventSerializer
from labeling.core.api.views import ApiView
from labeling.core.models import User
from labeling.core.permissions import Access, Permission
from labeling.core.selectors.audit import project_events
from labeling.models import Project
from labeling.selectors import projects as selectors
from labeling.services import projects as services

ProjectPage = page_of(ProjectSerializer)
AuditEventPage = page_of(AuditEventSerializer)


def shown(project: Project, user: User) -> dict[str, object]:
    [view] = selectors.seen_by(user=user, projects=[project])
    return ProjectSerializer(view).data


class ProjectsView(ApiView):
    access = {"GET": Access.SIGNED_IN, "POST": Access.OPERATOR}

    @extend_schema(
        operation_id="projects_list", tags=["projects"], parameters=PAGE_PARAMETERS, responses=ProjectPage
    )
    def get(self, request: Request) -> Response:
        """The projects you belong to; an operator sees all."""
        paginator = PageCursor()
        rows = paginator.paginate_queryset(selectors.visible_to(user=request.user), request, view=self)
        views = selectors.seen_by(user=request.user, projects=rows or [])
        return paginator.get_paginated_response(ProjectSerializer(views, many=True).data)

    @extend_schema(
        operation_id="projects_create",
        tags=["projects"],
        request=ProjectCreateSerializer,
        responses={201: ProjectSerializer},
    )
    def post(self, request: Request) -> Response:
        body = ProjectCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        project = services.create_project(actor=request.user, now=timezone.now(), **body.validated_data)
        return Response(shown(project, request.user), status=201)


class ProjectDetailView(ProjectView):
    access = {"GET": Permission.PROJECT_VIEW, "PATCH": Permission.PROJECT_EDIT}

    @extend_schema(operation_id="projects_show", tags=["projects"], responses=ProjectSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(shown(self.project, request.user))

    @extend_schema(
        operation_id="projects_update",
        tags=["projects"],
        request=ProjectUpdateSerializer,
        responses=ProjectSerializer,
    )
    def patch(self, request: Request, slug: str) -> Response:
        body = ProjectUpdateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        project = services.update_project(
            actor=request.user, project=self.project, changes=body.validated_data, now=timezone.now()
        )
        return Response(shown(project, request.user))


class ProjectCountsView(ProjectView):
    access = {"GET": Permission.PROJECT_VIEW}

    @extend_schema(operation_id="projects_counts", tags=["projects"], responses=CountsSerializer)
    def get(self, request: Request, slug: str) -> Response:
        [view] = selectors.seen_by(user=request.user, projects=[self.project])
        return Response(CountsSerializer(view.counts).data)


class ProjectAuditView(ProjectView):
    access = {"GET": Permission.AUDIT_VIEW}

    @extend_schema(
        operation_id="projects_audit", tags=["projects"], parameters=PAGE_PARAMETERS, responses=AuditEventPage
    )
    def get(self, request: Request, slug: str) -> Response:
        """Who did what in this project, newest first."""
        return self.page(project_events(project_id=self.project.pk), AuditEventSerializer)


urlpatterns = [
    path("projects", ProjectsView.as_view()),
    path("projects/<slug:slug>", ProjectDetailView.as_view()),
    path("projects/<slug:slug>/counts", ProjectCountsView.as_view()),
    path("projects/<slug:slug>/audit", ProjectAuditView.as_view()),
]
