from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.api.views import ApiView
from labeling.core.permissions import Permission
from rlhf.api.base import ProjectView, check_visible
from rlhf.api.serializers import (
    JudgmentModelsSerializer,
    LineageSerializer,
    ModelCreateSerializer,
    ModelSerializer,
    ModelStageSerializer,
)
from rlhf.models import ModelVersion
from rlhf.selectors import models as selectors
from rlhf.services import models

ModelPage = page_of(ModelSerializer)


class ModelsView(ProjectView):
    access = {"GET": Permission.MODEL_VIEW, "POST": Permission.MODEL_MANAGE}

    @extend_schema(
        operation_id="models_list", tags=["models"], parameters=PAGE_PARAMETERS, responses=ModelPage
    )
    def get(self, request: Request, slug: str) -> Response:
        return self.page(selectors.of_project(project_id=self.project.pk), ModelSerializer)

    @extend_schema(
        operation_id="models_create",
        tags=["models"],
        request=ModelCreateSerializer,
        responses={201: ModelSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = ModelCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        model = models.register(
            project=self.project, user=request.user, now=timezone.now(), **body.validated_data
        )
        return Response(ModelSerializer(model).data, status=201)


class OneModelView(ApiView):
    model: ModelVersion

    def check_project(self, request: Request, needed: Permission, **kwargs: Any) -> None:
        self.model = selectors.get(model_id=kwargs["model_id"])
        check_visible(request, self.model.project, needed, selectors.unknown(self.model.pk))


class ModelView(OneModelView):
    access = {"GET": Permission.MODEL_VIEW}

    @extend_schema(operation_id="models_show", tags=["models"], responses=ModelSerializer)
    def get(self, request: Request, model_id: int) -> Response:
        return Response(ModelSerializer(self.model).data)


class ModelStageView(OneModelView):
    access = {"POST": Permission.MODEL_MANAGE}

    @extend_schema(
        operation_id="models_stage",
        tags=["models"],
        request=ModelStageSerializer,
        responses=ModelSerializer,
        description="Promoting a model retires the one of its kind that was promoted before.",
    )
    def post(self, request: Request, model_id: int) -> Response:
        body = ModelStageSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        model = models.set_stage(model=self.model, user=request.user, **body.validated_data)
        return Response(ModelSerializer(model).data)


class ModelLineageView(OneModelView):
    access = {"GET": Permission.MODEL_VIEW}

    @extend_schema(operation_id="models_lineage", tags=["models"], responses=LineageSerializer)
    def get(self, request: Request, model_id: int) -> Response:
        return Response(LineageSerializer(selectors.lineage(model=self.model)).data)


class JudgmentModelsView(ProjectView):
    access = {"GET": Permission.MODEL_VIEW}

    @extend_schema(
        operation_id="judgments_models",
        tags=["models"],
        responses=JudgmentModelsSerializer,
        description="Every model that a judgment helped to make.",
    )
    def get(self, request: Request, slug: str, judgment_id: int) -> Response:
        touched = selectors.touched_by(project_id=self.project.pk, judgment_id=judgment_id)
        return Response(JudgmentModelsSerializer({"models": touched}).data)


urlpatterns = [
    path("projects/<slug:slug>/models", ModelsView.as_view()),
    path("projects/<slug:slug>/judgments/<int:judgment_id>/models", JudgmentModelsView.as_view()),
    path("models/<int:model_id>", ModelView.as_view()),
    path("models/<int:model_id>/stage", ModelStageView.as_view()),
    path("models/<int:model_id>/lineage", ModelLineageView.as_view()),
]
