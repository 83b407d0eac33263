"""Frozen data, and which judgments went into it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Snapshot(models.Model):
    """Immutable. `digest` covers the canonical rows, not the file's bytes: the same labels
    give the same digest. `path` is the storage prefix of `<split>.parquet`."""

    class Kind(models.TextChoices):
        DEMONSTRATIONS = "demonstrations"
        PREFERENCES = "preferences"
        UNPAIRED = "unpaired"
        PROMPTS = "prompts"
        RANKINGS = "rankings"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    path = models.CharField(max_length=500)
    # {"train": n, "validation": n, "test": n}
    num_rows = models.JSONField(default=dict)
    # [{"name": "train.parquet", "size", "sha256"}]; a split without rows has no file.
    files = models.JSONField(default=list)
    filters = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "digest"], name="one_snapshot_per_content"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]}"


class SnapshotJudgment(models.Model):
    """Lineage: this judgment is in that snapshot."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="judgment_links")
    judgment = models.ForeignKey("labeling.Judgment", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["judgment", "snapshot"], name="one_link_per_judgment"),
        ]

    def __str__(self) -> str:
        return f"{self.judgment_id} in {self.snapshot_id}"
