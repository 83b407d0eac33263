from __future__ import annotations

from django.db.models import QuerySet

from labeling.core.models import AuditEvent


def project_events(*, project_id: int) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(project_id=project_id).select_related("actor")
