from __future__ import annotations

from django.http import StreamingHttpResponse
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
from labeling.core.api.audit import AuditEventPage, AuditFilterSerializer, as_csv, wanted_by
from labeling.core.api.csv import CSV, CSV_RENDERERS
from labeling.core.api.pagination import PAGE_PARAMETERS, PageCursor, page_of
from labeling.core.api.serializers import AuditEventSerializer
from labeling.core.api.views import ApiView
from labeling.core.models import User
from labeling.core.permissions import Access, Permission
from labeling.core.selectors.audit import listed_events
from labeling.models import Project
from labeling.selectors import projects as selectors
from labeling.services import projects as services

ProjectPage = page_of(ProjectSerializer)


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
        operation_id="projects_audit",
        tags=["projects"],
        parameters=[AuditFilterSerializer, *PAGE_PARAMETERS],
        responses=AuditEventPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Who did what in this project, newest first."""
        events = listed_events(project_id=self.project.pk, **wanted_by(request))
        return self.page(events, AuditEventSerializer)


class ProjectAuditCsvView(ProjectView):
    access = {"GET": Permission.AUDIT_VIEW}
    renderer_classes = CSV_RENDERERS

    @extend_schema(
        operation_id="projects_audit_csv",
        tags=["projects"],
        parameters=[AuditFilterSerializer],
        responses=CSV,
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        events = listed_events(project_id=self.project.pk, **wanted_by(request)).order_by("id")
        return as_csv(events.iterator(chunk_size=2000), filename=f"{slug}-audit.csv")


urlpatterns = [
    path("projects", ProjectsView.as_view()),
    path("projects/<slug:slug>", ProjectDetailView.as_view()),
    path("projects/<slug:slug>/counts", ProjectCountsView.as_view()),
    path("projects/<slug:slug>/audit", ProjectAuditView.as_view()),
    path("projects/<slug:slug>/audit/csv", ProjectAuditCsvView.as_view()),
]
