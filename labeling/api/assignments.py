from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import AssignmentView, ProjectView
from labeling.api.examples import SKIP, SUBMIT
from labeling.api.judgment_serializers import said_of
from labeling.api.queue_serializers import (
    AssignmentNextSerializer,
    AssignmentOffersSerializer,
    AssignmentSkipSerializer,
    JudgmentSubmitSerializer,
    JudgmentSubmittedSerializer,
    LeaseRenewedSerializer,
    LeaseSerializer,
    MyWorkSerializer,
)
from labeling.core.api.serializers import checked, represented
from labeling.core.permissions import Permission
from labeling.selectors.gold import feedback_of
from labeling.selectors.queue import my_work
from labeling.services import assignments, judgments


class NextAssignmentsView(ProjectView):
    access = {"POST": Permission.TASK_ANNOTATE}
    served_while_archived = frozenset({"POST"})  # it answers that there is nothing to do, and why

    @extend_schema(
        operation_id="assignments_next",
        tags=["assignments"],
        request=AssignmentNextSerializer,
        responses=AssignmentOffersSerializer,
    )
    def post(self, request: Request, slug: str) -> Response:
        """What to judge next: first what you hold (but for `exclude`), then new assignments."""
        wanted = checked(AssignmentNextSerializer, request.data)
        offers = assignments.next_assignments(
            user=request.user, project=self.project, now=timezone.now(), **wanted
        )
        return Response(represented(AssignmentOffersSerializer, offers))


class MyWorkView(ProjectView):
    access = {"GET": Permission.TASK_ANNOTATE}

    @extend_schema(operation_id="my_work", tags=["assignments"], responses=MyWorkSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Your own numbers, and your last judgment, which submitting again corrects."""
        work = my_work(user=request.user, project=self.project, now=timezone.now())
        return Response(MyWorkSerializer(work).data)


class HeartbeatView(AssignmentView):
    access = {"POST": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="assignments_heartbeat",
        tags=["assignments"],
        request=LeaseSerializer,
        responses=LeaseRenewedSerializer,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Renew the lease while someone is working."""
        body = LeaseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        expires_at = assignments.heartbeat(
            assignment=self.assignment, now=timezone.now(), **body.validated_data
        )
        return Response(LeaseRenewedSerializer({"expires_at": expires_at}).data)


class SubmitView(AssignmentView):
    access = {"POST": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="assignments_submit",
        tags=["assignments"],
        request=JudgmentSubmitSerializer,
        responses={201: JudgmentSubmittedSerializer, 200: JudgmentSubmittedSerializer},
        examples=SUBMIT,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Store a judgment, once per `client_key`. A new key on a judged task corrects it: the
        judgment before is kept, superseded."""
        said = checked(JudgmentSubmitSerializer, request.data)
        submitted = judgments.submit(
            user=request.user,
            assignment=self.assignment,
            lease_token=said.pop("lease_token"),
            client_key=said.pop("client_key"),
            corrects=said.pop("corrects"),
            said=said_of(said),
            now=timezone.now(),
        )
        status = 200 if submitted.replayed else 201
        feedback = feedback_of(assignment=self.assignment, judgment_id=submitted.judgment_id)
        answer = {**asdict(submitted), "feedback": feedback}
        return Response(represented(JudgmentSubmittedSerializer, answer), status=status)


class SkipView(AssignmentView):
    access = {"POST": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="assignments_skip",
        tags=["assignments"],
        request=AssignmentSkipSerializer,
        responses={204: None},
        examples=SKIP,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Give the task back; you will not be asked about it again."""
        body = AssignmentSkipSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        assignments.skip(
            user=request.user, assignment=self.assignment, now=timezone.now(), **body.validated_data
        )
        return Response(status=204)


urlpatterns = [
    path("projects/<slug:slug>/assignments/next", NextAssignmentsView.as_view()),
    path("projects/<slug:slug>/my-work", MyWorkView.as_view()),
    path("assignments/<uuid:assignment_id>/heartbeat", HeartbeatView.as_view()),
    path("assignments/<uuid:assignment_id>/submit", SubmitView.as_view()),
    path("assignments/<uuid:assignment_id>/skip", SkipView.as_view()),
]
