"""What must be settled before someone is given work."""

from __future__ import annotations

from labeling.models import Project, QueueCursor


def standing_in_the_way(*, project: Project, cursor: QueueCursor) -> str | None:
    """The reason why this person gets no task now, or None. It reads the two rows that the
    caller holds already and asks the database nothing: every request for work comes by here."""
    if cursor.consented_version < project.consent_version:
        return "consent_needed"
    return None
