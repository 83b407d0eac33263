"""What leaves the house when something happened: webhooks and mail, both by an outbox."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Event(models.TextChoices):
    JUDGMENT_SUBMITTED = "judgment.submitted"
    JUDGMENT_WITHDRAWN = "judgment.withdrawn"
    TASK_COMPLETED = "task.completed"
    QUEUE_EMPTY = "queue.empty"
    SNAPSHOT_FROZEN = "snapshot.frozen"
    RUN_FINISHED = "run.finished"
    IMPORT_FINISHED = "import.finished"
    ANNOTATOR_PAUSED = "annotator.paused"
    RULE_FIRED = "rule.fired"
    WEBHOOK_DISABLED = "webhook.disabled"


class Webhook(models.Model):
    """An address that wants to know. Project.webhook_events repeats what the active ones chose, so
    that an event nobody wants costs no statement."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=1000)
    description = models.CharField(max_length=200, blank=True)
    events = models.JSONField()
    # Signing needs the secret itself, so it is kept, encrypted (core.services.secrets), and shown once.
    encrypted_secret = models.CharField(max_length=255)
    is_active = models.BooleanField(default=True)
    disabled_reason = models.TextField(blank=True)
    # Since when nothing has arrived; null after a success.
    failing_since = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class Sending(models.TextChoices):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class WebhookDelivery(models.Model):
    """One event for one webhook: the outbox row, written with the event, and the log of its tries.

    A claim moves `next_try_at` into the future, so that a sender killed between claim and answer is
    followed by another try under the same `message_id`."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=40, unique=True)
    event = models.CharField(max_length=40, choices=Event.choices)
    payload = models.JSONField()
    state = models.CharField(max_length=8, choices=Sending.choices, default=Sending.PENDING)
    num_tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    # The latest tries: [{"at", "status", "error", "seconds"}].
    tries = models.JSONField(default=list)
    last_status = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=models.Q(state="pending"), name="webhook_delivery_due"
            ),
            models.Index(fields=["created_at"], name="webhook_delivery_by_time"),
        ]

    def __str__(self) -> str:
        return self.message_id


class Mail(models.Model):
    """A mail to one member, waiting or gone."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=40, choices=Event.choices)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    state = models.CharField(max_length=8, choices=Sending.choices, default=Sending.PENDING)
    num_tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="pending"), name="mail_due"),
            models.Index(fields=["created_at"], name="mail_by_time"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}: {self.subject}"


class MailPreference(models.Model):
    """Where a member differs from what their role is told by default."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=40, choices=Event.choices)
    wanted = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user", "event"], name="one_mail_preference"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {'wants' if self.wanted else 'does not want'} {self.event}"
