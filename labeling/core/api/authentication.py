"""Who is asking: a browser session (with CSRF), or a person's API token."""

from __future__ import annotations

from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from labeling.core.models import ApiToken, User
from labeling.core.services import tokens


class SessionAuthentication(authentication.SessionAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return "Session"

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as refused:
            raise exceptions.PermissionDenied(
                "The page's security token is missing or old: reload the page and try again.",
                code="csrf_failed",
            ) from refused


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer pl_…`"""

    keyword = "Bearer"

    def authenticate_header(self, request: Request) -> str:
        return self.keyword

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != self.keyword.lower():
            return None
        # A view may look up with the token what it is asked about: one statement instead of two.
        find = getattr(request.parser_context.get("view"), "find_token", tokens.authenticate)
        token = find(secret=secret.strip(), now=timezone.now())
        if token is None:
            raise exceptions.AuthenticationFailed(
                "This API token is unknown, expired or revoked: make a new one under your account.",
                code="invalid_token",
            )
        token.user.token = token
        return token.user, token
