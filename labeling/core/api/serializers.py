from __future__ import annotations

from functools import cache
from typing import Any

from rest_framework import serializers

from labeling.core.models import ApiToken, AuditEvent, User

# Longer ones only cost the server hashing time.
PASSWORD_LENGTH = 256


def checked(serializer_class: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """`data` as the serializer takes it, or its ValidationError. For requests that come all the time:
    making a serializer copies every field, and reading with it changes none of them."""
    return _shared(serializer_class).run_validation(data)  # type: ignore[arg-type]


def represented(serializer_class: type[serializers.Serializer], value: Any) -> dict[str, Any]:
    """The serializer's `data` for `value`; see `checked`."""
    return _shared(serializer_class).to_representation(value)  # type: ignore[arg-type]


@cache
def _shared(serializer_class: type[serializers.Serializer]) -> serializers.Serializer:
    return serializer_class()


class PasswordField(serializers.CharField):
    def __init__(self, **kwargs: object) -> None:
        options = {"max_length": PASSWORD_LENGTH, "trim_whitespace": False, "write_only": True, **kwargs}
        super().__init__(**options)


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "email", "name", "is_operator"]
        read_only_fields = ["id", "email", "is_operator"]


class SessionSerializer(serializers.Serializer):
    user = UserSerializer(allow_null=True)
    setup_needed = serializers.BooleanField(help_text="Nobody has an account yet: POST /api/setup.")


class SignInSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=254)
    password = PasswordField()


class SetupSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=200)
    password = PasswordField()
    setup_key = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class PasswordResetSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=254)


class PasswordResetConfirmSerializer(serializers.Serializer):
    uid = serializers.CharField(max_length=64)
    token = serializers.CharField(max_length=128)
    password = PasswordField()


class PasswordChangeSerializer(serializers.Serializer):
    old = PasswordField()
    new = PasswordField()


class ApiTokenSerializer(serializers.ModelSerializer):
    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "created_at", "last_used_at"]
        read_only_fields = ["id", "prefix", "created_at", "last_used_at"]


class ApiTokenCreatedSerializer(ApiTokenSerializer):
    secret = serializers.CharField(help_text="Shown this once.")

    class Meta(ApiTokenSerializer.Meta):
        fields = [*ApiTokenSerializer.Meta.fields, "secret"]


class AuditEventSerializer(serializers.ModelSerializer):
    actor = serializers.CharField(source="actor.name", default=None, allow_null=True)

    class Meta:
        model = AuditEvent
        fields = ["id", "at", "actor", "action", "object_type", "object_id", "data"]
