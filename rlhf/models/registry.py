"""Model versions, and how they compare."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class ModelVersion(models.Model):
    """A registry row, written `name@number`. Its weights are either an artifact of a run
    (`path`, a storage prefix, with `files`) or somebody else's (`source`, a hub name or folder)."""

    class Kind(models.TextChoices):
        BASE = "base"
        POLICY = "policy"
        REWARD = "reward"

    class Stage(models.TextChoices):
        CANDIDATE = "candidate"
        PROMOTED = "promoted"
        RETIRED = "retired"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.CANDIDATE)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    produced_by = models.OneToOneField(
        "rlhf.Run", null=True, on_delete=models.PROTECT, related_name="produced_model"
    )
    source = models.CharField(max_length=500, blank=True)
    path = models.CharField(max_length=500, blank=True)
    # [{"name", "size", "sha256"}]
    files = models.JSONField(default=list)
    # The same, of the critic that PPO trained beside it: a later run may start from that.
    critic_files = models.JSONField(default=list)
    # What is shown beside it: {"eval_accuracy": {"value", "low", "high", "n", "method"}, ...}
    summary = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name", "number"], name="one_model_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"

    @property
    def is_adapter(self) -> bool:
        """Its files are an adapter alone, which is read together with `parent`."""
        return any(file["name"] == "adapter_config.json" for file in self.files)


class Evaluation(models.Model):
    """How often `candidate` beat `baseline`, by one judge; ties count half."""

    class Judge(models.TextChoices):
        PEOPLE = "people"
        REWARD_MODEL = "reward_model"

    run = models.ForeignKey("rlhf.Run", on_delete=models.CASCADE, related_name="evaluations")
    candidate = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    baseline = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    judge = models.CharField(max_length=12, choices=Judge.choices)
    judge_model = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    wins = models.PositiveIntegerField(default=0)
    ties = models.PositiveIntegerField(default=0)
    losses = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "baseline", "judge"], name="one_evaluation_per_judge"),
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id} vs {self.baseline_id} by {self.judge}"
