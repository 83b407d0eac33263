"""Signing in and out, the first administrator, and lost passwords."""

from __future__ import annotations

from django.middleware.csrf import get_token
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from labeling.core.api.serializers import (
    PasswordResetConfirmSerializer,
    PasswordResetSerializer,
    SessionSerializer,
    SetupSerializer,
    SignInSerializer,
)
from labeling.core.api.views import ApiView
from labeling.core.models import User
from labeling.core.permissions import Access
from labeling.core.services import accounts, setup, sign_in


def address_of(request: Request) -> str:
    """The caller's network address, as far as NUM_PROXIES lets us believe headers."""
    # A proxy that speaks over a Unix socket leaves no address.
    return BaseThrottle().get_ident(request) or "unknown"


def session_response(request: Request, user: User | None, *, status: int = 200) -> Response:
    get_token(request._request)  # sets the cookie that every write must echo
    state = {
        "user": user,
        "second_factor": sign_in.state_of(request._request, user),
        "setup_needed": user is None and setup.setup_needed(),
    }
    return Response(SessionSerializer(state).data, status=status)


# Signing somebody in without their knowledge is an attack as well, so these check CSRF
# although nobody is signed in yet.
@method_decorator([never_cache, csrf_protect], name="dispatch")
class SessionView(ApiView):
    access = {"GET": Access.PUBLIC, "POST": Access.PUBLIC, "DELETE": Access.PUBLIC}

    @extend_schema(operation_id="session_show", tags=["people"], responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        return session_response(request, request.user)

    @extend_schema(
        operation_id="session_start",
        tags=["people"],
        request=SignInSerializer,
        responses=SessionSerializer,
        auth=[],
        examples=[
            OpenApiExample(
                "password",
                {"email": "bob@example.com", "password": "a horse that counts to nine"},
                request_only=True,
            ),
            OpenApiExample("second factor", {"code": "123456"}, request_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Sign in. Who has a second factor is told `"second_factor": "needed"` and sends its code here."""
        body = SignInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        code = said.get("code", "")
        if "email" in said:
            user = accounts.check_credentials(
                email=said["email"], password=said["password"], address=address_of(request)
            )
            signed_in = sign_in.begin(request._request, user, by="password", code=code)
        else:
            signed_in = sign_in.finish(request._request, code=code)
        return session_response(request, signed_in)

    @extend_schema(operation_id="session_end", tags=["people"], request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        sign_in.end(request._request)
        return Response(status=204)


@method_decorator(csrf_protect, name="dispatch")
class SetupView(ApiView):
    access = {"POST": Access.PUBLIC}

    @extend_schema(
        operation_id="setup",
        tags=["people"],
        request=SetupSerializer,
        responses={201: SessionSerializer},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Create the first administrator and sign them in."""
        body = SetupSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = setup.set_up(**body.validated_data, address=address_of(request))
        sign_in.begin(request._request, user, by="setup")
        return session_response(request, user, status=201)


class PasswordResetView(ApiView):
    access = {"POST": Access.PUBLIC}
    authentication_classes = ()

    @extend_schema(
        operation_id="password_reset_request",
        tags=["people"],
        request=PasswordResetSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """Mail a link. The answer is the same whether or not there is such an account."""
        body = PasswordResetSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        accounts.request_password_reset(**body.validated_data, address=address_of(request))
        return Response(status=204)


class PasswordResetConfirmView(ApiView):
    access = {"POST": Access.PUBLIC}
    authentication_classes = ()

    @extend_schema(
        operation_id="password_reset_confirm",
        tags=["people"],
        request=PasswordResetConfirmSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        body = PasswordResetConfirmSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        accounts.confirm_password_reset(**body.validated_data)
        return Response(status=204)
