"""Projects, who belongs to them, and who judges in them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from labeling.protocol import Protocol


class Role(models.TextChoices):
    """Roles are columns of a permission matrix (labeling/core/permissions.py), not a ladder."""

    ANNOTATOR = "annotator"
    LEAD = "lead"
    RESEARCHER = "researcher"
    OWNER = "owner"


def default_protocol() -> dict[str, object]:
    return Protocol().dump()


class Project(models.Model):
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    # What the ranking page asks for; every judgment names the version it was made under.
    protocol = models.JSONField(default=default_protocol)
    protocol_version = models.PositiveIntegerField(default=1)
    overlap = models.PositiveSmallIntegerField(default=1)
    lease_seconds = models.PositiveIntegerField(default=600)
    # Nobody gets a task before they say that they have read this guideline version; 0 asks nothing.
    required_guideline = models.PositiveIntegerField(default=0)
    # What labeling/queue_rules.py reads: adaptive overlap, caps, gold and repeat rates, the leak gate.
    queue_rules = models.JSONField(default=dict)
    # Grows whenever slots appear, or move forward, before where somebody's cursor may stand.
    queue_generation = models.PositiveIntegerField(default=0)
    # Percent of conversations (by root hash) set aside; the rest is train.
    validation_percent = models.PositiveSmallIntegerField(default=15)
    test_percent = models.PositiveSmallIntegerField(default=20)
    # Nobody annotates who has not accepted this version; 0 asks for nothing.
    consent_version = models.PositiveIntegerField(default=0)
    require_second_factor = models.BooleanField(default=False)
    # Seconds of one judgment that a timesheet counts at most: what is longer was left open.
    paid_seconds_cap = models.PositiveIntegerField(default=600)
    # What people are warned of, and may opt out of.
    risk_tags = models.JSONField(default=list)
    # Risk-tagged tasks for one person in one day (UTC); null is any number.
    exposure_cap = models.PositiveIntegerField(null=True)
    # Minutes of work after which a break is suggested; null never suggests one.
    break_after_minutes = models.PositiveIntegerField(null=True, default=50)
    # When an annotator gets a completion code: see labeling/services/completion.py.
    completion = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True)
    # What its active webhooks want, kept by services/webhooks.py: an event costs nothing where nobody asks.
    webhook_events = models.JSONField(default=list)
    # Whether the last look at the queue found it empty, so that running dry is told once.
    queue_was_empty = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.slug


class GuidelineVersion(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="guidelines")
    number = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_guideline_version_number"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} v{self.number}"


class Membership(models.Model):
    """One row per role: a person may be both lead and researcher."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    # Risk tags this person does not want to see; the same in all of their rows of a project.
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user", "role"], name="one_membership_per_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.project_id}"


class Annotator(models.Model):
    """Who judged: a person with a login, an imported worker without one, or a machine."""

    class Kind(models.TextChoices):
        PERSON = "person"
        IMPORTED = "imported"
        MACHINE = "machine"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    # Erasing a person sets `user` to null and leaves the judgments under this pseudonymous row.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="annotator"
    )
    # Names an imported worker or a machine; unique within its source.
    external_id = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200, blank=True)
    # What stands in the place of a name once the person is erased.
    pseudonym = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=models.Q(user__isnull=True) & ~models.Q(external_id=""),
                name="one_annotator_per_external_id",
            ),
        ]

    def __str__(self) -> str:
        return f"annotator {self.pk}"
