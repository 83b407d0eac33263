from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.examples import PROTOCOL
from labeling.api.serializers import ProtocolChangeSerializer, ProtocolVersionSerializer
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors import projects as selectors
from labeling.services.protocols import change_protocol

ProtocolVersionPage = page_of(ProtocolVersionSerializer)


class ProtocolView(ProjectView):
    access = {"GET": Permission.PROJECT_VIEW, "PUT": Permission.PROTOCOL_EDIT}

    @extend_schema(operation_id="protocol_show", tags=["protocol"], responses=ProtocolVersionSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """What judges are asked now. Assignments handed out earlier keep the version they came with."""
        return Response(ProtocolVersionSerializer(selectors.current_protocol(project=self.project)).data)

    @extend_schema(
        operation_id="protocol_change",
        tags=["protocol"],
        request=ProtocolChangeSerializer,
        responses=ProtocolVersionSerializer,
        examples=PROTOCOL,
    )
    def put(self, request: Request, slug: str) -> Response:
        """A new version, or the current one as it is when nothing differs."""
        body = ProtocolChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version = change_protocol(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(ProtocolVersionSerializer(version).data)


class ProtocolVersionsView(ProjectView):
    access = {"GET": Permission.PROJECT_VIEW}

    @extend_schema(
        operation_id="protocol_versions",
        tags=["protocol"],
        parameters=PAGE_PARAMETERS,
        responses=ProtocolVersionPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every version there was, newest first."""
        versions = selectors.protocol_versions(project_id=self.project.pk)
        return self.page(versions, ProtocolVersionSerializer, ordering="-number")


urlpatterns = [
    path("projects/<slug:slug>/protocol", ProtocolView.as_view()),
    path("projects/<slug:slug>/protocol/versions", ProtocolVersionsView.as_view()),
]
