from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.exports import RENDERERS, FileView
from labeling.api.import_serializers import (
    ImportFormatsSerializer,
    ImportJobOptionsSerializer,
    ImportJobSerializer,
    ImportTextsOptionsSerializer,
)
from labeling.api.json_lines import FILE_MEDIA_TYPE, MEDIA_TYPE, FileParser, JsonLinesParser
from labeling.api.queue_serializers import ImportOptionsSerializer, ImportResultSerializer
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.errors import DomainError
from labeling.core.permissions import Permission
from labeling.models import ImportJob
from labeling.selectors import imports as selectors
from labeling.services import import_jobs
from labeling.services.formats import FORMATS
from labeling.services.imports import import_rows
from labeling.services.readers import KINDS

MAX_BYTES = 2 * 2**30
ImportJobPage = page_of(ImportJobSerializer)
LINES = OpenApiExample(
    "Two rows",
    value='{"prompt": "Where is my parcel?", "responses": ["In Bonn.", "No idea."]}\n'
    '{"prompt": "Where is it?", "chosen": "In Bonn.", "rejected": "Look yourself."}\n',
    media_type=MEDIA_TYPE,
    request_only=True,
)


class ImportsView(ProjectView):
    access = {"POST": Permission.IMPORT_RUN}
    parser_classes = [JsonLinesParser]

    @extend_schema(
        operation_id="imports_create",
        tags=["imports"],
        parameters=[ImportOptionsSerializer],
        request={MEDIA_TYPE: OpenApiTypes.STR},
        responses=ImportResultSerializer,
        examples=[LINES],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Import JSON Lines at once: prompts, responses to rank, or judgments. All rows or none.
        Larger files, and other kinds of file, are imported by a job."""
        options = ImportOptionsSerializer(data=request.query_params)
        options.is_valid(raise_exception=True)
        _check_length(request, MAX_BYTES)
        result = import_rows(
            project=self.project,
            stream=request.data,
            actor=request.user,
            now=timezone.now(),
            **options.validated_data,
        )
        return Response(ImportResultSerializer(result).data)


class ImportFormatsView(ProjectView):
    access = {"GET": Permission.IMPORT_RUN}

    @extend_schema(operation_id="import_formats", tags=["imports"], responses=ImportFormatsSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """What rows may look like, and what they may be packed in."""
        return Response(ImportFormatsSerializer({"formats": FORMATS, "endings": [*KINDS, ".zip"]}).data)


class ImportJobsView(ProjectView):
    access = {"GET": Permission.IMPORT_RUN, "POST": Permission.IMPORT_RUN}
    parser_classes = [FileParser]

    @extend_schema(
        operation_id="import_jobs_list", tags=["imports"], parameters=PAGE_PARAMETERS, responses=ImportJobPage
    )
    def get(self, request: Request, slug: str) -> Response:
        """Imports in the background, newest first."""
        return self.page(selectors.jobs(project_id=self.project.pk), ImportJobSerializer)

    @extend_schema(
        operation_id="import_jobs_create",
        tags=["imports"],
        parameters=[ImportJobOptionsSerializer],
        request={FILE_MEDIA_TYPE: OpenApiTypes.BINARY},
        responses={201: ImportJobSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Upload a file of rows; it is imported in the background, a batch at a time."""
        options = ImportJobOptionsSerializer(data=request.query_params)
        options.is_valid(raise_exception=True)
        given = dict(options.validated_data)
        _check_length(request, import_jobs.MAX_BYTES)
        job = import_jobs.upload(
            actor=request.user,
            project=self.project,
            filename=given.pop("filename"),
            stream=request.data,
            waits_for_texts=given.pop("waits_for_texts"),
            options=import_jobs.ImportOptions(**given),
            now=timezone.now(),
        )
        return Response(ImportJobSerializer(job).data, status=201)


class ImportJobView(ProjectView):
    """Of one import."""

    @property
    def job(self) -> ImportJob:
        return selectors.job_of(project=self.project, job_id=self.kwargs["job_id"])


class ImportJobDetailView(ImportJobView):
    access = {"GET": Permission.IMPORT_RUN}

    @extend_schema(operation_id="import_jobs_show", tags=["imports"], responses=ImportJobSerializer)
    def get(self, request: Request, slug: str, job_id: int) -> Response:
        return Response(ImportJobSerializer(self.job).data)


class ImportJobTextsView(ImportJobView):
    access = {"PUT": Permission.IMPORT_RUN}
    parser_classes = [FileParser]

    @extend_schema(
        operation_id="import_jobs_texts",
        tags=["imports"],
        parameters=[ImportTextsOptionsSerializer],
        request={FILE_MEDIA_TYPE: OpenApiTypes.BINARY},
        responses=ImportJobSerializer,
    )
    def put(self, request: Request, slug: str, job_id: int) -> Response:
        """The second file of an import that waits for it; then it begins."""
        options = ImportTextsOptionsSerializer(data=request.query_params)
        options.is_valid(raise_exception=True)
        _check_length(request, import_jobs.MAX_TEXTS_BYTES)
        job = import_jobs.add_texts(job=self.job, stream=request.data, **options.validated_data)
        return Response(ImportJobSerializer(job).data)


class ImportJobCancelView(ImportJobView):
    access = {"POST": Permission.IMPORT_RUN}

    @extend_schema(
        operation_id="import_jobs_cancel", tags=["imports"], request=None, responses=ImportJobSerializer
    )
    def post(self, request: Request, slug: str, job_id: int) -> Response:
        """Stop behind the batch under way; what is stored stays."""
        job = import_jobs.cancel(actor=request.user, job=self.job, now=timezone.now())
        return Response(ImportJobSerializer(job).data)


class ImportJobResumeView(ImportJobView):
    access = {"POST": Permission.IMPORT_RUN}

    @extend_schema(
        operation_id="import_jobs_resume", tags=["imports"], request=None, responses=ImportJobSerializer
    )
    def post(self, request: Request, slug: str, job_id: int) -> Response:
        """Go on behind the last whole batch of a failed or cancelled import."""
        return Response(ImportJobSerializer(import_jobs.resume(actor=request.user, job=self.job)).data)


class ImportJobErrorsView(FileView, ImportJobView):
    access = {"GET": Permission.IMPORT_RUN}
    renderer_classes = [one for one in RENDERERS if one.format in ("json", "jsonl", "csv")]

    @extend_schema(
        operation_id="import_jobs_errors",
        tags=["imports"],
        responses={(200, MEDIA_TYPE): OpenApiTypes.STR, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, slug: str, job_id: int) -> StreamingHttpResponse:
        """The rows left out, as a file: line, message, and the row as it stood. JSON Lines unless
        `format` or `Accept` asks for csv. The first ten thousand of them."""
        rows = selectors.problems(job=self.job)
        as_csv = request.accepted_renderer.format == "csv"
        lines = _csv(rows) if as_csv else _json_lines(rows)
        ending, media = ("csv", "text/csv") if as_csv else ("jsonl", MEDIA_TYPE)
        headers = {"Content-Disposition": f'attachment; filename="import-{job_id}-errors.{ending}"'}
        return StreamingHttpResponse(lines, content_type=media, headers=headers)


def _json_lines(rows: Iterator[tuple[int, str, str]]) -> Iterator[str]:
    for line, message, raw in rows:
        yield json.dumps({"line": line, "message": message, "row": raw}, ensure_ascii=False) + "\n"


def _csv(rows: Iterator[tuple[int, str, str]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in (("line", "message", "row"), *rows):
        writer.writerow(row)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _check_length(request: Request, max_bytes: int) -> None:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        raise DomainError(
            "The body has no length: send it with Content-Length.", code="length_required", status=411
        )
    if not length or length == "0":
        raise DomainError("The body is empty: put one JSON object in each line.", code="empty")
    if int(length) > max_bytes:
        raise DomainError(
            f"The file is larger than {max_bytes / 2**30:g} GiB: import it in parts.",
            code="too_large",
            status=413,
        )


urlpatterns = [
    path("projects/<slug:slug>/imports", ImportsView.as_view()),
    path("projects/<slug:slug>/import-formats", ImportFormatsView.as_view()),
    path("projects/<slug:slug>/import-jobs", ImportJobsView.as_view()),
    path("projects/<slug:slug>/import-jobs/<int:job_id>", ImportJobDetailView.as_view()),
    path("projects/<slug:slug>/import-jobs/<int:job_id>/texts", ImportJobTextsView.as_view()),
    path("projects/<slug:slug>/import-jobs/<int:job_id>/cancel", ImportJobCancelView.as_view()),
    path("projects/<slug:slug>/import-jobs/<int:job_id>/resume", ImportJobResumeView.as_view()),
    path("projects/<slug:slug>/import-jobs/<int:job_id>/errors", ImportJobErrorsView.as_view()),
]
