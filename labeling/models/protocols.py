"""Every protocol a project has had."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class ProtocolVersion(models.Model):
    """Never changes. The project repeats its newest one, so that handing out work reads no second row."""

    project = models.ForeignKey("labeling.Project", on_delete=models.CASCADE, related_name="protocols")
    number = models.PositiveIntegerField()
    body = models.JSONField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_protocol_version_number"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} protocol v{self.number}"
