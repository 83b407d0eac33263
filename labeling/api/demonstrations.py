from __future__ import annotations

from django.http import StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.examples import DEMONSTRATIONS
from labeling.api.exports import LINES, ExportView
from labeling.api.json_lines import stream_rows
from labeling.core.permissions import Permission
from labeling.models.queue import Arm
from labeling.selectors import labels
from labeling.services.demonstrations import queue_demonstrations


class DemonstrationsQueueSerializer(serializers.Serializer):
    reference = serializers.CharField(
        max_length=150, help_text="Yours; the same reference again queues nothing."
    )
    name = serializers.CharField(max_length=200, allow_blank=True, default="")
    prompt_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=10_000, default=list
    )
    prompts = serializers.ListField(
        child=serializers.DictField(),
        max_length=10_000,
        default=list,
        help_text="New ones, as rows of an import without responses.",
    )
    arm = serializers.ChoiceField(choices=Arm.choices, default=Arm.RANDOM)
    overlap = serializers.IntegerField(min_value=1, max_value=100, default=1)
    priority = serializers.IntegerField(min_value=-1_000_000, max_value=1_000_000, default=0)


class DemonstrationsQueuedSerializer(serializers.Serializer):
    batch = serializers.IntegerField(source="batch.pk")
    tasks_created = serializers.IntegerField()
    replayed = serializers.BooleanField()


class DemonstrationsView(ProjectView):
    access = {"POST": Permission.IMPORT_RUN}

    @extend_schema(
        operation_id="demonstrations_queue",
        tags=["demonstrations"],
        request=DemonstrationsQueueSerializer,
        responses={201: DemonstrationsQueuedSerializer, 200: DemonstrationsQueuedSerializer},
        examples=DEMONSTRATIONS,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask people to write responses to these prompts: one task of kind `demonstrate` each."""
        body = DemonstrationsQueueSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        queued = queue_demonstrations(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(DemonstrationsQueuedSerializer(queued).data, status=200 if queued.replayed else 201)


class DemonstrationsExportView(ExportView):
    @extend_schema(operation_id="export_demonstrations", tags=["exports"], responses=LINES)
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """What people wrote, or edited into shape, with an explicit prompt: one in each line."""
        rows = labels.demonstrations(project_id=self.project.pk)
        return stream_rows((_demonstration(row) for row in rows), filename=f"{slug}-demonstrations.jsonl")


def _demonstration(row: labels.DemonstrationRow) -> dict[str, object]:
    fields = row._asdict()
    return {
        "prompt": fields.pop("prompt_messages"),
        "completion": fields.pop("messages"),
        "judgment": fields.pop("judgment_id"),
        "annotator": fields.pop("annotator_id"),
        **fields,
    }


urlpatterns = [
    path("projects/<slug:slug>/demonstrations", DemonstrationsView.as_view()),
    path("projects/<slug:slug>/export/demonstrations", DemonstrationsExportView.as_view()),
]
