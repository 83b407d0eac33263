"""How people come to a project, what they agreed to, and what they are paid."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Team(models.Model):
    """A named group of a project's members."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_team_per_name")]

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="team_members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_place_per_team")]

    def __str__(self) -> str:
        return f"{self.user_id} in team {self.team_id}"


class Invitation(models.Model):
    """A link that gives roles to whoever opens it. Only a digest of its token is kept."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    roles = models.JSONField()
    # Set: for this address only.
    email = models.EmailField(blank=True)
    team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL, related_name="+")
    # Null: any number of people.
    max_uses = models.PositiveIntegerField(null=True)
    num_uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"invitation {self.prefix}…"


class InvitationUse(models.Model):
    """Who came by a link, and as whom a crowd platform knows them."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="uses")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # The query parameter the platform put on the link, and its value.
    platform = models.CharField(max_length=40, blank=True)
    worker_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invitation", "user"], name="one_use_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} by invitation {self.invitation_id}"


class WorkerLink(models.Model):
    """An imported worker turned out to be this person. Each judgment stays with whom it was
    imported under, so a link can be taken back."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    worker = models.ForeignKey("labeling.Annotator", on_delete=models.CASCADE, related_name="worker_links")
    person = models.ForeignKey("labeling.Annotator", on_delete=models.CASCADE, related_name="person_links")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "worker"], name="one_person_per_worker")]

    def __str__(self) -> str:
        return f"worker {self.worker_id} is {self.person_id}"


class ConsentVersion(models.Model):
    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="consent_versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_consent_version_number"),
        ]

    def __str__(self) -> str:
        return f"consent {self.project_id} v{self.number}"


class Consent(models.Model):
    """One acceptance of one version, and when it was withdrawn."""

    version = models.ForeignKey(ConsentVersion, on_delete=models.CASCADE, related_name="consents")
    annotator = models.ForeignKey("labeling.Annotator", on_delete=models.CASCADE, related_name="consents")
    accepted_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "annotator"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="one_standing_consent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.annotator_id} accepted {self.version_id}"


class Reveal(models.Model):
    """Someone asked to see what was blurred."""

    assignment = models.OneToOneField("labeling.Assignment", on_delete=models.CASCADE, related_name="reveal")
    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    annotator = models.ForeignKey("labeling.Annotator", on_delete=models.CASCADE, related_name="+")
    risk_tags = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["annotator", "project", "created_at"], name="reveal_by_annotator")]

    def __str__(self) -> str:
        return f"reveal of {self.assignment_id}"


class PayRate(models.Model):
    """What work is paid from `valid_from` to `valid_until`, both included. A person's own rate
    goes before the project's, whose `annotator` is null."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="pay_rates")
    annotator = models.ForeignKey("labeling.Annotator", null=True, on_delete=models.CASCADE, related_name="+")
    currency = models.CharField(max_length=3)
    per_hour = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    per_judgment = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["project", "valid_from"], name="pay_rate_by_day")]

    def __str__(self) -> str:
        return f"{self.currency} in {self.project_id} from {self.valid_from}"


class CompletionCode(models.Model):
    """Proof of work for a crowd platform: shown once to whom it was given, listed for leads."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="completion_codes")
    annotator = models.ForeignKey(
        "labeling.Annotator", on_delete=models.CASCADE, related_name="completion_codes"
    )
    code = models.CharField(max_length=20)
    num_judgments = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "annotator"], name="one_completion_code_per_person"),
            models.UniqueConstraint(fields=["project", "code"], name="one_person_per_completion_code"),
        ]

    def __str__(self) -> str:
        return f"code of {self.annotator_id}"
