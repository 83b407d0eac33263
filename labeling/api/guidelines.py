from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.serializers import GuidelinesCreateSerializer, GuidelinesSerializer
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors import projects as selectors
from labeling.services import guidelines as services

GuidelinesPage = page_of(GuidelinesSerializer)


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
    )
    def post(self, request: Request, slug: str) -> Response:
        """A new version; judgments from now on name it."""
        body = GuidelinesCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version = services.add_guidelines(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(GuidelinesSerializer(version).data, status=201)


urlpatterns = [path("projects/<slug:slug>/guidelines", GuidelinesView.as_view())]
