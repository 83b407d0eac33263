from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from rest_framework import serializers

from labeling.core.models import ApiToken, AuditEvent, User
from labeling.core.permissions import Scope

# Longer ones only cost the server hashing time.
PASSWORD_LENGTH = 256
# Far more than there are commands.
MAX_KEYS, MAX_COMMAND = 200, 80


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
        fields = ["id", "email", "name", "is_operator", "has_second_factor"]
        read_only_fields = ["id", "email", "is_operator", "has_second_factor"]


class PreferencesSerializer(serializers.Serializer):
    """What the pages keep for a person; what they never chose is left out."""

    face = serializers.ChoiceField(choices=["serif", "sans"], required=False)
    text_size = serializers.ChoiceField(choices=[0, 1, 2, 3], required=False)
    markdown = serializers.BooleanField(required=False)
    auto_submit = serializers.BooleanField(required=False, help_text="A choice submits at once.")
    width = serializers.ChoiceField(choices=["narrow", "normal", "full"], required=False)
    density = serializers.ChoiceField(choices=["airy", "dense"], required=False)
    panes = serializers.ChoiceField(
        choices=["together", "apart"], required=False, help_text="How responses scroll."
    )
    contrast = serializers.ChoiceField(choices=["normal", "high"], required=False)
    appearance = serializers.ChoiceField(choices=["light", "dark", "auto"], required=False)
    language = serializers.CharField(max_length=20, required=False)
    keys = serializers.DictField(
        child=serializers.CharField(max_length=40), required=False, help_text="By command; sent whole."
    )

    def validate_keys(self, keys: dict[str, str]) -> dict[str, str]:
        if len(keys) > MAX_KEYS or any(len(command) > MAX_COMMAND for command in keys):
            raise serializers.ValidationError(
                f"Send at most {MAX_KEYS} keys, for commands of at most {MAX_COMMAND} characters."
            )
        return keys


class SessionSerializer(serializers.Serializer):
    user = UserSerializer(allow_null=True)
    second_factor = serializers.ChoiceField(
        choices=["needed", "to_set_up"],
        allow_null=True,
        help_text="`needed`: the password was right, now POST the code here. `to_set_up`: this server asks "
        "for a second factor, and all else is closed until there is one. Null: nothing to do.",
    )
    setup_needed = serializers.BooleanField(help_text="Nobody has an account yet: POST /api/setup.")


class SignInSerializer(serializers.Serializer):
    """An address and a password; then, where a second factor is needed, its code, alone or with them."""

    email = serializers.EmailField(max_length=254, required=False)
    password = PasswordField(required=False)
    code = serializers.CharField(
        max_length=20, required=False, help_text="From the authenticator app, or a recovery code."
    )

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, Mapping) and not ("code" in data and {"email", "password"}.isdisjoint(data)):
            self.fields["email"].required = self.fields["password"].required = True
        return super().to_internal_value(data)


class SecondFactorSerializer(serializers.Serializer):
    enabled = serializers.BooleanField()
    recovery_codes_left = serializers.IntegerField()


class SecondFactorSecretSerializer(serializers.Serializer):
    secret = serializers.CharField(help_text="For typing into an authenticator app.")
    url = serializers.CharField(help_text="The same for a QR code: otpauth://…")
    svg = serializers.CharField(help_text="That QR code as an SVG picture.")


class CodeSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=20)


class RecoveryCodesSerializer(serializers.Serializer):
    recovery_codes = serializers.ListField(child=serializers.CharField(), help_text="Shown this once.")


class ProviderSerializer(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()


class ProvidersSerializer(serializers.Serializer):
    results = ProviderSerializer(many=True)


class ProviderStartSerializer(serializers.Serializer):
    provider = serializers.CharField(max_length=100)
    next = serializers.CharField(
        max_length=500, default="/", help_text="The page of ours to come back to: a path."
    )


class ProviderRedirectSerializer(serializers.Serializer):
    url = serializers.CharField(help_text="Send the browser there.")


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
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[scope.value for scope in Scope]),
        min_length=1,
        required=False,
        help_text="What the token may be used for; left out, all that you may do.",
    )
    project_slug = serializers.SlugField(
        max_length=80, required=False, allow_blank=True, help_text="Good for this project only."
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)

    class Meta:
        model = ApiToken
        fields = [
            "id",
            "name",
            "prefix",
            "scopes",
            "project_slug",
            "expires_at",
            "created_at",
            "last_used_at",
        ]
        read_only_fields = ["id", "prefix", "created_at", "last_used_at"]


class ApiTokenCreatedSerializer(ApiTokenSerializer):
    secret = serializers.CharField(help_text="Shown this once.")

    class Meta(ApiTokenSerializer.Meta):
        fields = [*ApiTokenSerializer.Meta.fields, "secret"]


class AuditEventSerializer(serializers.ModelSerializer):
    actor = serializers.SerializerMethodField()
    actor_id = serializers.IntegerField(allow_null=True)

    class Meta:
        model = AuditEvent
        fields = ["id", "at", "actor", "actor_id", "action", "object_type", "object_id", "data"]

    def get_actor(self, event: AuditEvent) -> str | None:
        """The person's name, the pseudonym of someone erased, or null for the server itself."""
        return event.actor.name if event.actor else event.actor_pseudonym or None
