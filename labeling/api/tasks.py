from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.queue_serializers import TaskFilterSerializer, TaskSerializer
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors.tasks import listed_tasks

TaskPage = page_of(TaskSerializer)


class TasksView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW}

    @extend_schema(
        operation_id="tasks_list",
        tags=["tasks"],
        parameters=[TaskFilterSerializer, *PAGE_PARAMETERS],
        responses=TaskPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        """What was put in the queue; `state` asks for tasks with such a slot."""
        wanted = TaskFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        asked = dict(wanted.validated_data)
        ordering = {"newest": "-id", "oldest": "id"}[asked.pop("order")]
        tasks = listed_tasks(project_id=self.project.pk, now=timezone.now(), **asked)
        return self.page(tasks, TaskSerializer, ordering=ordering)


urlpatterns = [path("projects/<slug:slug>/tasks", TasksView.as_view())]
