"""Counts kept beside the rows they count, so that a page never scans a table.

Rows of one key are summed: a writer adds a row, so that no two writers wait for each other, and now
and then one of them folds the rows of a key into one. Database triggers write them
(labeling/services/counting.py), whichever service moved a slot or stored a judgment.
"""

from __future__ import annotations

from django.db import models


class QueueCount(models.Model):
    """`what` is "tasks" (people are asked about), "open", "leased" or "done" (wanted slots by state),
    "judgments" (last words, imported ones included) or "held" (tasks kept back)."""

    project_id = models.BigIntegerField()
    batch_id = models.BigIntegerField()
    arm = models.CharField(max_length=12)
    what = models.CharField(max_length=12)
    n = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["project_id", "batch_id"], name="queue_count_key")]

    def __str__(self) -> str:
        return f"{self.n} {self.what} of batch {self.batch_id}"


class WorkCount(models.Model):
    """How many last words one annotator gave to one batch on one day (UTC)."""

    project_id = models.BigIntegerField()
    annotator_id = models.BigIntegerField()
    batch_id = models.BigIntegerField()
    day = models.DateField()
    n = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["project_id", "annotator_id", "day"], name="work_count_key")]

    def __str__(self) -> str:
        return f"{self.n} by annotator {self.annotator_id} on {self.day}"
