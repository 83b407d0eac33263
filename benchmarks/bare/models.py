from __future__ import annotations

from django.conf import settings
from django.db import models


class Slot(models.Model):
    shown = models.JSONField()
    state = models.CharField(max_length=8, default="open")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    lease_expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=models.Q(state="open"), name="bare_slot_open")]

    def __str__(self) -> str:
        return f"slot {self.pk}"


class Judgment(models.Model):
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    client_key = models.UUIDField(unique=True)
    tiers = models.JSONField()

    def __str__(self) -> str:
        return f"judgment {self.pk}"
