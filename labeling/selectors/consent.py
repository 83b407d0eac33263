from __future__ import annotations

from typing import Any

from labeling.core.models import User
from labeling.models import Project, QueueCursor


def consent_text(*, user: User, project: Project) -> dict[str, Any]:
    current = project.consent_versions.filter(number=project.consent_version).first()
    cursor = QueueCursor.objects.filter(project=project, annotator__user=user).first()
    accepted = cursor.consented_version if cursor else 0
    return {
        "version": project.consent_version,
        "text": current.text if current else "",
        "accepted": accepted >= project.consent_version,
    }
