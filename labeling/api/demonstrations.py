from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.examples import DEMONSTRATIONS
from labeling.core.permissions import Permission
from labeling.models.queue import Arm
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


urlpatterns = [
    path("projects/<slug:slug>/demonstrations", DemonstrationsView.as_view()),
]
