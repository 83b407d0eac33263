from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core.api.pagination import PAGE_PARAMETERS, PageCursor, page_of
from labeling.core.api.views import ApiView
from labeling.core.permissions import Access, Permission
from rlhf.api.base import ProjectView, check_visible, json_object
from rlhf.api.serializers import EvaluationSerializer, RoundSerializer, VerdictSerializer
from rlhf.models import Round
from rlhf.selectors import evaluations
from rlhf.selectors import rounds as selectors
from rlhf.services import rounds
from rlhf.specs import RoundSpec

RoundPage = page_of(RoundSerializer)
EvaluationPage = page_of(EvaluationSerializer)


class RoundSchemaView(ApiView):
    access = {"GET": Access.SIGNED_IN}

    @extend_schema(
        operation_id="round_schema",
        tags=["rounds"],
        responses=OpenApiTypes.OBJECT,
        description="The JSON Schema of a round's spec.",
    )
    def get(self, request: Request) -> Response:
        return Response(RoundSpec.model_json_schema())


class RoundDefaultsView(ProjectView):
    access = {"GET": Permission.ROUND_VIEW, "PUT": Permission.ROUND_LAUNCH}

    @extend_schema(
        operation_id="round_defaults_show",
        tags=["rounds"],
        responses=OpenApiTypes.OBJECT,
        description="A whole spec to start a launch form from; `policy` is empty without any model.",
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(selectors.defaults(project_id=self.project.pk))

    @extend_schema(
        operation_id="round_defaults_set",
        tags=["rounds"],
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
        description="Store a spec, fields left out at will, for a project that has no round yet.",
    )
    def put(self, request: Request, slug: str) -> Response:
        rounds.set_round_defaults(project=self.project, raw=json_object(request), user=request.user)
        return Response(selectors.defaults(project_id=self.project.pk))


class RoundsView(ProjectView):
    access = {"GET": Permission.ROUND_VIEW, "POST": Permission.ROUND_LAUNCH}

    @extend_schema(
        operation_id="rounds_list", tags=["rounds"], parameters=PAGE_PARAMETERS, responses=RoundPage
    )
    def get(self, request: Request, slug: str) -> Response:
        return self.page(selectors.of_project(project_id=self.project.pk), RoundSerializer)

    @extend_schema(
        operation_id="rounds_launch",
        tags=["rounds"],
        request=OpenApiTypes.OBJECT,
        responses={201: RoundSerializer},
        description="The body is the round's spec; /api/round-schema has its JSON Schema.",
    )
    def post(self, request: Request, slug: str) -> Response:
        launched = rounds.launch(
            project=self.project, raw=json_object(request), user=request.user, now=timezone.now()
        )
        return Response(RoundSerializer(selectors.get(round_id=launched.pk)).data, status=201)


class RoundCheckView(ProjectView):
    access = {"POST": Permission.ROUND_LAUNCH}

    @extend_schema(
        operation_id="rounds_check",
        tags=["rounds"],
        request=OpenApiTypes.OBJECT,
        responses=VerdictSerializer,
        description="The body is that of a launch. Nothing is stored.",
    )
    def post(self, request: Request, slug: str) -> Response:
        verdict = rounds.check(project=self.project, raw=json_object(request), now=timezone.now())
        return Response(VerdictSerializer(verdict).data)


class OneRoundView(ApiView):
    round: Round

    def check_project(self, request: Request, needed: Permission, **kwargs: Any) -> None:
        self.round = selectors.get(round_id=kwargs["round_id"])
        check_visible(request, self.round.project, needed, selectors.unknown(self.round.pk))

    def shown(self) -> Response:
        return Response(RoundSerializer(selectors.get(round_id=self.round.pk)).data)


class RoundView(OneRoundView):
    access = {"GET": Permission.ROUND_VIEW, "PATCH": Permission.ROUND_LAUNCH}

    @extend_schema(operation_id="rounds_show", tags=["rounds"], responses=RoundSerializer)
    def get(self, request: Request, round_id: int) -> Response:
        return self.shown()

    @extend_schema(
        operation_id="rounds_change",
        tags=["rounds"],
        request=OpenApiTypes.OBJECT,
        responses=RoundSerializer,
        description="Fields of the spec to change, until the step that reads them has begun.",
    )
    def patch(self, request: Request, round_id: int) -> Response:
        rounds.change_spec(changed=self.round, raw=json_object(request), user=request.user)
        return self.shown()


class RoundCancelView(OneRoundView):
    access = {"POST": Permission.ROUND_LAUNCH}

    @extend_schema(operation_id="rounds_cancel", tags=["rounds"], request=None, responses=RoundSerializer)
    def post(self, request: Request, round_id: int) -> Response:
        rounds.cancel(cancelled=self.round, user=request.user, now=timezone.now())
        return self.shown()


class RoundRetryView(OneRoundView):
    access = {"POST": Permission.ROUND_LAUNCH}

    @extend_schema(
        operation_id="rounds_retry",
        tags=["rounds"],
        request=None,
        responses=RoundSerializer,
        description="Take a failed round up again at the step that failed.",
    )
    def post(self, request: Request, round_id: int) -> Response:
        rounds.retry(failed=self.round, user=request.user, now=timezone.now())
        return self.shown()


class EvaluationsView(ProjectView):
    access = {"GET": Permission.RUN_VIEW}

    @extend_schema(
        operation_id="evaluations_list",
        tags=["rounds"],
        parameters=PAGE_PARAMETERS,
        responses=EvaluationPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        paginator = PageCursor()
        found = evaluations.of_project(project_id=self.project.pk)
        page = paginator.paginate_queryset(found, request, view=self)
        return paginator.get_paginated_response(
            EvaluationSerializer(evaluations.standings(page), many=True).data
        )


urlpatterns = [
    path("round-schema", RoundSchemaView.as_view()),
    path("projects/<slug:slug>/rounds/check", RoundCheckView.as_view()),
    path("projects/<slug:slug>/rounds", RoundsView.as_view()),
    path("projects/<slug:slug>/round-defaults", RoundDefaultsView.as_view()),
    path("projects/<slug:slug>/evaluations", EvaluationsView.as_view()),
    path("rounds/<int:round_id>", RoundView.as_view()),
    path("rounds/<int:round_id>/cancel", RoundCancelView.as_view()),
    path("rounds/<int:round_id>/retry", RoundRetryView.as_view()),
]
