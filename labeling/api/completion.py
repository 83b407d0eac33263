from __future__ import annotations

from django.http import StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.people_serializers import CompletionCodeSerializer, CompletionCodeShownSerializer
from labeling.core.api.csv import CSV, CSV_RENDERERS, stream_csv
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors.people import completion_codes
from labeling.services.completion import issue_code

CompletionCodePage = page_of(CompletionCodeSerializer)
HEADER = ["code", "platform", "worker_id", "annotator", "name", "num_judgments", "created_at"]


class MyCompletionCodeView(ProjectView):
    access = {"POST": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="completion_code_issue",
        tags=["members"],
        request=None,
        responses={201: CompletionCodeShownSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Your completion code, once you have judged enough; it is shown this once."""
        made = issue_code(user=request.user, project=self.project, now=timezone.now())
        return Response(CompletionCodeShownSerializer(made).data, status=201)


class CompletionCodesView(ProjectView):
    access = {"GET": Permission.TIMESHEET_VIEW}

    @extend_schema(
        operation_id="completion_codes_list",
        tags=["members"],
        parameters=PAGE_PARAMETERS,
        responses=CompletionCodePage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Who got which code, with their worker's id on the platform they came from."""
        return self.page(completion_codes(project_id=self.project.pk), CompletionCodeSerializer)


class CompletionCodesCsvView(ProjectView):
    access = {"GET": Permission.TIMESHEET_VIEW}
    renderer_classes = CSV_RENDERERS

    @extend_schema(operation_id="completion_codes_csv", tags=["members"], responses=CSV)
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        codes = completion_codes(project_id=self.project.pk).order_by("id").iterator(chunk_size=2000)
        rows = (CompletionCodeSerializer(code).data for code in codes)
        return stream_csv(
            HEADER, ([row[name] for name in HEADER] for row in rows), filename=f"{slug}-codes.csv"
        )


urlpatterns = [
    path("projects/<slug:slug>/my-completion-code", MyCompletionCodeView.as_view()),
    path("projects/<slug:slug>/completion-codes", CompletionCodesView.as_view()),
    path("projects/<slug:slug>/completion-codes/csv", CompletionCodesCsvView.as_view()),
]
