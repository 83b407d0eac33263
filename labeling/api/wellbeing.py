from __future__ import annotations

from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.assignments import AssignmentView
from labeling.api.base import ProjectView
from labeling.api.people_serializers import (
    RevealedSerializer,
    WellbeingSerializer,
    WellbeingUpdateSerializer,
)
from labeling.core.permissions import Permission
from labeling.selectors.wellbeing import wellbeing_of
from labeling.services import wellbeing as services


class WellbeingView(ProjectView):
    access = {"GET": Permission.TASK_ANNOTATE, "PATCH": Permission.TASK_ANNOTATE}

    @extend_schema(operation_id="wellbeing_show", tags=["wellbeing"], responses=WellbeingSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """What you have seen and worked today, whether a break is due, and the tags you do not take."""
        return Response(self.shown(request))

    @extend_schema(
        operation_id="wellbeing_update",
        tags=["wellbeing"],
        request=WellbeingUpdateSerializer,
        responses=WellbeingSerializer,
        examples=[OpenApiExample("violence", {"opted_out_tags": ["violence"]}, request_only=True)],
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Say which tags and risk tags you do not take: you get no such tasks, and nobody's numbers suffer
        for it."""
        body = WellbeingUpdateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.opt_out(user=request.user, project=self.project, tags=body.validated_data["opted_out_tags"])
        return Response(self.shown(request))

    def shown(self, request: Request) -> dict[str, object]:
        state = wellbeing_of(user=request.user, project=self.project, now=timezone.now())
        return WellbeingSerializer(state).data


class RevealView(AssignmentView):
    access = {"POST": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="assignments_reveal", tags=["wellbeing"], request=None, responses=RevealedSerializer
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Say that you ask to see what is blurred because of its risk tags."""
        tags = services.reveal(user=request.user, assignment=self.assignment, now=timezone.now())
        return Response({"risk_tags": tags})


urlpatterns = [
    path("projects/<slug:slug>/my-wellbeing", WellbeingView.as_view()),
    path("assignments/<uuid:assignment_id>/reveal", RevealView.as_view()),
]
