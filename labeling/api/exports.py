from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.core.permissions import Permission
from labeling.models.prompts import Split
from labeling.models.queue import Arm
from labeling.selectors.exports import Filters
from labeling.services.export_files import ENDINGS, WRITERS
from labeling.services.export_kinds import KINDS
from labeling.services.export_rows import MESSAGES, TEXT
from labeling.services.exports import export


class ExportOptionsSerializer(serializers.Serializer):
    style = serializers.ChoiceField(
        choices=[MESSAGES, TEXT],
        required=False,
        help_text="Texts as lists of messages (conversational) or as plain text, where a kind has both.",
    )
    arm = serializers.ListField(
        child=serializers.ChoiceField(choices=Arm.choices),
        default=list,
        help_text="Why tasks were asked. Without it, what is for training leaves out evaluation and repeats.",
    )
    split = serializers.ListField(child=serializers.ChoiceField(choices=Split.choices), default=list)
    tag = serializers.ListField(
        child=serializers.CharField(max_length=100), default=list, help_text="At least one of them."
    )
    annotator = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), default=list
    )
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    adjudicated = serializers.BooleanField(
        allow_null=True, default=None, help_text="Only what adjudication decided, or only the rest."
    )

    def filters(self) -> Filters:
        given = self.validated_data
        return Filters(
            arms=given["arm"],
            splits=given["split"],
            tags=given["tag"],
            annotators=given["annotator"],
            since=given.get("since"),
            until=given.get("until"),
            adjudicated=given["adjudicated"],
        )


def _renderer(name: str, media: str) -> type[JSONRenderer]:
    """Lets a caller ask for a form of file, by Accept or `?format=`; a refusal is still a JSON object."""
    return type(f"{name.title()}Renderer", (JSONRenderer,), {"media_type": media, "format": name})


RENDERERS = [JSONRenderer, *(_renderer(name, media) for name, (media, _) in WRITERS.items())]
_DECLARED: dict[str, Any] = {
    "jsonl": OpenApiTypes.STR,
    "list": {"type": "array", "items": {"type": "object", "additionalProperties": {}}},
    "features": {"type": "object", "additionalProperties": {}},
}
FILES = {(200, media): _DECLARED.get(name, OpenApiTypes.BINARY) for name, (media, _) in WRITERS.items()}


class FileView(ProjectView):
    """Answers with a file in the form asked for, and refuses in JSON."""

    renderer_classes = RENDERERS

    def handle_exception(self, exc: Exception) -> Response:
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = JSONRenderer.media_type
        return super().handle_exception(exc)


class ExportView(FileView):
    access = {"GET": Permission.LABELS_EXPORT}
    kind = ""

    def export(self, request: Request) -> StreamingHttpResponse:
        options = ExportOptionsSerializer(data=request.query_params)
        options.is_valid(raise_exception=True)
        asked = str(request.accepted_renderer.format)
        made = export(
            project=self.project,
            kind=self.kind,
            file_format=asked if asked in WRITERS else "jsonl",
            style=options.validated_data.get("style", ""),
            filters=options.filters(),
            actor=request.user,
            now=timezone.now(),
        )
        name = f"{self.project.slug}-{self.kind}.{ENDINGS[made.file_format]}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(made.chunks, content_type=made.media_type, headers=headers)


def _view(name: str) -> Any:
    """A class for each kind: the schema describes each by its own words."""
    kind = KINDS[name]
    word = name.replace("-", "_")

    @extend_schema(
        operation_id=f"export_{word}",
        tags=["exports"],
        parameters=[ExportOptionsSerializer],
        description=f"{kind.summary} JSON Lines unless `format` or `Accept` asks for list, csv or parquet.",
        responses=FILES,
    )
    def get(self: ExportView, request: Request, slug: str) -> StreamingHttpResponse:
        return self.export(request)

    return type(f"{word.title().replace('_', '')}ExportView", (ExportView,), {"kind": name, "get": get})


urlpatterns = [path(f"projects/<slug:slug>/export/{name}", _view(name).as_view()) for name in KINDS]
