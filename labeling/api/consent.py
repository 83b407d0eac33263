from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.people_serializers import (
    ConsentAcceptSerializer,
    ConsentSerializer,
    ConsentTextSerializer,
    ConsentTextSetSerializer,
)
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors import people as selectors
from labeling.selectors.consent import consent_text
from labeling.services import consent as services

ConsentPage = page_of(ConsentSerializer)


class ConsentTextView(ProjectView):
    access = {"GET": Permission.PROJECT_VIEW, "PUT": Permission.GUIDELINES_EDIT}

    @extend_schema(operation_id="consent_show", tags=["wellbeing"], responses=ConsentTextSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """What one agrees to before annotating here, and whether you have."""
        return Response(ConsentTextSerializer(consent_text(user=request.user, project=self.project)).data)

    @extend_schema(
        operation_id="consent_set",
        tags=["wellbeing"],
        request=ConsentTextSetSerializer,
        responses=ConsentTextSerializer,
        examples=[OpenApiExample("text", {"text": "You may stop at any time. We keep …"}, request_only=True)],
    )
    def put(self, request: Request, slug: str) -> Response:
        """A new version of the text, which everybody has to accept before their next task."""
        body = ConsentTextSetSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        project = services.set_consent_text(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(ConsentTextSerializer(consent_text(user=request.user, project=project)).data)


class ConsentAcceptView(ProjectView):
    access = {"POST": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="consent_accept",
        tags=["wellbeing"],
        request=ConsentAcceptSerializer,
        responses={204: None},
        examples=[OpenApiExample("version", {"version": 1}, request_only=True)],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Accept the version you have read."""
        body = ConsentAcceptSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.accept_consent(
            user=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(status=204)


class ConsentWithdrawView(ProjectView):
    access = {"POST": Permission.TASK_ANNOTATE}
    served_while_archived = frozenset({"POST"})  # a right that no archive takes away

    @extend_schema(operation_id="consent_withdraw", tags=["wellbeing"], request=None, responses={204: None})
    def post(self, request: Request, slug: str) -> Response:
        """You get no more tasks here until you accept again. What you judged stays."""
        services.withdraw_consent(user=request.user, project=self.project, now=timezone.now())
        return Response(status=204)


class ConsentsView(ProjectView):
    access = {"GET": Permission.MEMBERS_MANAGE}

    @extend_schema(
        operation_id="consents_list", tags=["wellbeing"], parameters=PAGE_PARAMETERS, responses=ConsentPage
    )
    def get(self, request: Request, slug: str) -> Response:
        """Who accepted what and when, and who withdrew; newest first."""
        return self.page(selectors.consents(project_id=self.project.pk), ConsentSerializer)


urlpatterns = [
    path("projects/<slug:slug>/consent", ConsentTextView.as_view()),
    path("projects/<slug:slug>/consent/accept", ConsentAcceptView.as_view()),
    path("projects/<slug:slug>/consent/withdraw", ConsentWithdrawView.as_view()),
    path("projects/<slug:slug>/consents", ConsentsView.as_view()),
]
