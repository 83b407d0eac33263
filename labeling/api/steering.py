"""The queue in a lead's hands."""

from __future__ import annotations

from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.steering_serializers import (
    BatchDetailSerializer,
    BatchSerializer,
    CapsSerializer,
    ChangedSerializer,
    GoldSerializer,
    HoldDecisionSerializer,
    HoldFilterSerializer,
    HoldSerializer,
    LeasesSerializer,
    QueueRulesSerializer,
    TaskChangeSerializer,
    TaskDetailSerializer,
    TasksChangeSerializer,
)
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.models import Batch
from labeling.queue_rules import rules_of
from labeling.selectors import activity
from labeling.selectors import tasks as selectors
from labeling.selectors.counts import batch_progress
from labeling.services import gate, gold, steering

HoldPage = page_of(HoldSerializer)
BatchPage = page_of(BatchSerializer)


class QueueRulesView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW, "PATCH": Permission.QUEUE_MANAGE}

    @extend_schema(operation_id="queue_rules_show", tags=["queue"], responses=QueueRulesSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Adaptive overlap, caps, gold and repeat rates, and what the leak gate holds back."""
        return Response(QueueRulesSerializer(rules_of(self.project.queue_rules)).data)

    @extend_schema(
        operation_id="queue_rules_change",
        tags=["queue"],
        request=QueueRulesSerializer,
        responses=QueueRulesSerializer,
        examples=[
            OpenApiExample(
                "Up to five judgments, one gold in twenty",
                value={"overlap_max": 5, "confidence": 0.9, "gold_every": 20, "caps": {"per_day": 300}},
                request_only=True,
            )
        ],
    )
    def patch(self, request: Request, slug: str) -> Response:
        body = QueueRulesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rules = steering.change_rules(actor=request.user, project=self.project, changes=body.validated_data)
        return Response(QueueRulesSerializer(rules).data)


class TaskView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW, "PATCH": Permission.QUEUE_MANAGE}

    @extend_schema(operation_id="tasks_show", tags=["tasks"], responses=TaskDetailSerializer)
    def get(self, request: Request, slug: str, task_id: int) -> Response:
        """One task with its texts, but not with who wrote them."""
        task = selectors.task_of(project_id=self.project.pk, task_id=task_id, now=timezone.now())
        return Response(TaskDetailSerializer(task).data)

    @extend_schema(
        operation_id="tasks_change",
        tags=["tasks"],
        request=TaskChangeSerializer,
        responses=TaskDetailSerializer,
        examples=[
            OpenApiExample(
                "First in line, three judgments", value={"priority": 10, "overlap": 3}, request_only=True
            )
        ],
    )
    def patch(self, request: Request, slug: str, task_id: int) -> Response:
        """Change its priority or overlap; slots that people hold stay theirs."""
        body = TaskChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        steering.change_tasks(
            actor=request.user,
            project=self.project,
            tasks=[task_id],
            changes=steering.TaskChanges(**body.validated_data),
        )
        return self.get(request, slug, task_id)


class TasksChangeView(ProjectView):
    access = {"POST": Permission.QUEUE_MANAGE}

    @extend_schema(
        operation_id="tasks_change_many",
        tags=["tasks"],
        request=TasksChangeSerializer,
        responses=ChangedSerializer,
        examples=[
            OpenApiExample("Two tasks first", value={"tasks": [1, 2], "priority": 10}, request_only=True)
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Change many tasks alike; those that ask nobody are left out."""
        body = TasksChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changes = dict(body.validated_data)
        changed = steering.change_tasks(
            actor=request.user,
            project=self.project,
            tasks=changes.pop("tasks"),
            changes=steering.TaskChanges(**changes),
        )
        return Response(ChangedSerializer({"changed": changed}).data)


class BatchesView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW}

    @extend_schema(
        operation_id="batches_list", tags=["queue"], parameters=PAGE_PARAMETERS, responses=BatchPage
    )
    def get(self, request: Request, slug: str) -> Response:
        """Tasks that came together: imports, samples of a model, evaluations; newest first."""
        return self.page(selectors.listed_batches(project_id=self.project.pk), BatchSerializer)


class BatchView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW, "PATCH": Permission.QUEUE_MANAGE}

    @extend_schema(operation_id="batches_show", tags=["queue"], responses=BatchDetailSerializer)
    def get(self, request: Request, slug: str, batch_id: int) -> Response:
        return self._shown(selectors.batch_of(project_id=self.project.pk, batch_id=batch_id))

    @extend_schema(
        operation_id="batches_change",
        tags=["queue"],
        request=TaskChangeSerializer,
        responses=BatchDetailSerializer,
        examples=[OpenApiExample("Ask two people each", value={"overlap": 2}, request_only=True)],
    )
    def patch(self, request: Request, slug: str, batch_id: int) -> Response:
        """Change every task of the batch that asks people."""
        body = TaskChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        batch = selectors.batch_of(project_id=self.project.pk, batch_id=batch_id)
        changes = steering.TaskChanges(**body.validated_data)
        steering.change_tasks(actor=request.user, project=self.project, tasks=batch, changes=changes)
        return self._shown(batch)

    def _shown(self, batch: Batch) -> Response:
        progress = batch_progress(batch_id=batch.pk, now=timezone.now())
        return Response({**BatchSerializer(batch).data, **progress})


