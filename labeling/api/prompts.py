from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.queue_serializers import PromptSerializer
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.models.prompts import Split
from labeling.selectors.prompts import listed_prompts

PromptPage = page_of(PromptSerializer)


class PromptFilterSerializer(serializers.Serializer):
    split = serializers.ChoiceField(choices=Split.choices, required=False)


class PromptsView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW}

    @extend_schema(
        operation_id="prompts_list",
        tags=["prompts"],
        parameters=[PromptFilterSerializer, *PAGE_PARAMETERS],
        responses=PromptPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        wanted = PromptFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        return self.page(
            listed_prompts(project_id=self.project.pk, **wanted.validated_data), PromptSerializer
        )


urlpatterns = [path("projects/<slug:slug>/prompts", PromptsView.as_view())]
