"""Figures and rules: how far the judgments of a project can be trusted, and what happens if not."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.quality_serializers import (
    AgreementSerializer,
    AnnotatorsQualitySerializer,
    FreshnessSerializer,
    PauseSerializer,
    RuleCreateSerializer,
    RuleEventSerializer,
    RuleSerializer,
    RuleUpdateSerializer,
)
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors import quality as selectors
from labeling.services import pauses, quality_figures, quality_rules, quality_sweep

RulePage = page_of(RuleSerializer)
RuleEventPage = page_of(RuleEventSerializer)

# So few are computed while someone waits; more in the background.
COMPUTED_AT_ONCE = 500

RULE_EXAMPLE = OpenApiExample(
    "Pause below 70 percent of gold",
    value={"measure": "gold_accuracy", "action": "pause", "threshold": 0.7, "min_num": 10},
    request_only=True,
)
ADJUDICATE_EXAMPLE = OpenApiExample(
    "Adjudicate what three people part over",
    value={"measure": "task_agreement", "action": "adjudicate", "threshold": 0.5, "min_num": 3},
    request_only=True,
)


class AgreementView(ProjectView):
    access = {"GET": Permission.QUALITY_VIEW}

    @extend_schema(operation_id="quality_agreement", tags=["quality"], responses=AgreementSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Cohen, Fleiss and Krippendorff as last computed, with intervals over whole prompts."""
        figures = selectors.figures_of(project_id=self.project.pk)
        shown = {
            **selectors.freshness(figures)._asdict(),
            "figures": figures.agreement.get("figures", []),
            "pairs": figures.agreement.get("pairs", []),
        }
        return Response(AgreementSerializer(shown).data)


class AnnotatorsQualityView(ProjectView):
    access = {"GET": Permission.QUALITY_VIEW}

    @extend_schema(operation_id="quality_annotators", tags=["quality"], responses=AnnotatorsQualitySerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Each annotator's gold accuracy, steadiness, biases, pace and reliability, as last computed."""
        shown = selectors.annotators_shown(project_id=self.project.pk)
        return Response(AnnotatorsQualitySerializer(shown).data)


class RefreshView(ProjectView):
    access = {"POST": Permission.QUALITY_VIEW}

    @extend_schema(
        operation_id="quality_refresh",
        tags=["quality"],
        request=None,
        responses={200: FreshnessSerializer, 202: FreshnessSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Compute the figures anew: at once in a small project, else soon (202)."""
        if selectors.has_at_most(project_id=self.project.pk, num=COMPUTED_AT_ONCE):
            figures = quality_figures.compute(project=self.project, now=timezone.now())
            return Response(FreshnessSerializer(selectors.freshness(figures)).data)
        quality_sweep.want(project=self.project)
        figures = selectors.figures_of(project_id=self.project.pk)
        return Response(FreshnessSerializer(selectors.freshness(figures)).data, status=202)


class PauseView(ProjectView):
    access = {"POST": Permission.QUALITY_MANAGE}

    @extend_schema(
        operation_id="quality_pause",
        tags=["quality"],
        request=PauseSerializer,
        responses={204: None},
        examples=[OpenApiExample("Pause", value={"reason": "Let us talk before you go on."})],
    )
    def post(self, request: Request, slug: str, annotator_id: int) -> Response:
        """Give this annotator no tasks for now. What they hold they may still submit."""
        body = PauseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        annotator = pauses.annotator_in(project=self.project, annotator_id=annotator_id)
        pauses.pause(
            actor=request.user,
            project=self.project,
            annotator=annotator,
            now=timezone.now(),
            **body.validated_data,
        )
        return Response(status=204)


class ResumeView(ProjectView):
    access = {"POST": Permission.QUALITY_MANAGE}

    @extend_schema(operation_id="quality_resume", tags=["quality"], request=None, responses={204: None})
    def post(self, request: Request, slug: str, annotator_id: int) -> Response:
        """Give a paused annotator tasks again."""
        annotator = pauses.annotator_in(project=self.project, annotator_id=annotator_id)
        pauses.resume(actor=request.user, project=self.project, annotator=annotator)
        return Response(status=204)


class RulesView(ProjectView):
    access = {"GET": Permission.QUALITY_VIEW, "POST": Permission.QUALITY_MANAGE}

    @extend_schema(
        operation_id="quality_rules_list", tags=["quality"], parameters=PAGE_PARAMETERS, responses=RulePage
    )
    def get(self, request: Request, slug: str) -> Response:
        return self.page(selectors.rules(project_id=self.project.pk), RuleSerializer)

    @extend_schema(
        operation_id="quality_rules_add",
        tags=["quality"],
        request=RuleCreateSerializer,
        responses={201: RuleSerializer},
        examples=[RULE_EXAMPLE, ADJUDICATE_EXAMPLE],
    )
    def post(self, request: Request, slug: str) -> Response:
        """What to do when a figure is past a threshold. Accuracy, consistency, reliability and
        agreement fire below it, the too-fast share and the biases above it."""
        body = RuleCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rule = quality_rules.add_rule(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(RuleSerializer(rule).data, status=201)


class RuleView(ProjectView):
    access = {"PATCH": Permission.QUALITY_MANAGE, "DELETE": Permission.QUALITY_MANAGE}

    @extend_schema(
        operation_id="quality_rules_change",
        tags=["quality"],
        request=RuleUpdateSerializer,
        responses=RuleSerializer,
        examples=[OpenApiExample("Switch off", value={"is_enabled": False}, request_only=True)],
    )
    def patch(self, request: Request, slug: str, rule_id: int) -> Response:
        body = RuleUpdateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rule = quality_rules.change_rule(
            actor=request.user, project=self.project, rule_id=rule_id, changes=body.validated_data
        )
        return Response(RuleSerializer(rule).data)

    @extend_schema(operation_id="quality_rules_remove", tags=["quality"], request=None, responses={204: None})
    def delete(self, request: Request, slug: str, rule_id: int) -> Response:
        """Remove the rule; its log lines stay."""
        quality_rules.remove_rule(actor=request.user, project=self.project, rule_id=rule_id)
        return Response(status=204)


class RuleEventsView(ProjectView):
    access = {"GET": Permission.QUALITY_VIEW}

    @extend_schema(
        operation_id="quality_events", tags=["quality"], parameters=PAGE_PARAMETERS, responses=RuleEventPage
    )
    def get(self, request: Request, slug: str) -> Response:
        """What rules did, newest first."""
        return self.page(selectors.events(project_id=self.project.pk), RuleEventSerializer)


PREFIX = "projects/<slug:slug>/quality"

urlpatterns: list[Any] = [
    path(f"{PREFIX}/agreement", AgreementView.as_view()),
    path(f"{PREFIX}/annotators", AnnotatorsQualityView.as_view()),
    path(f"{PREFIX}/annotators/<int:annotator_id>/pause", PauseView.as_view()),
    path(f"{PREFIX}/annotators/<int:annotator_id>/resume", ResumeView.as_view()),
    path(f"{PREFIX}/refresh", RefreshView.as_view()),
    path(f"{PREFIX}/rules", RulesView.as_view()),
    path(f"{PREFIX}/rules/<int:rule_id>", RuleView.as_view()),
    path(f"{PREFIX}/events", RuleEventsView.as_view()),
]
