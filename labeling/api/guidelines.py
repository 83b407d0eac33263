from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.quality_serializers import (
    AcknowledgedSerializer,
    AcknowledgementSerializer,
    RequeuedSerializer,
    RequeueSerializer,
    RequiredReadingSerializer,
)
from labeling.api.serializers import GuidelinesCreateSerializer, GuidelinesSerializer
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors import projects as selectors
from labeling.selectors.quality import acknowledgements
from labeling.services import guidelines as services

GuidelinesPage = page_of(GuidelinesSerializer)
AcknowledgementPage = page_of(AcknowledgementSerializer)


class GuidelinesView(ProjectView):
    access = {"GET": Permission.PROJECT_VIEW, "POST": Permission.GUIDELINES_EDIT}

    @extend_schema(
        operation_id="guidelines_list",
        tags=["guidelines"],
        parameters=PAGE_PARAMETERS,
        responses=GuidelinesPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        versions = selectors.guideline_versions(project_id=self.project.pk)
        return self.page(versions, GuidelinesSerializer, ordering="-number")

    @extend_schema(
        operation_id="guidelines_add",
        tags=["guidelines"],
        request=GuidelinesCreateSerializer,
        responses={201: GuidelinesSerializer},
        examples=[
            OpenApiExample(
                "Must be read",
                value={"text": "Prefer the reply that is true.", "requires_reading": True},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A new version; judgments from now on name it. With `requires_reading` everybody must
        acknowledge it before their next task."""
        body = GuidelinesCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version = services.add_guidelines(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(GuidelinesSerializer(version).data, status=201)


class RequiredReadingView(ProjectView):
    access = {"PUT": Permission.GUIDELINES_EDIT}

    @extend_schema(
        operation_id="guidelines_require",
        tags=["guidelines"],
        request=RequiredReadingSerializer,
        responses=RequiredReadingSerializer,
        examples=[OpenApiExample("Ask nothing", value={"number": 0})],
    )
    def put(self, request: Request, slug: str) -> Response:
        """Which version everybody must have read before their next task."""
        body = RequiredReadingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.require_reading(actor=request.user, project=self.project, **body.validated_data)
        return Response(RequiredReadingSerializer({"number": self.project.required_guideline}).data)


class RequeueView(ProjectView):
    access = {"POST": Permission.GUIDELINES_EDIT}

    @extend_schema(
        operation_id="guidelines_requeue",
        tags=["guidelines"],
        request=RequeueSerializer,
        responses=RequeuedSerializer,
        examples=[
            OpenApiExample(
                "Ask again about medicine",
                value={"judged_before": 3, "tags": ["medicine"], "judgments_each": 1},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask again about tasks judged under earlier versions. The old judgments stay."""
        body = RequeueSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        done = services.requeue(
            actor=request.user, project=self.project, affected=services.Affected(**body.validated_data)
        )
        return Response(RequeuedSerializer(done).data)


class AcknowledgeView(ProjectView):
    access = {"POST": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="guidelines_acknowledge",
        tags=["guidelines"],
        request=None,
        responses=AcknowledgedSerializer,
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """You have read this version."""
        said = services.acknowledge(
            user=request.user, project=self.project, number=number, now=timezone.now()
        )
        shown = {"number": number, "acknowledged_at": said.created_at}
        return Response(AcknowledgedSerializer(shown).data)


class AcknowledgementsView(ProjectView):
    access = {"GET": Permission.QUALITY_VIEW}

    @extend_schema(
        operation_id="guidelines_acknowledgements",
        tags=["guidelines"],
        parameters=PAGE_PARAMETERS,
        responses=AcknowledgementPage,
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Who has read this version."""
        rows = acknowledgements(project_id=self.project.pk, number=number)
        return self.page(rows, AcknowledgementSerializer)


PREFIX = "projects/<slug:slug>/guidelines"

urlpatterns = [
    path(PREFIX, GuidelinesView.as_view()),
    path(f"{PREFIX}/required", RequiredReadingView.as_view()),
    path(f"{PREFIX}/requeue", RequeueView.as_view()),
    path(f"{PREFIX}/<int:number>/acknowledge", AcknowledgeView.as_view()),
    path(f"{PREFIX}/<int:number>/acknowledgements", AcknowledgementsView.as_view()),
]