class GoldView(ProjectView):
    access = {"PUT": Permission.QUEUE_MANAGE, "DELETE": Permission.QUEUE_MANAGE}

    @extend_schema(
        operation_id="gold_set",
        tags=["tasks"],
        request=GoldSerializer,
        responses=TaskDetailSerializer,
        examples=[
            OpenApiExample(
                "B is better",
                value={"tiers": [["B"], ["A"]], "feedback": True, "explanation": "A makes up an address."},
                request_only=True,
            )
        ],
    )
    def put(self, request: Request, slug: str, task_id: int) -> Response:
        """Set the known answer of a task, which makes it gold: asked of everyone at the gold rate."""
        body = GoldSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        now = timezone.now()
        gold.set_gold_by_letters(
            actor=request.user, project=self.project, task_id=task_id, now=now, **body.validated_data
        )
        task = selectors.task_of(project_id=self.project.pk, task_id=task_id, now=now)
        return Response(TaskDetailSerializer(task).data)

    @extend_schema(operation_id="gold_retire", tags=["tasks"], request=None, responses={204: None})
    def delete(self, request: Request, slug: str, task_id: int) -> Response:
        """Ask it no more; what people said stays judged by it."""
        gold.retire_gold(actor=request.user, project=self.project, task_id=task_id, now=timezone.now())
        return Response(status=204)


class HoldsView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW}

    @extend_schema(
        operation_id="holds_list",
        tags=["queue"],
        parameters=[HoldFilterSerializer, *PAGE_PARAMETERS],
        responses=HoldPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """What the leak gate kept back and why, newest first."""
        wanted = HoldFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        holds = selectors.listed_holds(project_id=self.project.pk, **wanted.validated_data)
        return self.page(holds, HoldSerializer)


class HoldsDecideView(ProjectView):
    access = {"POST": Permission.QUEUE_MANAGE}

    @extend_schema(
        operation_id="holds_decide",
        tags=["queue"],
        request=HoldDecisionSerializer,
        responses=ChangedSerializer,
        examples=[OpenApiExample("Release two", value={"tasks": [4, 7], "release": True}, request_only=True)],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Release held tasks into the queue, or reject them; one or many."""
        body = HoldDecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        decided = gate.decide(
            actor=request.user,
            project=self.project,
            task_ids=body.validated_data["tasks"],
            release=body.validated_data["release"],
            now=timezone.now(),
        )
        return Response(ChangedSerializer(decided).data)


class LeasesView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW}

    @extend_schema(operation_id="leases_list", tags=["queue"], responses=LeasesSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Who holds what, the longest silent first."""
        held = activity.leases(project=self.project, now=timezone.now())
        return Response(LeasesSerializer({"leases": held}).data)


class LeaseReleaseView(ProjectView):
    access = {"POST": Permission.QUEUE_MANAGE}

    @extend_schema(operation_id="leases_release", tags=["queue"], request=None, responses={204: None})
    def post(self, request: Request, slug: str, assignment_id: UUID) -> Response:
        """Take a lease back for somebody else; what its holder still submits is kept as surplus."""
        steering.release_lease(
            actor=request.user, project=self.project, assignment_id=assignment_id, now=timezone.now()
        )
        return Response(status=204)


class MemberCapsView(ProjectView):
    access = {"PUT": Permission.QUEUE_MANAGE}

    @extend_schema(
        operation_id="members_cap",
        tags=["members"],
        request=CapsSerializer,
        responses=CapsSerializer,
        examples=[OpenApiExample("A hundred a day", value={"per_day": 100}, request_only=True)],
    )
    def put(self, request: Request, slug: str, membership_id: int) -> Response:
        """This person's own caps: one left out is the project's, null is none."""
        body = CapsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        caps = steering.set_caps(
            actor=request.user,
            project=self.project,
            membership_id=membership_id,
            caps=body.validated_data,
        )
        return Response(caps)


urlpatterns = [
    path("projects/<slug:slug>/queue", QueueRulesView.as_view()),
    path("projects/<slug:slug>/tasks/change", TasksChangeView.as_view()),
    path("projects/<slug:slug>/tasks/<int:task_id>", TaskView.as_view()),
    path("projects/<slug:slug>/tasks/<int:task_id>/gold", GoldView.as_view()),
    path("projects/<slug:slug>/batches", BatchesView.as_view()),
    path("projects/<slug:slug>/batches/<int:batch_id>", BatchView.as_view()),
    path("projects/<slug:slug>/holds", HoldsView.as_view()),
    path("projects/<slug:slug>/holds/decide", HoldsDecideView.as_view()),
    path("projects/<slug:slug>/leases", LeasesView.as_view()),
    path("projects/<slug:slug>/leases/<uuid:assignment_id>/release", LeaseReleaseView.as_view()),
    path("projects/<slug:slug>/members/<int:membership_id>/caps", MemberCapsView.as_view()),
]
