"""The record of who did what. Written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models

from labeling.core.models import AuditEvent, User


def record(
    *,
    actor: User | None,
    action: str,
    project_id: int | None,
    obj: models.Model,
    data: Mapping[str, object] | None = None,
) -> AuditEvent:
    """`action` reads like `member.added`; `data` must hold no secret and be JSON."""
    return AuditEvent.objects.create(
        actor=actor,
        project_id=project_id,
        action=action,
        object_type=obj._meta.model_name or "",
        object_id=str(obj.pk),
        data=dict(data or {}),
    )
