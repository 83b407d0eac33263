"""Accounts as operators see them, and their end."""

from __future__ import annotations

from django.contrib.auth import logout
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core.api.authentication import SessionAuthentication
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.api.serializers import PasswordField, UserSerializer
from labeling.core.api.views import ApiView
from labeling.core.errors import NotFound
from labeling.core.permissions import Access
from labeling.core.selectors.users import listed_users, user_of
from labeling.core.services import second_factor
from labeling.selectors.erasure import erased, free_text_of
from labeling.services import erasure as services


class PersonSerializer(UserSerializer):
    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "is_active", "created_at"]


class PersonFilterSerializer(serializers.Serializer):
    search = serializers.CharField(max_length=200, required=False, help_text="Part of a name or an address.")


class EraseSerializer(serializers.Serializer):
    password = PasswordField(
        required=False, default="", allow_blank=True, help_text="Yours, if you have one."
    )


class TextLeftSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["comment", "skip_reason"])
    project = serializers.SlugField()
    id = serializers.CharField(help_text="Of the judgment, or of the assignment that was skipped.")


class ErasedSerializer(serializers.Serializer):
    pseudonym = serializers.CharField()
    free_text = TextLeftSerializer(many=True, help_text="What was written stays, and may name someone.")


PersonPage = page_of(PersonSerializer)


class EraseMyselfView(ApiView):
    access = {"POST": Access.SIGNED_IN}
    authentication_classes = (SessionAuthentication,)
    open_before_second_factor = True

    @extend_schema(
        operation_id="me_erase",
        tags=["people"],
        request=EraseSerializer,
        responses=ErasedSerializer,
        examples=[OpenApiExample("password", {"password": "a horse that counts to nine"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Delete your account. Your judgments stay, under a pseudonym that only this answer tells."""
        body = EraseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        erased = services.erase_oneself(user=request.user, now=timezone.now(), **body.validated_data)
        logout(request._request)
        return Response(ErasedSerializer(erased).data)


class PeopleView(ApiView):
    access = {"GET": Access.OPERATOR}

    @extend_schema(
        operation_id="people_list",
        tags=["people"],
        parameters=[PersonFilterSerializer, *PAGE_PARAMETERS],
        responses=PersonPage,
    )
    def get(self, request: Request) -> Response:
        wanted = PersonFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        return self.page(listed_users(**wanted.validated_data), PersonSerializer)


class ErasePersonView(ApiView):
    access = {"POST": Access.OPERATOR}

    @extend_schema(operation_id="people_erase", tags=["people"], request=None, responses=ErasedSerializer)
    def post(self, request: Request, user_id: int) -> Response:
        """Delete somebody's account on their behalf."""
        erased = services.erase_person(actor=request.user, user=user_of(user_id=user_id), now=timezone.now())
        return Response(ErasedSerializer(erased).data)


class ErasedPersonView(ApiView):
    access = {"GET": Access.OPERATOR}

    @extend_schema(operation_id="people_erased", tags=["people"], responses=ErasedSerializer)
    def get(self, request: Request, pseudonym: str) -> Response:
        """What an erased person left in free text."""
        annotator = erased(pseudonym=pseudonym)
        if annotator is None:
            raise NotFound("Nobody who judged was erased under this pseudonym: check it.")
        texts = free_text_of(annotator_id=annotator.pk)
        return Response(ErasedSerializer({"pseudonym": pseudonym, "free_text": texts}).data)


class ResetSecondFactorView(ApiView):
    access = {"DELETE": Access.OPERATOR}

    @extend_schema(
        operation_id="people_reset_second_factor", tags=["people"], request=None, responses={204: None}
    )
    def delete(self, request: Request, user_id: int) -> Response:
        """For someone who lost both the device and the recovery codes."""
        second_factor.reset(actor=request.user, user=user_of(user_id=user_id))
        return Response(status=204)


urlpatterns = [
    path("me/erase", EraseMyselfView.as_view()),
    path("people", PeopleView.as_view()),
    path("people/<int:user_id>/erase", ErasePersonView.as_view()),
    path("people/<int:user_id>/second-factor", ResetSecondFactorView.as_view()),
    path("people/erased/<slug:pseudonym>", ErasedPersonView.as_view()),
]
