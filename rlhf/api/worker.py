"""What workers may do: read what their run needs, and report on it. The token says which run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core.api.views import ApiView
from labeling.core.errors import DomainError, NotFound
from labeling.core.permissions import Access
from rlhf import storage
from rlhf.api.authentication import RunTokenAuthentication
from rlhf.api.base import ArtifactResponse, artifact
from rlhf.api.serializers import StoredFileSerializer
from rlhf.api.snapshots import snapshot_file
from rlhf.models import Run
from rlhf.selectors import models as model_selectors
from rlhf.selectors import runs as selectors
from rlhf.selectors import snapshots as snapshot_selectors
from rlhf.services import reports, run_files, runs

FILE = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class WorkerRunSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    attempt = serializers.IntegerField()
    spec = serializers.DictField()
    models = serializers.DictField()
    snapshot = serializers.DictField(allow_null=True)
    checkpoint = serializers.DictField(allow_null=True)
    last_seq = serializers.IntegerField()
    last_step = serializers.IntegerField(help_text="The highest step with metrics; 0 if none.")
    last_step_metrics = serializers.ListField(
        child=serializers.CharField(), help_text="The metrics known of that step."
    )
    heartbeat_seconds = serializers.IntegerField()


class WorkerEventsSerializer(serializers.Serializer):
    first_seq = serializers.IntegerField(min_value=1, max_value=2_000_000_000)
    events = serializers.ListField(child=serializers.DictField())


class WorkerEventsReceiptSerializer(serializers.Serializer):
    last_seq = serializers.IntegerField()
    cancel = serializers.BooleanField()


class WorkerHeartbeatSerializer(serializers.Serializer):
    cancel = serializers.BooleanField()


class WorkerFinishSerializer(serializers.Serializer):
    state = serializers.ChoiceField(["succeeded", "failed", "cancelled"])
    result = serializers.DictField(required=False)
    error = serializers.CharField(required=False, allow_blank=True)


class WorkerStateSerializer(serializers.Serializer):
    state = serializers.ChoiceField(Run.State.choices)


class RawBody(BaseParser):
    """Marks a body that the view reads itself, piece by piece."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream


class WorkerView(ApiView):
    authentication_classes = (RunTokenAuthentication,)
    # Only `finish` still answers for a run that is over, so that it can be repeated.
    serves_finished_runs = False

    @property
    def run(self) -> Run:
        return self.request.user.run

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.run.state not in runs.ACTIVE and not self.serves_finished_runs:
            raise runs.dead_token()


class WorkerRunView(WorkerView):
    access = {"GET": Access.RUN_TOKEN}

    @extend_schema(operation_id="worker_run", tags=["worker"], responses=WorkerRunSerializer)
    def get(self, request: Request) -> Response:
        return Response(reports.assignment(run=self.run, now=timezone.now()))


class WorkerModelFileView(WorkerView):
    access = {"GET": Access.RUN_TOKEN}

    @extend_schema(operation_id="worker_model_file", tags=["worker"], responses=FILE)
    def get(self, request: Request, model_id: int, name: str) -> ArtifactResponse:
        model = model_selectors.read_by(run=self.run).get(model_id)
        if model is None or model.produced_by is None:
            raise NotFound(f"This run reads no stored model {model_id}.")
        file = selectors.file(run=model.produced_by, name=f"model/{name}")
        return artifact(path=file.path, size=file.size, name=name)


class WorkerCriticFileView(WorkerView):
    access = {"GET": Access.RUN_TOKEN}

    @extend_schema(operation_id="worker_critic_file", tags=["worker"], responses=FILE)
    def get(self, request: Request, name: str) -> ArtifactResponse:
        model = model_selectors.read_by(run=self.run).get(self.run.inputs["models"].get("critic_from"))
        if model is None or model.produced_by is None:
            raise NotFound("This run starts from no critic.")
        file = selectors.file(run=model.produced_by, name=f"critic/{name}")
        return artifact(path=file.path, size=file.size, name=name)


