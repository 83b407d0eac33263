from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.json_lines import MEDIA_TYPE, JsonLinesParser
from labeling.api.queue_serializers import ImportOptionsSerializer, ImportResultSerializer
from labeling.core.errors import DomainError
from labeling.core.permissions import Permission
from labeling.services.imports import import_rows

MAX_BYTES = 2 * 2**30


class ImportsView(ProjectView):
    access = {"POST": Permission.IMPORT_RUN}
    parser_classes = [JsonLinesParser]

    @extend_schema(
        operation_id="imports_create",
        tags=["imports"],
        parameters=[ImportOptionsSerializer],
        request={MEDIA_TYPE: OpenApiTypes.STR},
        responses=ImportResultSerializer,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Import JSON Lines: prompts, responses to rank, or preferences. All rows or none."""
        options = ImportOptionsSerializer(data=request.query_params)
        options.is_valid(raise_exception=True)
        _check_length(request)
        result = import_rows(
            project=self.project,
            stream=request.data,
            actor=request.user,
            now=timezone.now(),
            **options.validated_data,
        )
        return Response(ImportResultSerializer(result).data)


def _check_length(request: Request) -> None:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        raise DomainError(
            "The body has no length: send it with Content-Length.", code="length_required", status=411
        )
    if not length or length == "0":
        raise DomainError("The body is empty: put one JSON object in each line.", code="empty")
    if int(length) > MAX_BYTES:
        raise DomainError(
            f"The file is larger than {MAX_BYTES // 2**30} GiB: import it in parts.",
            code="too_large",
            status=413,
        )


urlpatterns = [path("projects/<slug:slug>/imports", ImportsView.as_view())]
