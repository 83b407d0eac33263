from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.people_serializers import (
    InvitationAcceptedSerializer,
    InvitationAcceptSerializer,
    InvitationCreatedSerializer,
    InvitationCreateSerializer,
    InvitationJoinSerializer,
    InvitationLookSerializer,
    InvitationSerializer,
    InvitationTokenSerializer,
    InvitationUseSerializer,
)
from labeling.core.api.authentication import SessionAuthentication
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.api.session import address_of
from labeling.core.api.views import ApiView
from labeling.core.permissions import Access, Permission
from labeling.core.services import sign_in
from labeling.selectors import people as selectors
from labeling.services import invitations as services

InvitationPage = page_of(InvitationSerializer)
InvitationUsePage = page_of(InvitationUseSerializer)


class InvitationsView(ProjectView):
    access = {"GET": Permission.MEMBERS_MANAGE, "POST": Permission.MEMBERS_MANAGE}

    @extend_schema(
        operation_id="invitations_list",
        tags=["members"],
        parameters=PAGE_PARAMETERS,
        responses=InvitationPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        return self.page(selectors.invitations(project_id=self.project.pk), InvitationSerializer)

    @extend_schema(
        operation_id="invitations_create",
        tags=["members"],
        request=InvitationCreateSerializer,
        responses={201: InvitationCreatedSerializer},
        examples=[
            OpenApiExample("crowd", {"roles": ["annotator"], "max_uses": 50, "days": 7}, request_only=True)
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A link that gives roles to whoever opens it. Nobody gives what they do not hold."""
        body = InvitationCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        now = timezone.now()
        wanted = dict(body.validated_data)
        invitation, token = services.create_invitation(
            actor=request.user,
            project=self.project,
            expires_at=now + timedelta(days=wanted.pop("days")),
            now=now,
            **wanted,
        )
        shown = {**InvitationSerializer(invitation).data, "token": token}
        return Response({**shown, "url": f"{settings.PUBLIC_URL}/join/{token}"}, status=201)


class InvitationView(ProjectView):
    access = {"DELETE": Permission.MEMBERS_MANAGE}

    @extend_schema(operation_id="invitations_revoke", tags=["members"], request=None, responses={204: None})
    def delete(self, request: Request, slug: str, invitation_id: int) -> Response:
        """The link works no more; who came by it stays."""
        services.revoke_invitation(
            actor=request.user, project=self.project, invitation_id=invitation_id, now=timezone.now()
        )
        return Response(status=204)


class InvitationUsesView(ProjectView):
    access = {"GET": Permission.MEMBERS_MANAGE}

    @extend_schema(
        operation_id="invitations_uses",
        tags=["members"],
        parameters=PAGE_PARAMETERS,
        responses=InvitationUsePage,
    )
    def get(self, request: Request, slug: str, invitation_id: int) -> Response:
        """Who came by this link, and as whom their platform knows them."""
        invitation = selectors.invitation_of(project_id=self.project.pk, invitation_id=invitation_id)
        return self.page(selectors.invitation_uses(invitation=invitation), InvitationUseSerializer)


# The token travels in the body, so that it stands in no access log of ours.
@method_decorator([never_cache, csrf_protect], name="dispatch")
class InvitationLookView(ApiView):
    access = {"POST": Access.PUBLIC}

    @extend_schema(
        operation_id="invitations_look",
        tags=["members"],
        request=InvitationTokenSerializer,
        responses=InvitationLookSerializer,
        auth=[],
        examples=[OpenApiExample("link", {"token": "inv_…"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """What a link leads to."""
        body = InvitationTokenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        invitation = services.look(
            token=body.validated_data["token"], now=timezone.now(), address=address_of(request)
        )
        return Response(InvitationLookSerializer(invitation).data)


class InvitationAcceptView(ApiView):
    access = {"POST": Access.SIGNED_IN}
    authentication_classes = (SessionAuthentication,)

    @extend_schema(
        operation_id="invitations_accept",
        tags=["members"],
        request=InvitationAcceptSerializer,
        responses=InvitationAcceptedSerializer,
        examples=[
            OpenApiExample(
                "from Prolific",
                {"token": "inv_…", "platform": "PROLIFIC_PID", "worker_id": "5f1c0…"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Become a member as who you are. Accepting twice changes nothing."""
        body = InvitationAcceptSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        invitation = services.accept(
            user=request.user,
            token=said["token"],
            arrival=services.Arrival(said["platform"], said["worker_id"]),
            now=timezone.now(),
        )
        return Response(InvitationAcceptedSerializer(invitation).data)


@method_decorator([never_cache, csrf_protect], name="dispatch")
class InvitationJoinView(ApiView):
    access = {"POST": Access.PUBLIC}

    @extend_schema(
        operation_id="invitations_join",
        tags=["members"],
        request=InvitationJoinSerializer,
        responses=InvitationAcceptedSerializer,
        auth=[],
        examples=[
            OpenApiExample(
                "new person",
                {
                    "token": "inv_…",
                    "email": "dora@example.com",
                    "name": "Dora",
                    "password": "a horse that counts to nine",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Make an account, become a member and sign in, in one step. Whoever has an account
        already gives its password."""
        body = InvitationJoinSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        arrival = services.Arrival(said.pop("platform"), said.pop("worker_id"))
        user, invitation = services.join(
            **said, arrival=arrival, address=address_of(request), now=timezone.now()
        )
        sign_in.begin(request._request, user, by="invitation")
        return Response(InvitationAcceptedSerializer(invitation).data)


urlpatterns = [
    path("projects/<slug:slug>/invitations", InvitationsView.as_view()),
    path("projects/<slug:slug>/invitations/<int:invitation_id>", InvitationView.as_view()),
    path("projects/<slug:slug>/invitations/<int:invitation_id>/uses", InvitationUsesView.as_view()),
    path("invitations/look", InvitationLookView.as_view()),
    path("invitations/accept", InvitationAcceptView.as_view()),
    path("invitations/join", InvitationJoinView.as_view()),
]