class WorkerSnapshotFileView(WorkerView):
    access = {"GET": Access.RUN_TOKEN}

    @extend_schema(operation_id="worker_snapshot_file", tags=["worker"], responses=FILE)
    def get(self, request: Request, name: str) -> ArtifactResponse:
        return snapshot_file(snapshot_selectors.get(snapshot_id=self.run.inputs["snapshot"]), name)


class WorkerFileView(WorkerView):
    access = {"GET": Access.RUN_TOKEN, "PUT": Access.RUN_TOKEN}
    parser_classes = (RawBody,)

    @extend_schema(operation_id="worker_file", tags=["worker"], responses=FILE)
    def get(self, request: Request, name: str) -> ArtifactResponse:
        file = selectors.file(run=self.run, name=name)
        return artifact(path=file.path, size=file.size, name=name)

    @extend_schema(
        operation_id="worker_store_file",
        tags=["worker"],
        parameters=[
            OpenApiParameter("X-SHA256", str, OpenApiParameter.HEADER, required=True),
            OpenApiParameter("Content-Length", int, OpenApiParameter.HEADER, required=True),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={201: StoredFileSerializer},
    )
    def put(self, request: Request, name: str) -> Response:
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length.isdecimal():
            raise DomainError("Send Content-Length: chunked bodies are not read here.", status=411)
        file = run_files.store(
            run=self.run,
            name=name,
            chunks=_chunks(request),
            sha256=request.headers.get("X-SHA256", ""),
            size=int(length),
            now=timezone.now(),
        )
        return Response(StoredFileSerializer(file).data, status=201)


class WorkerEventsView(WorkerView):
    access = {"POST": Access.RUN_TOKEN}
    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="worker_events",
        tags=["worker"],
        request=WorkerEventsSerializer,
        responses=WorkerEventsReceiptSerializer,
    )
    def post(self, request: Request) -> Response:
        body = WorkerEventsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        receipt = reports.take_events(
            run=self.run,
            first_seq=body.validated_data["first_seq"],
            raw=body.validated_data["events"],
            now=timezone.now(),
        )
        return Response(receipt._asdict())


class WorkerHeartbeatView(WorkerView):
    access = {"POST": Access.RUN_TOKEN}

    @extend_schema(
        operation_id="worker_heartbeat", tags=["worker"], request=None, responses=WorkerHeartbeatSerializer
    )
    def post(self, request: Request) -> Response:
        return Response({"cancel": reports.heartbeat(run=self.run, now=timezone.now())})


class WorkerFinishView(WorkerView):
    access = {"POST": Access.RUN_TOKEN}
    serves_finished_runs = True

    @extend_schema(
        operation_id="worker_finish",
        tags=["worker"],
        request=WorkerFinishSerializer,
        responses=WorkerStateSerializer,
        description="May be repeated. A success whose files are unusable answers with `failed`.",
    )
    def post(self, request: Request) -> Response:
        body = WorkerFinishSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        state = runs.finish(
            run=self.run,
            outcome=body.validated_data["state"],
            result=body.validated_data.get("result"),
            error=body.validated_data.get("error", ""),
            now=timezone.now(),
        )
        return Response({"state": state})


def _chunks(request: Request) -> Iterator[bytes]:
    while chunk := request._request.read(storage.CHUNK_BYTES):
        yield chunk


urlpatterns = [
    path("worker/run", WorkerRunView.as_view()),
    path("worker/models/<int:model_id>/files/<path:name>", WorkerModelFileView.as_view()),
    path("worker/critic/files/<path:name>", WorkerCriticFileView.as_view()),
    path("worker/snapshot/files/<str:name>", WorkerSnapshotFileView.as_view()),
    path("worker/files/<path:name>", WorkerFileView.as_view()),
    path("worker/events", WorkerEventsView.as_view()),
    path("worker/heartbeat", WorkerHeartbeatView.as_view()),
    path("worker/finish", WorkerFinishView.as_view()),
]
