"""Invitations, teams, imported workers, consent, wellbeing and completion codes as the API shows
and takes them."""

from __future__ import annotations

from rest_framework import serializers

from labeling.core.api.serializers import PasswordField
from labeling.models import CompletionCode, Consent, Invitation, InvitationUse, Team, TeamMember
from labeling.models.projects import Role


class InvitationSerializer(serializers.ModelSerializer):
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    team = serializers.IntegerField(source="team_id", allow_null=True)
    created_by = serializers.CharField(source="created_by.name", default=None, allow_null=True)

    class Meta:
        model = Invitation
        fields = [
            "id",
            "prefix",
            "roles",
            "email",
            "team",
            "max_uses",
            "num_uses",
            "expires_at",
            "revoked_at",
            "created_by",
            "created_at",
        ]


class InvitationCreatedSerializer(InvitationSerializer):
    token = serializers.CharField(help_text="Shown this once.")
    url = serializers.CharField(
        help_text="The link to send. A crowd platform appends its worker's id: ?PROLIFIC_PID=… or ?workerId=…"
    )

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "token", "url"]


class InvitationCreateSerializer(serializers.Serializer):
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=Role.choices), min_length=1, max_length=4
    )
    email = serializers.EmailField(
        max_length=254, required=False, allow_blank=True, help_text="For this address only, once."
    )
    team = serializers.IntegerField(source="team_id", required=False, allow_null=True, max_value=2**62)
    max_uses = serializers.IntegerField(
        min_value=1, max_value=1_000_000, default=1, allow_null=True, help_text="Null: any number of people."
    )
    days = serializers.IntegerField(min_value=1, max_value=365, default=14, help_text="Until it expires.")


class InvitationUseSerializer(serializers.ModelSerializer):
    user = serializers.IntegerField(source="user_id")
    name = serializers.CharField(source="user.name")

    class Meta:
        model = InvitationUse
        fields = ["id", "user", "name", "platform", "worker_id", "created_at"]


class InvitationTokenSerializer(serializers.Serializer):
    token = serializers.CharField(max_length=100)


class InvitationAcceptSerializer(InvitationTokenSerializer):
    platform = serializers.CharField(
        max_length=40, default="", allow_blank=True, help_text="Name of the link's parameter: PROLIFIC_PID, …"
    )
    worker_id = serializers.CharField(max_length=200, default="", allow_blank=True, help_text="Its value.")


class InvitationJoinSerializer(InvitationAcceptSerializer):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=200, default="", allow_blank=True)
    password = PasswordField()


class InvitationLookSerializer(serializers.Serializer):
    """What the holder of a link may know before saying who they are."""

    project = serializers.CharField(source="project.name")
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    expires_at = serializers.DateTimeField()
    for_one_address = serializers.SerializerMethodField()

    def get_for_one_address(self, invitation: Invitation) -> bool:
        return bool(invitation.email)


class InvitationAcceptedSerializer(serializers.Serializer):
    project = serializers.SlugField(source="project.slug")
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))


class TeamSerializer(serializers.ModelSerializer):
    num_members = serializers.IntegerField(read_only=True)

    class Meta:
        model = Team
        fields = ["id", "name", "num_members", "created_at"]
        read_only_fields = ["id", "created_at"]


class TeamCreateSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=200)


class TeamFilterSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=200, required=False, help_text="Part of the name.")


class UserIdSerializer(serializers.Serializer):
    user = serializers.IntegerField(source="user_id", max_value=2**62, help_text="A member's `user`.")


class TeamMemberSerializer(serializers.ModelSerializer):
    user = serializers.IntegerField(source="user_id")
    name = serializers.CharField(source="user.name")
    email = serializers.EmailField(source="user.email")

    class Meta:
        model = TeamMember
        fields = ["id", "user", "name", "email", "created_at"]


class WorkerSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    external_id = serializers.CharField()
    source = serializers.CharField()
    num_judgments = serializers.IntegerField()
    person = serializers.IntegerField(
        allow_null=True, help_text="The annotator this worker is, as exports number them."
    )
    person_name = serializers.CharField(allow_null=True)
    person_user = serializers.IntegerField(allow_null=True)


class WorkerFilterSerializer(serializers.Serializer):
    linked = serializers.BooleanField(required=False, allow_null=True, default=None)


class ConsentTextSerializer(serializers.Serializer):
    version = serializers.IntegerField(help_text="0: nothing is asked.")
    text = serializers.CharField(allow_blank=True)
    accepted = serializers.BooleanField(help_text="You have accepted this version.")


class ConsentTextSetSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=100_000, allow_blank=True, help_text="Empty asks for nothing.")


class ConsentAcceptSerializer(serializers.Serializer):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The one that was read.")


class ConsentSerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(source="version.number")
    annotator = serializers.IntegerField(source="annotator_id")
    name = serializers.SerializerMethodField()

    class Meta:
        model = Consent
        fields = ["id", "version", "annotator", "name", "accepted_at", "withdrawn_at"]

    def get_name(self, consent: Consent) -> str:
        annotator = consent.annotator
        return annotator.user.name if annotator.user else annotator.pseudonym


class WellbeingSerializer(serializers.Serializer):
    risk_tags = serializers.ListField(child=serializers.CharField(), help_text="What this project warns of.")
    tags = serializers.ListField(
        child=serializers.CharField(), help_text="Tags and risk tags of the tasks in the queue."
    )
    opted_out_tags = serializers.ListField(child=serializers.CharField(), help_text="What you do not take.")
    exposures_today = serializers.IntegerField()
    exposure_cap = serializers.IntegerField(allow_null=True)
    worked_seconds_today = serializers.DecimalField(max_digits=12, decimal_places=3)
    seconds_without_break = serializers.DecimalField(max_digits=12, decimal_places=3)
    break_after_minutes = serializers.IntegerField(allow_null=True)
    take_a_break = serializers.BooleanField()


class WellbeingUpdateSerializer(serializers.Serializer):
    opted_out_tags = serializers.ListField(
        child=serializers.CharField(max_length=200),
        max_length=1000,
        help_text="All tags and risk tags you do not take.",
    )


class RevealedSerializer(serializers.Serializer):
    risk_tags = serializers.ListField(child=serializers.CharField())


class CompletionCodeShownSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="Shown this once.")
    num_judgments = serializers.IntegerField()


class CompletionCodeSerializer(serializers.ModelSerializer):
    annotator = serializers.IntegerField(source="annotator_id")
    name = serializers.SerializerMethodField()
    platform = serializers.CharField()
    worker_id = serializers.CharField()

    class Meta:
        model = CompletionCode
        fields = ["id", "code", "annotator", "name", "platform", "worker_id", "num_judgments", "created_at"]

    def get_name(self, code: CompletionCode) -> str:
        annotator = code.annotator
        return annotator.user.name if annotator.user else annotator.pseudonym


class ProjectCloneSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=200)
    members = serializers.BooleanField(default=False)
    prompts = serializers.BooleanField(default=False)
