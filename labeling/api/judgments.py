"""What one person said and typed: their own list, undo and drafts."""

from __future__ import annotations

from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.assignments import AssignmentView
from labeling.api.base import ProjectView
from labeling.api.examples import DRAFT, UNDO
from labeling.api.queue_serializers import (
    AssignmentSerializer,
    DraftSaveSerializer,
    DraftSerializer,
    OwnJudgmentSerializer,
    OwnJudgmentsFilterSerializer,
    UndoSerializer,
)
from labeling.core.api.pagination import PAGE_PARAMETERS, PageCursor, page_of
from labeling.core.permissions import Permission
from labeling.selectors.own_judgments import as_own, own_judgments
from labeling.selectors.queue import draft_of
from labeling.services import drafts
from labeling.services.undo import undo

OwnJudgmentPage = page_of(OwnJudgmentSerializer)


class OwnJudgmentsView(ProjectView):
    access = {"GET": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="my_judgments",
        tags=["assignments"],
        parameters=[OwnJudgmentsFilterSerializer, *PAGE_PARAMETERS],
        responses=OwnJudgmentPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Your own judgments, newest first, with what you were shown. Submitting again corrects one."""
        wanted = OwnJudgmentsFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        said = own_judgments(user=request.user, project=self.project, **wanted.validated_data)
        paginator = PageCursor()
        paginator.ordering = "-created_at"
        rows = paginator.paginate_queryset(said, request, view=self)
        return paginator.get_paginated_response(OwnJudgmentSerializer(as_own(rows or []), many=True).data)


class UndoView(AssignmentView):
    access = {"POST": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="assignments_undo",
        tags=["assignments"],
        request=UndoSerializer,
        responses=AssignmentSerializer,
        examples=UNDO,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Take your judgment back, within the protocol's `undo_seconds`. You hold the assignment
        again, with what you had said as its draft. Where the known answer was shown it stands."""
        body = UndoSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        offer = undo(user=request.user, assignment=self.assignment, now=timezone.now(), **body.validated_data)
        return Response(AssignmentSerializer(offer).data)


class DraftView(AssignmentView):
    access = {
        "GET": Permission.TASK_ANNOTATE,
        "PUT": Permission.TASK_ANNOTATE,
        "DELETE": Permission.TASK_ANNOTATE,
    }

    @extend_schema(operation_id="drafts_show", tags=["assignments"], responses=DraftSerializer)
    def get(self, request: Request, assignment_id: UUID) -> Response:
        """What you have typed so far. Nobody else sees it."""
        return Response(DraftSerializer(draft_of(self.assignment)).data)

    @extend_schema(
        operation_id="drafts_save",
        tags=["assignments"],
        request=DraftSaveSerializer,
        responses=DraftSerializer,
        examples=DRAFT,
    )
    def put(self, request: Request, assignment_id: UUID) -> Response:
        """Replace the draft at `revision`. A 409 `draft_conflict` brings what another device saved
        since, as `fields.stored`."""
        body = DraftSaveSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        draft = drafts.save_draft(assignment=self.assignment, now=timezone.now(), **body.validated_data)
        return Response(DraftSerializer(draft).data)

    @extend_schema(
        operation_id="drafts_delete", tags=["assignments"], request=None, responses={200: DraftSerializer}
    )
    def delete(self, request: Request, assignment_id: UUID) -> Response:
        """Forget the draft; the answer has the revision to go on from."""
        return Response(DraftSerializer(drafts.drop_draft(assignment=self.assignment)).data)


urlpatterns = [
    path("projects/<slug:slug>/my-judgments", OwnJudgmentsView.as_view()),
    path("assignments/<uuid:assignment_id>/undo", UndoView.as_view()),
    path("assignments/<uuid:assignment_id>/draft", DraftView.as_view()),
]
