"""Projects, members and guidelines as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.api.fields import ProtocolField
from labeling.api.steering_serializers import CapsSerializer
from labeling.core.api.serializers import PasswordField
from labeling.core.permissions import Permission
from labeling.models import GuidelineVersion, Membership, ProtocolVersion
from labeling.models.projects import Role


class ArmCountsSerializer(serializers.Serializer):
    open = serializers.IntegerField()
    leased = serializers.IntegerField()
    done = serializers.IntegerField()


class CountsSerializer(serializers.Serializer):
    tasks = serializers.IntegerField()
    slots_open = serializers.IntegerField()
    slots_leased = serializers.IntegerField()
    slots_done = serializers.IntegerField()
    judgments = serializers.IntegerField()
    annotators = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Tasks that the leak gate keeps back.")
    by_arm = serializers.DictField(
        child=ArmCountsSerializer(), help_text="Empty for those who may not view the queue."
    )


class GuidelinesBriefSerializer(serializers.ModelSerializer):
    class Meta:
        model = GuidelineVersion
        fields = ["number", "text"]


class CompletionRuleSerializer(serializers.Serializer):
    """When an annotator gets a completion code; without `judgments` nobody does."""

    judgments = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    max_skip_share = serializers.FloatField(
        min_value=0, max_value=1, required=False, help_text="Of all tasks this person ended."
    )
    max_cannot_judge_share = serializers.FloatField(min_value=0, max_value=1, required=False)
    min_median_seconds = serializers.FloatField(
        min_value=0, max_value=3600, required=False, help_text="Of active time for one judgment."
    )


class ProjectSerializer(serializers.Serializer):
    slug = serializers.SlugField(source="project.slug")
    name = serializers.CharField(source="project.name")
    description = serializers.CharField(source="project.description")
    protocol = ProtocolField(source="project.protocol")
    protocol_version = serializers.IntegerField(source="project.protocol_version")
    overlap = serializers.IntegerField(source="project.overlap")
    lease_seconds = serializers.IntegerField(source="project.lease_seconds")
    required_guideline = serializers.IntegerField(
        source="project.required_guideline", help_text="The version to read before any task; 0 for none."
    )
    validation_percent = serializers.IntegerField(source="project.validation_percent")
    test_percent = serializers.IntegerField(source="project.test_percent")
    consent_version = serializers.IntegerField(
        source="project.consent_version", help_text="0 asks for no consent."
    )
    require_second_factor = serializers.BooleanField(source="project.require_second_factor")
    paid_seconds_cap = serializers.IntegerField(source="project.paid_seconds_cap")
    risk_tags = serializers.ListField(child=serializers.CharField(), source="project.risk_tags")
    exposure_cap = serializers.IntegerField(source="project.exposure_cap", allow_null=True)
    break_after_minutes = serializers.IntegerField(source="project.break_after_minutes", allow_null=True)
    completion = CompletionRuleSerializer(source="project.completion")
    created_at = serializers.DateTimeField(source="project.created_at")
    archived_at = serializers.DateTimeField(source="project.archived_at", allow_null=True)
    my_roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    my_permissions = serializers.ListField(
        child=serializers.ChoiceField(choices=[permission.value for permission in Permission])
    )
    guidelines = GuidelinesBriefSerializer(allow_null=True)
    counts = CountsSerializer()


class ProjectUpdateSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    protocol = ProtocolField(required=False, help_text="What is left out stays as it is.")
    overlap = serializers.IntegerField(min_value=1, max_value=100, required=False)
    lease_seconds = serializers.IntegerField(min_value=30, max_value=24 * 3600, required=False)
    validation_percent = serializers.IntegerField(min_value=0, max_value=90, required=False)
    test_percent = serializers.IntegerField(min_value=0, max_value=90, required=False)
    require_second_factor = serializers.BooleanField(
        required=False, help_text="Closes the project to members without one."
    )
    paid_seconds_cap = serializers.IntegerField(
        min_value=1,
        max_value=24 * 3600,
        required=False,
        help_text="What a timesheet counts for one judgment at most.",
    )
    risk_tags = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=100,
        required=False,
        help_text="What annotators are warned of, and may opt out of.",
    )
    exposure_cap = serializers.IntegerField(
        min_value=0,
        max_value=100_000,
        allow_null=True,
        required=False,
        help_text="Risk-tagged tasks for one person a day; null for any number.",
    )
    break_after_minutes = serializers.IntegerField(
        min_value=5, max_value=600, allow_null=True, required=False, help_text="Null suggests no breaks."
    )
    completion = CompletionRuleSerializer(required=False)


class ProjectCreateSerializer(ProjectUpdateSerializer):
    name = serializers.CharField(max_length=200)
    guidelines = serializers.CharField(max_length=100_000, required=False, allow_blank=True)


class MemberSerializer(serializers.ModelSerializer):
    user = serializers.IntegerField(source="user_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    caps = serializers.SerializerMethodField(
        help_text="Their own; one left out is the project's, null is none."
    )
    exposures_today = serializers.IntegerField(
        allow_null=True, help_text="Risk-tagged tasks looked at; null for who manages no members."
    )
    exposures_total = serializers.IntegerField(allow_null=True)

    class Meta:
        model = Membership
        fields = [
            "id",
            "user",
            "email",
            "name",
            "role",
            "caps",
            "exposures_today",
            "exposures_total",
            "created_at",
        ]

    @extend_schema_field(CapsSerializer(allow_null=True))
    def get_caps(self, member: Any) -> dict[str, int | None] | None:
        return member.caps


class MemberFilterSerializer(serializers.Serializer):
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    team = serializers.IntegerField(required=False, min_value=1, max_value=2**62, help_text="A team's id.")
    search = serializers.CharField(max_length=200, required=False, help_text="Part of a name or an address.")


class MemberCreateSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Role.choices)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    password = PasswordField(required=False, help_text="Creates the account; owners and operators only.")


class GuidelinesSerializer(serializers.ModelSerializer):
    created_by = serializers.CharField(source="created_by.name", default=None, allow_null=True)

    class Meta:
        model = GuidelineVersion
        fields = ["number", "text", "created_by", "created_at"]


class GuidelinesCreateSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=100_000)
    requires_reading = serializers.BooleanField(
        default=False, help_text="Nobody gets a task before they have acknowledged it."
    )


class ProtocolVersionSerializer(serializers.ModelSerializer):
    protocol = ProtocolField(source="body")
    created_by = serializers.CharField(source="created_by.name", default=None, allow_null=True)

    class Meta:
        model = ProtocolVersion
        fields = ["number", "protocol", "created_by", "created_at"]


class ProtocolChangeSerializer(serializers.Serializer):
    protocol = ProtocolField(help_text="The whole of it: what is left out has its default.")
    based_on = serializers.IntegerField(
        min_value=1,
        allow_null=True,
        default=None,
        help_text="The version you changed; a newer one is then not overwritten.",
    )
