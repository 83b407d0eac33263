"""sample → label → snapshot → reward → policy → evaluate, and on to the next round."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Round(models.Model):
    class State(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    spec = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    error = models.TextField(blank=True)
    policy_in = models.ForeignKey("rlhf.ModelVersion", on_delete=models.PROTECT, related_name="+")
    policy_out = models.ForeignKey("rlhf.ModelVersion", null=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_round_number"),
            # Two rounds at once would read each other's labels.
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(state="running"), name="one_running_round"
            ),
        ]

    def __str__(self) -> str:
        return f"round {self.number} of {self.project_id}"


class RoundStep(models.Model):
    class Name(models.TextChoices):
        SAMPLE = "sample"
        LABEL = "label"
        SNAPSHOT = "snapshot"
        REWARD = "reward"
        POLICY = "policy"
        EVALUATE = "evaluate"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        SKIPPED = "skipped"
        FAILED = "failed"
        CANCELLED = "cancelled"

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=10, choices=Name.choices)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    run = models.OneToOneField("rlhf.Run", null=True, on_delete=models.PROTECT, related_name="round_step")
    snapshot = models.ForeignKey("rlhf.Snapshot", null=True, on_delete=models.PROTECT, related_name="+")
    # What the page shows: {"judgments", "wanted"}, {"tasks"}, {"accuracy": {...}}, {"win_rates": [...]}, …
    summary = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["round", "name"], name="one_step_per_name")]

    def __str__(self) -> str:
        return f"{self.name} of round {self.round_id}"


class RoundDefaults(models.Model):
    """What the launch form of a project starts from before there is a round to copy."""

    project = models.OneToOneField("labeling.Project", on_delete=models.CASCADE, related_name="+")
    spec = models.JSONField()  # a partial RoundSpec

    def __str__(self) -> str:
        return f"round defaults of {self.project_id}"
