"""Projects, members and guidelines as the API shows and takes them."""

from __future__ import annotations

from rest_framework import serializers

from labeling.core.api.serializers import PasswordField
from labeling.core.permissions import Permission
from labeling.models import GuidelineVersion, Membership
from labeling.models.projects import Role


class ProtocolSerializer(serializers.Serializer):
    """What the ranking page asks for."""

    ties = serializers.BooleanField()
    strength = serializers.BooleanField()
    both_good = serializers.BooleanField()
    both_bad = serializers.BooleanField()
    skip = serializers.BooleanField()


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


class ProjectSerializer(serializers.Serializer):
    slug = serializers.SlugField(source="project.slug")
    name = serializers.CharField(source="project.name")
    description = serializers.CharField(source="project.description")
    protocol = ProtocolSerializer(source="project.protocol")
    protocol_version = serializers.IntegerField(source="project.protocol_version")
    overlap = serializers.IntegerField(source="project.overlap")
    lease_seconds = serializers.IntegerField(source="project.lease_seconds")
    validation_percent = serializers.IntegerField(source="project.validation_percent")
    test_percent = serializers.IntegerField(source="project.test_percent")
    created_at = serializers.DateTimeField(source="project.created_at")
    archived_at = serializers.DateTimeField(source="project.archived_at", allow_null=True)
    my_roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    my_permissions = serializers.ListField(
        child=serializers.ChoiceField(choices=[permission.value for permission in Permission])
    )
    guidelines = GuidelinesBriefSerializer(allow_null=True)
    counts = CountsSerializer()


class ProtocolUpdateSerializer(serializers.Serializer):
    ties = serializers.BooleanField(required=False)
    strength = serializers.BooleanField(required=False)
    both_good = serializers.BooleanField(required=False)
    both_bad = serializers.BooleanField(required=False)
    skip = serializers.BooleanField(required=False)

    def to_internal_value(self, data: object) -> dict[str, object]:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields), key=str)):
            raise serializers.ValidationError(
                f"The protocol has no “{unknown[0]}”: use {', '.join(self.fields)}."
            )
        return super().to_internal_value(data)


class ProjectUpdateSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    protocol = ProtocolUpdateSerializer(required=False)
    overlap = serializers.IntegerField(min_value=1, max_value=100, required=False)
    lease_seconds = serializers.IntegerField(min_value=30, max_value=24 * 3600, required=False)
    validation_percent = serializers.IntegerField(min_value=0, max_value=90, required=False)
    test_percent = serializers.IntegerField(min_value=0, max_value=90, required=False)


class ProjectCreateSerializer(ProjectUpdateSerializer):
    name = serializers.CharField(max_length=200)
    guidelines = serializers.CharField(max_length=100_000, required=False, allow_blank=True)


class MemberSerializer(serializers.ModelSerializer):
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")

    class Meta:
        model = Membership
        fields = ["id", "email", "name", "role", "created_at"]


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
