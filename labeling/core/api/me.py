"""One's own account and tokens."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core.api.authentication import SessionAuthentication
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.api.serializers import (
    ApiTokenCreatedSerializer,
    ApiTokenSerializer,
    PasswordChangeSerializer,
    PreferencesSerializer,
    UserSerializer,
)
from labeling.core.api.views import ApiView
from labeling.core.permissions import Access
from labeling.core.selectors.tokens import live_tokens
from labeling.core.selectors.users import preferences_of
from labeling.core.services import accounts, preferences, tokens

ApiTokenPage = page_of(ApiTokenSerializer)


class MeView(ApiView):
    access = {"GET": Access.SIGNED_IN, "PATCH": Access.SIGNED_IN}
    open_before_second_factor = True

    @extend_schema(operation_id="me_show", tags=["people"], responses=UserSerializer)
    def get(self, request: Request) -> Response:
        return Response(UserSerializer(request.user).data)

    @extend_schema(
        operation_id="me_update", tags=["people"], request=UserSerializer, responses=UserSerializer
    )
    def patch(self, request: Request) -> Response:
        body = UserSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = accounts.rename(user=request.user, **body.validated_data)
        return Response(UserSerializer(user).data)


class PreferencesView(ApiView):
    access = {"GET": Access.SIGNED_IN, "PATCH": Access.SIGNED_IN}

    @extend_schema(operation_id="me_preferences", tags=["people"], responses=PreferencesSerializer)
    def get(self, request: Request) -> Response:
        """How you read, and your keys."""
        return Response(PreferencesSerializer(preferences_of(user=request.user)).data)

    @extend_schema(
        operation_id="me_preferences_choose",
        tags=["people"],
        request=PreferencesSerializer,
        responses=PreferencesSerializer,
        examples=[
            OpenApiExample("keys", {"face": "sans", "keys": {"skip": "n"}}, request_only=True),
        ],
    )
    def patch(self, request: Request) -> Response:
        """Change what you name; of two changes the later one stands."""
        body = PreferencesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = preferences.choose(user=request.user, chosen=body.validated_data)
        return Response(PreferencesSerializer(chosen).data)


# A token that leaked must not be able to make itself more tokens or lock its owner out, so what
# follows takes a session only.
class PasswordView(ApiView):
    access = {"POST": Access.SIGNED_IN}
    authentication_classes = (SessionAuthentication,)

    @extend_schema(
        operation_id="me_password", tags=["people"], request=PasswordChangeSerializer, responses={204: None}
    )
    def post(self, request: Request) -> Response:
        body = PasswordChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        accounts.change_password(user=request.user, **body.validated_data)
        update_session_auth_hash(request._request, request.user)
        return Response(status=204)


class TokensView(ApiView):
    access = {"GET": Access.SIGNED_IN, "POST": Access.SIGNED_IN}
    authentication_classes = (SessionAuthentication,)

    @extend_schema(
        operation_id="tokens_list", tags=["people"], parameters=PAGE_PARAMETERS, responses=ApiTokenPage
    )
    def get(self, request: Request) -> Response:
        return self.page(live_tokens(user=request.user), ApiTokenSerializer)

    @extend_schema(
        operation_id="tokens_create",
        tags=["people"],
        request=ApiTokenSerializer,
        responses={201: ApiTokenCreatedSerializer},
        examples=[
            OpenApiExample(
                "nightly export",
                {
                    "name": "nightly export",
                    "scopes": ["export"],
                    "project_slug": "support",
                    "expires_at": "2027-01-01T00:00:00Z",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        body = ApiTokenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        token, secret = tokens.create_token(user=request.user, now=timezone.now(), **body.validated_data)
        return Response({**ApiTokenSerializer(token).data, "secret": secret}, status=201)


class TokenView(ApiView):
    access = {"DELETE": Access.SIGNED_IN}
    authentication_classes = (SessionAuthentication,)

    @extend_schema(operation_id="tokens_revoke", tags=["people"], request=None, responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        tokens.revoke_token(user=request.user, token_id=token_id, now=timezone.now())
        return Response(status=204)
