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
from labeling.core.errors import NotFound
from labeling.core.permissions import Permission
from rlhf.api.base import ArtifactResponse, ProjectView, artifact, check_visible, whole_number
from rlhf.api.serializers import (
    SnapshotCreateSerializer,
    SnapshotRowsSerializer,
    SnapshotSerializer,
    SnapshotSupersededSerializer,
)
from rlhf.models import Snapshot
from rlhf.selectors import snapshots as selectors
from rlhf.services import snapshots

SnapshotPage = page_of(SnapshotSerializer)
SnapshotSupersededPage = page_of(SnapshotSupersededSerializer)
MAX_ROWS = 200


class SnapshotsView(ProjectView):
    access = {"GET": Permission.SNAPSHOT_VIEW, "POST": Permission.SNAPSHOT_CREATE}

    @extend_schema(
        operation_id="snapshots_list", tags=["snapshots"], parameters=PAGE_PARAMETERS, responses=SnapshotPage
    )
    def get(self, request: Request, slug: str) -> Response:
        return self.page(selectors.of_project(project_id=self.project.pk), SnapshotSerializer)

    @extend_schema(
        operation_id="snapshots_create",
        tags=["snapshots"],
        request=SnapshotCreateSerializer,
        responses={201: SnapshotSerializer},
        description="Freeze labels. The same content again gives the snapshot that exists.",
    )
    def post(self, request: Request, slug: str) -> Response:
        body = SnapshotCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked: dict[str, Any] = dict(body.validated_data)
        snapshot = snapshots.freeze(
            project=self.project,
            kind=asked.pop("kind"),
            name=asked.pop("name"),
            filters=asked,
            user=request.user,
            now=timezone.now(),
        )
        return Response(SnapshotSerializer(snapshot).data, status=201)


class OneSnapshotView(ApiView):
    snapshot: Snapshot

    def check_project(self, request: Request, needed: Permission, **kwargs: Any) -> None:
        self.snapshot = selectors.get(snapshot_id=kwargs["snapshot_id"])
        check_visible(request, self.snapshot.project, needed, selectors.unknown(self.snapshot.pk))


class SnapshotView(OneSnapshotView):
    access = {"GET": Permission.SNAPSHOT_VIEW}

    @extend_schema(operation_id="snapshots_show", tags=["snapshots"], responses=SnapshotSerializer)
    def get(self, request: Request, snapshot_id: int) -> Response:
        return Response(SnapshotSerializer(self.snapshot).data)


class SnapshotRowsView(OneSnapshotView):
    access = {"GET": Permission.SNAPSHOT_VIEW}

    @extend_schema(
        operation_id="snapshots_rows",
        tags=["snapshots"],
        parameters=[
            OpenApiParameter("split", str, enum=["train", "validation", "test"]),
            OpenApiParameter("offset", int),
            OpenApiParameter("limit", int, description=f"At most {MAX_ROWS}."),
        ],
        responses=SnapshotRowsSerializer,
    )
    def get(self, request: Request, snapshot_id: int) -> Response:
        split = request.query_params.get("split", "train")
        limit = min(whole_number(request, "limit", 50), MAX_ROWS)
        rows = selectors.rows(
            snapshot=self.snapshot, split=split, offset=whole_number(request, "offset", 0), limit=limit
        )
        return Response({"rows": rows, "num_rows": self.snapshot.num_rows.get(split, 0)})


class SnapshotSupersededView(OneSnapshotView):
    access = {"GET": Permission.SNAPSHOT_VIEW}

    @extend_schema(
        operation_id="snapshots_superseded",
        tags=["snapshots"],
        parameters=PAGE_PARAMETERS,
        responses=SnapshotSupersededPage,
    )
    def get(self, request: Request, snapshot_id: int) -> Response:
        """Judgments in it that were corrected or taken back since it was frozen."""
        found = selectors.superseded_since(snapshot=self.snapshot)
        return self.page(found, SnapshotSupersededSerializer)


class SnapshotFileView(OneSnapshotView):
    access = {"GET": Permission.SNAPSHOT_VIEW}

    @extend_schema(
        operation_id="snapshots_file",
        tags=["snapshots"],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        description="One split as Parquet, readable by `datasets`: train.parquet, validation.parquet, …",
    )
    def get(self, request: Request, snapshot_id: int, name: str) -> ArtifactResponse:
        return snapshot_file(self.snapshot, name)


def snapshot_file(snapshot: Snapshot, name: str) -> ArtifactResponse:
    stored = next((file for file in snapshot.files if file["name"] == name), None)
    if stored is None:
        raise NotFound(f"Snapshot {snapshot.pk} has no file {name}.")
    return artifact(path=f"{snapshot.path}/{name}", size=stored["size"], name=f"{snapshot.pk}-{name}")


urlpatterns = [
    path("projects/<slug:slug>/snapshots", SnapshotsView.as_view()),
    path("snapshots/<int:snapshot_id>", SnapshotView.as_view()),
    path("snapshots/<int:snapshot_id>/rows", SnapshotRowsView.as_view()),
    path("snapshots/<int:snapshot_id>/superseded", SnapshotSupersededView.as_view()),
    path("snapshots/<int:snapshot_id>/files/<str:name>", SnapshotFileView.as_view()),
]
