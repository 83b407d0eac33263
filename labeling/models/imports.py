"""Files on their way in, imported in the background."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class ImportJob(models.Model):
    """An uploaded file and how far it got.

    First every record is checked (`num_rows` is null until that is done), then the rows are stored
    in batches; each batch's transaction also moves `rows_done`, so that a killed import goes on
    behind its last whole batch. `fence` grows with every claim: who holds an older one stops.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="import_jobs")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    filename = models.CharField(max_length=200)
    # Where the file lies under ARTIFACT_URL; empty once it is no longer needed.
    path = models.CharField(max_length=300)
    texts_path = models.CharField(max_length=300, blank=True)
    size = models.BigIntegerField()
    row_format = models.CharField(max_length=40, blank=True)
    # {"licence", "source", "aspect", "texts_filename"}
    options = models.JSONField(default=dict)
    dry_run = models.BooleanField(default=False)
    skip_bad_rows = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    fence = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    num_rows = models.PositiveBigIntegerField(null=True)
    rows_done = models.PositiveBigIntegerField(default=0)
    num_errors = models.PositiveBigIntegerField(default=0)
    # What was stored so far, as StoredCounts names it.
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["queued", "running"]),
                name="import_job_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.pk} of {self.filename}"


class ImportProblem(models.Model):
    """One record that was left out, as it stood in the file."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="problems")
    line = models.PositiveBigIntegerField()
    message = models.TextField()
    raw = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "line"], name="one_problem_per_line")]

    def __str__(self) -> str:
        return f"line {self.line} of import {self.job_id}"
