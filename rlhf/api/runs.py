from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.api.views import ApiView
from labeling.core.permissions import Access, Permission
from rlhf.api.base import ProjectView, check_visible, json_object, one_of, whole_number
from rlhf.api.serializers import (
    LogsSerializer,
    MetricsSerializer,
    PresetSerializer,
    RunSamplesSerializer,
    RunSerializer,
    VerdictSerializer,
)
from rlhf.models import Run
from rlhf.presets import PRESETS
from rlhf.selectors import runs as selectors
from rlhf.services import launching, runs
from rlhf.specs import SPECS

RunPage = page_of(RunSerializer)
AFTER_ID = [OpenApiParameter("after_id", int, description="Only what came after this id.")]


class RunKindsView(ApiView):
    access = {"GET": Access.SIGNED_IN}

    @extend_schema(
        operation_id="run_kinds",
        tags=["runs"],
        responses=OpenApiTypes.OBJECT,
        description="The JSON Schema of each kind of run's spec.",
    )
    def get(self, request: Request) -> Response:
        return Response({kind: spec.model_json_schema() for kind, spec in SPECS.items()})


class RunPresetsView(ApiView):
    access = {"GET": Access.SIGNED_IN}

    @extend_schema(operation_id="run_presets", tags=["runs"], responses=PresetSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(PresetSerializer(PRESETS, many=True).data)


class RunCheckView(ProjectView):
    access = {"POST": Permission.RUN_LAUNCH}

    @extend_schema(
        operation_id="runs_check",
        tags=["runs"],
        request=OpenApiTypes.OBJECT,
        responses=VerdictSerializer,
        description="The body is that of a launch. Nothing is stored.",
    )
    def post(self, request: Request, slug: str) -> Response:
        verdict = launching.check(project=self.project, raw=json_object(request))
        return Response(VerdictSerializer(verdict).data)


class RunsView(ProjectView):
    access = {"GET": Permission.RUN_VIEW, "POST": Permission.RUN_LAUNCH}

    @extend_schema(
        operation_id="runs_list",
        tags=["runs"],
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("kind", str, enum=Run.Kind.values),
            OpenApiParameter("state", str, enum=Run.State.values),
        ],
        responses=RunPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        found = selectors.of_project(
            project_id=self.project.pk,
            kind=one_of(request, "kind", Run.Kind.values),
            state=one_of(request, "state", Run.State.values),
        )
        return self.page(found, RunSerializer)

    @extend_schema(
        operation_id="runs_launch",
        tags=["runs"],
        request=OpenApiTypes.OBJECT,
        responses={201: RunSerializer},
        description="The body is the run's spec with its `kind`; /api/run-kinds has the JSON Schemas.",
    )
    def post(self, request: Request, slug: str) -> Response:
        run = launching.launch(
            project=self.project, raw=json_object(request), user=request.user, now=timezone.now()
        )
        return Response(RunSerializer(selectors.get(run_id=run.pk)).data, status=201)


class OneRunView(ApiView):
    run: Run

    def check_project(self, request: Request, needed: Permission, **kwargs: Any) -> None:
        self.run = selectors.get(run_id=kwargs["run_id"])
        check_visible(request, self.run.project, needed, selectors.unknown(self.run.pk))

    def shown(self) -> Response:
        return Response(RunSerializer(selectors.get(run_id=self.run.pk)).data)


class RunView(OneRunView):
    access = {"GET": Permission.RUN_VIEW}

    @extend_schema(operation_id="runs_show", tags=["runs"], responses=RunSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        return self.shown()


class RunCancelView(OneRunView):
    access = {"POST": Permission.RUN_LAUNCH}

    @extend_schema(operation_id="runs_cancel", tags=["runs"], request=None, responses=RunSerializer)
    def post(self, request: Request, run_id: int) -> Response:
        runs.cancel(run=self.run, user=request.user, now=timezone.now())
        return self.shown()


class RunRetryView(OneRunView):
    access = {"POST": Permission.RUN_LAUNCH}

    @extend_schema(
        operation_id="runs_retry",
        tags=["runs"],
        request=None,
        responses=RunSerializer,
        description="Queue a failed or cancelled run again; it goes on from its last checkpoint.",
    )
    def post(self, request: Request, run_id: int) -> Response:
        runs.retry(run=self.run, user=request.user, now=timezone.now())
        return self.shown()


class RunMetricsView(OneRunView):
    access = {"GET": Permission.RUN_VIEW}

    @extend_schema(
        operation_id="runs_metrics", tags=["runs"], parameters=AFTER_ID, responses=MetricsSerializer
    )
    def get(self, request: Request, run_id: int) -> Response:
        points = selectors.metrics(run=self.run, after_id=whole_number(request, "after_id", 0))
        return Response({"points": list(points.values("id", "key", "step", "value"))})


class RunLogsView(OneRunView):
    access = {"GET": Permission.RUN_VIEW}

    @extend_schema(operation_id="runs_logs", tags=["runs"], parameters=AFTER_ID, responses=LogsSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        lines = selectors.log_lines(run=self.run, after_id=whole_number(request, "after_id", 0))
        return Response({"lines": list(lines.values("id", "attempt", "seq", "at", "line"))})


class RunSamplesView(OneRunView):
    access = {"GET": Permission.RUN_VIEW}

    @extend_schema(
        operation_id="runs_samples",
        tags=["runs"],
        parameters=[OpenApiParameter("offset", int), OpenApiParameter("limit", int)],
        responses=RunSamplesSerializer,
    )
    def get(self, request: Request, run_id: int) -> Response:
        rows = selectors.samples(
            run=self.run,
            offset=whole_number(request, "offset", 0),
            limit=min(whole_number(request, "limit", 50), 200),
        )
        return Response({"rows": rows})


urlpatterns = [
    path("run-kinds", RunKindsView.as_view()),
    path("run-presets", RunPresetsView.as_view()),
    path("projects/<slug:slug>/runs/check", RunCheckView.as_view()),
    path("projects/<slug:slug>/runs", RunsView.as_view()),
    path("runs/<int:run_id>", RunView.as_view()),
    path("runs/<int:run_id>/cancel", RunCancelView.as_view()),
    path("runs/<int:run_id>/retry", RunRetryView.as_view()),
    path("runs/<int:run_id>/metrics", RunMetricsView.as_view()),
    path("runs/<int:run_id>/logs", RunLogsView.as_view()),
    path("runs/<int:run_id>/samples", RunSamplesView.as_view()),
]
