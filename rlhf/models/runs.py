"""One execution on a worker: its state, what it reported, and the files it sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class Run(models.Model):
    """Only services/runs.py moves `state`. A retry is the next `attempt` of the same run."""

    class Kind(models.TextChoices):
        SFT = "sft"
        REWARD = "reward"
        DPO = "dpo"
        KTO = "kto"
        PPO = "ppo"
        RLOO = "rloo"
        GRPO = "grpo"
        SAMPLE = "sample"
        EVALUATE = "evaluate"

    class State(models.TextChoices):
        QUEUED = "queued"
        STARTING = "starting"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # As asked for, with defaults filled in. `inputs` is what the references resolved to:
    # {"models": {"<spec field>": <model version id, or a list of them>}, "snapshot": id}
    spec = models.JSONField()
    inputs = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=1)
    # Attempts that ended in a death of the process; a stopped dispatcher's do not count.
    num_deaths = models.PositiveSmallIntegerField(default=0)
    # Digest of the token of this attempt; empty when none may report.
    token_digest = models.CharField(max_length=64, blank=True, db_index=True)
    executor = models.CharField(max_length=10, default="local")
    executor_ref = models.CharField(max_length=200, blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    last_seq = models.PositiveIntegerField(default=0)  # of this attempt's events
    step = models.PositiveIntegerField(default=0)
    num_steps = models.PositiveIntegerField(null=True)
    # The newest complete checkpoint: {"step", "files": [...]}; null before the first.
    checkpoint = models.JSONField(null=True)
    environment = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "id"], name="run_by_state"),
            models.Index(fields=["project", "id"], name="run_by_project"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} ({self.kind})"

    @property
    def model_ids(self) -> list[int]:
        """Every registry version that this run reads."""
        return model_ids(self.inputs)


def model_ids(inputs: Mapping[str, Any] | None) -> list[int]:
    """Of a run's `inputs`. A list may hold None: a reward that is no model."""
    used = (inputs or {}).get("models", {}).values()
    found = [number for value in used for number in (value if isinstance(value, list) else [value])]
    return [number for number in found if number is not None]


class MetricPoint(models.Model):
    """One value of one metric at one step; names are TRL's keys, untouched."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metric_points")
    key = models.CharField(max_length=120)
    step = models.PositiveIntegerField()
    value = models.FloatField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key", "step"], name="one_point_per_step")]

    def __str__(self) -> str:
        return f"{self.key}[{self.step}] = {self.value}"


class RunLogLine(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="log_lines")
    attempt = models.PositiveSmallIntegerField()
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    line = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "attempt", "seq"], name="one_line_per_seq")]

    def __str__(self) -> str:
        return self.line


class RunFile(models.Model):
    """A file a worker sent: part of a model, of a checkpoint, or a table of responses."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=400)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=500)  # in the artifact storage
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_file_per_name")]

    def __str__(self) -> str:
        return self.name
