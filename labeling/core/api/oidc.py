"""Signing in by OpenID Connect. django-allauth talks to the provider; who that is here, the
second factor and the session are ours, so both ways in end in the same place."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import OpenApiExample, extend_schema
from requests import RequestException
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core.api.serializers import (
    ProviderRedirectSerializer,
    ProvidersSerializer,
    ProviderStartSerializer,
)
from labeling.core.api.views import ApiView
from labeling.core.errors import DomainError, NotFound
from labeling.core.permissions import Access
from labeling.core.services import oidc, sign_in

SIGN_IN_PAGE = "/sign-in"


@method_decorator([never_cache, csrf_protect], name="dispatch")
class ProvidersView(ApiView):
    access = {"GET": Access.PUBLIC, "POST": Access.PUBLIC}

    @extend_schema(operation_id="session_providers", tags=["people"], responses=ProvidersSerializer, auth=[])
    def get(self, request: Request) -> Response:
        """The OpenID Connect providers this server knows."""
        apps: Any = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
        return Response({"results": [{"id": app["provider_id"], "name": app["name"]} for app in apps]})

    @extend_schema(
        operation_id="session_provider_start",
        tags=["people"],
        request=ProviderStartSerializer,
        responses=ProviderRedirectSerializer,
        auth=[],
        examples=[OpenApiExample("lab", {"provider": "lab", "next": "/projects"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Where to send the browser to sign in by a provider. It comes back to `next`, signed in,
        or to /sign-in with `problem` or with a second factor still needed (GET /api/session tells)."""
        body = ProviderStartSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            provider = get_adapter().get_provider(request._request, body.validated_data["provider"])
            answer = provider.redirect(
                request._request, process="login", next_url=page_of_ours(body.validated_data["next"])
            )
        except SocialApp.DoesNotExist as unknown:
            raise NotFound("There is no such provider: take one from the list.") from unknown
        except RequestException as away:
            raise DomainError(
                "The provider does not answer: try again in a moment, or sign in with your password.",
                code="provider_away",
                status=503,
            ) from away
        return Response({"url": answer["Location"]})


class ProviderAdapter(DefaultSocialAccountAdapter):
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The provider has vouched for someone. From here on it is our sign-in: the answer is
        raised, so django-allauth neither signs up nor signs in by itself."""
        try:
            user = self._person(request, sociallogin)
            signed_in = sign_in.begin(request, user, by=sociallogin.account.provider)
        except DomainError as refused:
            raise ImmediateHttpResponse(to_sign_in(problem=refused.code)) from refused
        next_page = page_of_ours(sociallogin.get_redirect_url(request) or "/")
        answer = HttpResponseRedirect(next_page) if signed_in else to_sign_in(next=next_page)
        raise ImmediateHttpResponse(answer)

    def on_authentication_error(self, request: HttpRequest, provider: Any, *args: Any, **kwargs: Any) -> None:
        raise ImmediateHttpResponse(to_sign_in(problem="provider_refused"))

    def _person(self, request: HttpRequest, sociallogin: SocialLogin) -> Any:
        if sociallogin.is_existing:
            if not sociallogin.user.is_active:
                raise DomainError("This account is closed: ask the operator.", code="account_closed")
            # What else the provider tells about the person is nobody's business here.
            sociallogin.account.extra_data = {}
            sociallogin.account.save(update_fields=["extra_data"])
            return sociallogin.user
        address = next(iter(sociallogin.email_addresses), None)
        known = sociallogin.account.get_provider_account().get_user_data() or {}
        user = oidc.person_vouched_for(
            email=address.email if address else None,
            verified=bool(address and address.verified),
            name=str(known.get("name") or ""),
            provider=sociallogin.account.provider,
        )
        if not user.is_active:
            raise DomainError("This account is closed: ask the operator.", code="account_closed")
        sociallogin.account.extra_data = {}
        sociallogin.connect(request, user)
        return user


def to_sign_in(**query: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{SIGN_IN_PAGE}?{urlencode(query)}")


def page_of_ours(path: str) -> str:
    """`path` if it stays on this server, else the start page."""
    ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if ours else "/"
