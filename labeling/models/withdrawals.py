"""Judgments that were taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Withdrawal(models.Model):
    """Why a judgment is superseded though nothing follows it."""

    judgment = models.OneToOneField("labeling.Judgment", on_delete=models.CASCADE, related_name="withdrawal")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"judgment {self.judgment_id} withdrawn"
