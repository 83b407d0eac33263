from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from labeling.core.models import AuditEvent


def listed_events(
    *,
    project_id: int | None = None,
    actor: int | None = None,
    action: str | None = None,
    object_type: str | None = None,
    object_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """`action` is one action or, ending in a dot, all that begin so; `until` is left out itself."""
    wanted = {
        "project_id": project_id,
        "actor_id": actor,
        "action__startswith" if action and action.endswith(".") else "action": action,
        "object_type": object_type,
        "object_id": object_id,
        "at__gte": since,
        "at__lt": until,
    }
    given = {field: value for field, value in wanted.items() if value is not None}
    return AuditEvent.objects.filter(**given).select_related("actor")
