"""Who is here and how fast it goes."""

from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.steering_serializers import (
    PaceSerializer,
    PresenceSerializer,
)
from labeling.core.permissions import Permission, allowed
from labeling.selectors import activity
from labeling.services import access


class PresenceView(ProjectView):
    access = {"GET": Permission.PROJECT_VIEW}

    @extend_schema(operation_id="presence", tags=["queue"], responses=PresenceSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """How many are here and at work; who they are, for those who may view the queue. The socket
        says “presence” when somebody comes or goes, and “queue” when work is taken or done."""
        held = allowed(
            roles=access.roles_of(user=request.user, project=self.project),
            is_operator=request.user.is_operator,
        )
        here = activity.here(
            project=self.project, now=timezone.now(), with_names=Permission.QUEUE_VIEW in held
        )
        return Response(PresenceSerializer(here).data)


class PaceView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW}

    @extend_schema(operation_id="pace", tags=["queue"], responses=PaceSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Judgments in the last hour and day, and the median time of the last ones."""
        return Response(PaceSerializer(activity.pace(project_id=self.project.pk, now=timezone.now())).data)


urlpatterns = [
    path("projects/<slug:slug>/presence", PresenceView.as_view()),
    path("projects/<slug:slug>/pace", PaceView.as_view()),
]
