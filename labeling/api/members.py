from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.serializers import MemberCreateSerializer, MemberFilterSerializer, MemberSerializer
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.selectors.people import listed_members
from labeling.services import access
from labeling.services import members as services

MemberPage = page_of(MemberSerializer)


class MembersView(ProjectView):
    # Addresses of colleagues are no business of annotators.
    access = {"GET": Permission.QUEUE_VIEW, "POST": Permission.MEMBERS_MANAGE}

    @extend_schema(
        operation_id="members_list",
        tags=["members"],
        parameters=[MemberFilterSerializer, *PAGE_PARAMETERS],
        responses=MemberPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        wanted = MemberFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        members = self.listed(request, **wanted.validated_data)
        return self.page(members, MemberSerializer, ordering="id")

    @extend_schema(
        operation_id="members_add",
        tags=["members"],
        request=MemberCreateSerializer,
        responses={201: MemberSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = MemberCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        membership = services.add_member(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(MemberSerializer(self.listed(request).get(pk=membership.pk)).data, status=201)

    def listed(self, request: Request, **wanted: Any) -> QuerySet[Any]:
        """How much of what is hard to read somebody has seen is shown to those who look after them."""
        return listed_members(
            project_id=self.project.pk,
            now=timezone.now(),
            with_exposure=access.may(request.user, self.project, Permission.MEMBERS_MANAGE, roles=self.roles),
            **wanted,
        )


class MemberView(ProjectView):
    access = {"DELETE": Permission.MEMBERS_MANAGE}

    @extend_schema(operation_id="members_remove", tags=["members"], request=None, responses={204: None})
    def delete(self, request: Request, slug: str, membership_id: int) -> Response:
        services.remove_member(actor=request.user, project=self.project, membership_id=membership_id)
        return Response(status=204)


urlpatterns = [
    path("projects/<slug:slug>/members", MembersView.as_view()),
    path("projects/<slug:slug>/members/<int:membership_id>", MemberView.as_view()),
]
