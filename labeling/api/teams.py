from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.people_serializers import (
    TeamCreateSerializer,
    TeamFilterSerializer,
    TeamMemberSerializer,
    TeamSerializer,
    UserIdSerializer,
)
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors import people as selectors
from labeling.services import teams as services

TeamPage = page_of(TeamSerializer)
TeamMemberPage = page_of(TeamMemberSerializer)
NAME = OpenApiExample("name", {"name": "Night shift"}, request_only=True)


class TeamsView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW, "POST": Permission.MEMBERS_MANAGE}

    @extend_schema(
        operation_id="teams_list",
        tags=["members"],
        parameters=[TeamFilterSerializer, *PAGE_PARAMETERS],
        responses=TeamPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        wanted = TeamFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        return self.page(selectors.teams(project_id=self.project.pk, **wanted.validated_data), TeamSerializer)

    @extend_schema(
        operation_id="teams_create",
        tags=["members"],
        request=TeamCreateSerializer,
        responses={201: TeamSerializer},
        examples=[NAME],
    )
    def post(self, request: Request, slug: str) -> Response:
        body = TeamCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        team = services.create_team(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(self.shown(team.pk), status=201)

    def shown(self, team_id: int) -> dict[str, object]:
        return TeamSerializer(selectors.teams(project_id=self.project.pk).get(pk=team_id)).data


class TeamView(TeamsView):
    access = {"PATCH": Permission.MEMBERS_MANAGE, "DELETE": Permission.MEMBERS_MANAGE}
    http_method_names = ["patch", "delete"]

    @extend_schema(
        operation_id="teams_rename",
        tags=["members"],
        request=TeamCreateSerializer,
        responses=TeamSerializer,
        examples=[NAME],
    )
    def patch(self, request: Request, slug: str, team_id: int) -> Response:
        body = TeamCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.rename_team(actor=request.user, project=self.project, team_id=team_id, **body.validated_data)
        return Response(self.shown(team_id))

    @extend_schema(operation_id="teams_delete", tags=["members"], request=None, responses={204: None})
    def delete(self, request: Request, slug: str, team_id: int) -> Response:
        """Its people stay in the project."""
        services.delete_team(actor=request.user, project=self.project, team_id=team_id)
        return Response(status=204)


class TeamMembersView(ProjectView):
    access = {"GET": Permission.QUEUE_VIEW, "POST": Permission.MEMBERS_MANAGE}

    @extend_schema(
        operation_id="team_members_list",
        tags=["members"],
        parameters=PAGE_PARAMETERS,
        responses=TeamMemberPage,
    )
    def get(self, request: Request, slug: str, team_id: int) -> Response:
        team = services.get_team(project=self.project, team_id=team_id)
        return self.page(selectors.team_members(team=team), TeamMemberSerializer, ordering="id")

    @extend_schema(
        operation_id="team_members_add",
        tags=["members"],
        request=UserIdSerializer,
        responses={201: TeamMemberSerializer},
        examples=[OpenApiExample("bob", {"user": 4}, request_only=True)],
    )
    def post(self, request: Request, slug: str, team_id: int) -> Response:
        body = UserIdSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        place = services.add_to_team(
            actor=request.user,
            project=self.project,
            team_id=team_id,
            now=timezone.now(),
            **body.validated_data,
        )
        return Response(TeamMemberSerializer(place).data, status=201)


class TeamMemberView(ProjectView):
    access = {"DELETE": Permission.MEMBERS_MANAGE}

    @extend_schema(operation_id="team_members_remove", tags=["members"], request=None, responses={204: None})
    def delete(self, request: Request, slug: str, team_id: int, user_id: int) -> Response:
        services.remove_from_team(actor=request.user, project=self.project, team_id=team_id, user_id=user_id)
        return Response(status=204)


urlpatterns = [
    path("projects/<slug:slug>/teams", TeamsView.as_view()),
    path("projects/<slug:slug>/teams/<int:team_id>", TeamView.as_view()),
    path("projects/<slug:slug>/teams/<int:team_id>/members", TeamMembersView.as_view()),
    path("projects/<slug:slug>/teams/<int:team_id>/members/<int:user_id>", TeamMemberView.as_view()),
]
