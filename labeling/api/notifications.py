from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.core.permissions import Permission
from labeling.services import notifications as services


class NotificationsSerializer(serializers.Serializer):
    mail = serializers.DictField(
        child=serializers.BooleanField(),
        help_text=f"Whether you get a mail about each: {', '.join(services.TOLD_BY_DEFAULT)}.",
    )


class NotificationsView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW, "PATCH": Permission.QUEUE_VIEW}

    @extend_schema(
        operation_id="notifications_show", tags=["notifications"], responses=NotificationsSerializer
    )
    def get(self, request: Request, slug: str) -> Response:
        """Which mails you get about this project; until you choose, your role decides."""
        chosen = services.preferences(user=request.user, project=self.project)
        return Response(NotificationsSerializer({"mail": chosen}).data)

    @extend_schema(
        operation_id="notifications_update",
        tags=["notifications"],
        request=NotificationsSerializer,
        responses=NotificationsSerializer,
        examples=[
            OpenApiExample("No mail about runs", value={"mail": {"run.finished": False}}, request_only=True)
        ],
    )
    def patch(self, request: Request, slug: str) -> Response:
        body = NotificationsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = services.set_preferences(
            user=request.user, project=self.project, wanted=body.validated_data["mail"]
        )
        return Response(NotificationsSerializer({"mail": chosen}).data)


urlpatterns = [path("projects/<slug:slug>/notifications", NotificationsView.as_view())]
