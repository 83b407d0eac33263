from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.people_serializers import UserIdSerializer, WorkerFilterSerializer, WorkerSerializer
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors import people as selectors
from labeling.services import workers as services

WorkerPage = page_of(WorkerSerializer)


class WorkersView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW}

    @extend_schema(
        operation_id="workers_list",
        tags=["members"],
        parameters=[WorkerFilterSerializer, *PAGE_PARAMETERS],
        responses=WorkerPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Workers that imports brought along: they judged elsewhere and have no login."""
        wanted = WorkerFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        return self.page(
            selectors.imported_workers(project=self.project, **wanted.validated_data), WorkerSerializer
        )


class WorkerLinkView(ProjectView):
    access = {"PUT": Permission.MEMBERS_MANAGE, "DELETE": Permission.MEMBERS_MANAGE}

    @extend_schema(
        operation_id="workers_link",
        tags=["members"],
        request=UserIdSerializer,
        responses=WorkerSerializer,
        examples=[OpenApiExample("bob", {"user": 4}, request_only=True)],
    )
    def put(self, request: Request, slug: str, worker_id: int) -> Response:
        """Say that this worker is that member. Each judgment keeps the name it came under."""
        body = UserIdSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.link_worker(
            actor=request.user,
            project=self.project,
            worker_id=worker_id,
            now=timezone.now(),
            **body.validated_data,
        )
        worker = selectors.imported_workers(project=self.project).get(pk=worker_id)
        return Response(WorkerSerializer(worker).data)

    @extend_schema(operation_id="workers_unlink", tags=["members"], request=None, responses={204: None})
    def delete(self, request: Request, slug: str, worker_id: int) -> Response:
        services.unlink_worker(actor=request.user, project=self.project, worker_id=worker_id)
        return Response(status=204)


urlpatterns = [
    path("projects/<slug:slug>/imported-workers", WorkersView.as_view()),
    path("projects/<slug:slug>/imported-workers/<int:worker_id>/link", WorkerLinkView.as_view()),
]
