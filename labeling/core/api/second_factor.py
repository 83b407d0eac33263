"""One's own second factor. A token must not be able to change it, so this takes a session only."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core.api.authentication import SessionAuthentication
from labeling.core.api.serializers import (
    CodeSerializer,
    RecoveryCodesSerializer,
    SecondFactorSecretSerializer,
    SecondFactorSerializer,
)
from labeling.core.api.views import ApiView
from labeling.core.permissions import Access
from labeling.core.services import second_factor

# The secret waits in the session until a code proves that the app has it.
SECRET = "second_factor_secret"
CODE = OpenApiExample("code", {"code": "123456"}, request_only=True)


def code_of(request: Request) -> str:
    body = CodeSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return body.validated_data["code"]


@method_decorator(never_cache, name="dispatch")
class OwnFactorView(ApiView):
    authentication_classes = (SessionAuthentication,)
    open_before_second_factor = True


class SecondFactorView(OwnFactorView):
    access = {"GET": Access.SIGNED_IN, "POST": Access.SIGNED_IN, "DELETE": Access.SIGNED_IN}

    @extend_schema(operation_id="second_factor_show", tags=["people"], responses=SecondFactorSerializer)
    def get(self, request: Request) -> Response:
        left = second_factor.num_recovery_codes(user=request.user)
        return Response({"enabled": request.user.has_second_factor, "recovery_codes_left": left})

    @extend_schema(
        operation_id="second_factor_enable",
        tags=["people"],
        request=CodeSerializer,
        responses={201: RecoveryCodesSerializer},
        examples=[CODE],
    )
    def post(self, request: Request) -> Response:
        """Turn it on, with a code made from the secret asked for before."""
        codes = second_factor.enrol(
            user=request.user, secret=request.session.get(SECRET), code=code_of(request)
        )
        request.session.pop(SECRET, None)
        return Response({"recovery_codes": codes}, status=201)

    @extend_schema(
        operation_id="second_factor_disable",
        tags=["people"],
        parameters=[CodeSerializer],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        """Turn it off, with a current code or a recovery code as `?code=`."""
        body = CodeSerializer(data=request.query_params)
        body.is_valid(raise_exception=True)
        second_factor.turn_off(user=request.user, code=body.validated_data["code"])
        return Response(status=204)


class SecondFactorSecretView(OwnFactorView):
    access = {"POST": Access.SIGNED_IN}

    @extend_schema(
        operation_id="second_factor_secret",
        tags=["people"],
        request=None,
        responses=SecondFactorSecretSerializer,
    )
    def post(self, request: Request) -> Response:
        """A new secret for an authenticator app; it counts once a code made with it came back."""
        secret = request.session[SECRET] = second_factor.new_secret(user=request.user)
        url = get_adapter().build_totp_url(request.user, secret)
        return Response({"secret": secret, "url": url, "svg": get_adapter().build_totp_svg(url)})


class RecoveryCodesView(OwnFactorView):
    access = {"POST": Access.SIGNED_IN}

    @extend_schema(
        operation_id="second_factor_recovery_codes",
        tags=["people"],
        request=CodeSerializer,
        responses=RecoveryCodesSerializer,
        examples=[CODE],
    )
    def post(self, request: Request) -> Response:
        """New recovery codes; the old ones are dead."""
        codes = second_factor.new_recovery_codes(user=request.user, code=code_of(request))
        return Response({"recovery_codes": codes})
