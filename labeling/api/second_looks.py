"""Judgments looked at a second time: adjudication and review."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.quality_serializers import (
    AdjudicationAskedSerializer,
    AdjudicationAskSerializer,
    AdjudicationFilterSerializer,
    AdjudicationOpenedSerializer,
    AdjudicationSerializer,
    ReviewablePageSerializer,
    ReviewableSerializer,
    ReviewCreateSerializer,
    ReviewFilterSerializer,
    ReviewSerializer,
)
from labeling.core.api.pagination import PAGE_PARAMETERS, PageCursor, page_of
from labeling.core.permissions import Permission
from labeling.selectors import quality as selectors
from labeling.selectors.reviews import as_reviewed, reviewable
from labeling.selectors.tasks import find_task
from labeling.services import adjudication, reviews

AdjudicationPage = page_of(AdjudicationSerializer)


class AdjudicationsView(ProjectView):
    access = {"GET": Permission.TASK_ADJUDICATE, "POST": Permission.TASK_ADJUDICATE}

    @extend_schema(
        operation_id="adjudications_list",
        tags=["adjudication"],
        parameters=[AdjudicationFilterSerializer, *PAGE_PARAMETERS],
        responses=AdjudicationPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Tasks that people part over, newest first."""
        wanted = AdjudicationFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        rows = selectors.adjudications(project_id=self.project.pk, **wanted.validated_data)
        return self.page(rows, AdjudicationSerializer)

    @extend_schema(
        operation_id="adjudications_ask",
        tags=["adjudication"],
        request=AdjudicationAskSerializer,
        responses={201: AdjudicationAskedSerializer, 200: AdjudicationAskedSerializer},
        examples=[OpenApiExample("Ask", value={"task": 12, "reason": "The two answers contradict."})],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Send a task to adjudication; asked again, the same one (200)."""
        body = AdjudicationAskSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        task = find_task(project_id=self.project.pk, task_id=body.validated_data["task"])
        made, is_new = adjudication.ask(
            project=self.project,
            task=task,
            reason=body.validated_data["reason"],
            actor=request.user,
            now=timezone.now(),
        )
        return Response(AdjudicationAskedSerializer(made).data, status=201 if is_new else 200)


class AdjudicationOpenView(ProjectView):
    access = {"POST": Permission.TASK_ADJUDICATE}

    @extend_schema(
        operation_id="adjudications_open",
        tags=["adjudication"],
        request=None,
        responses=AdjudicationOpenedSerializer,
    )
    def post(self, request: Request, slug: str, adjudication_id: int) -> Response:
        """The judgments side by side, by letters, and an assignment: submit a judgment to it, and
        that is the task's answer."""
        opened = adjudication.open_adjudication(
            user=request.user, project=self.project, adjudication_id=adjudication_id, now=timezone.now()
        )
        return Response(AdjudicationOpenedSerializer(opened).data)


class ReviewableView(ProjectView):
    access = {"GET": Permission.JUDGMENT_REVIEW}

    @extend_schema(
        operation_id="reviews_list",
        tags=["review"],
        parameters=[ReviewFilterSerializer, *PAGE_PARAMETERS],
        responses=ReviewablePageSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Judgments with what was shown, newest first; `sample_percent` keeps a fixed sample."""
        wanted = ReviewFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        rows = reviewable(project_id=self.project.pk, **wanted.validated_data)
        paginator = PageCursor()
        page = paginator.paginate_queryset(rows, request, view=self) or []
        return paginator.get_paginated_response(ReviewableSerializer(as_reviewed(page), many=True).data)


class ReviewView(ProjectView):
    access = {"POST": Permission.JUDGMENT_REVIEW}

    @extend_schema(
        operation_id="reviews_add",
        tags=["review"],
        request=ReviewCreateSerializer,
        responses={201: ReviewSerializer},
        examples=[
            OpenApiExample(
                "Return",
                value={"decision": "returned", "comment": "The second reply is wrong."},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, slug: str, judgment_id: int) -> Response:
        """Accept a judgment, or return it: then it does not count until its annotator, who gets the
        task back with the comment, has corrected it."""
        body = ReviewCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = reviews.review(
            actor=request.user,
            project=self.project,
            judgment_id=judgment_id,
            now=timezone.now(),
            **body.validated_data,
        )
        return Response(ReviewSerializer(made).data, status=201)


PREFIX = "projects/<slug:slug>/quality"

urlpatterns: list[Any] = [
    path(f"{PREFIX}/adjudications", AdjudicationsView.as_view()),
    path(f"{PREFIX}/adjudications/<int:adjudication_id>/open", AdjudicationOpenView.as_view()),
    path(f"{PREFIX}/judgments", ReviewableView.as_view()),
    path(f"{PREFIX}/judgments/<int:judgment_id>/review", ReviewView.as_view()),
]
