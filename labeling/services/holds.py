"""What comes before new work: consent, a pause, guidelines to read, judgments to correct. All of it stands
on the seat that is locked anyway, so that whom nothing holds back pays nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from labeling.models import Project, QueueCursor
from labeling.selectors.queue import Offer
from labeling.selectors.reviews import returned_to


@dataclass(frozen=True, slots=True)
class Hold:
    reason: str
    message: str
    guideline_version: int | None = None


def held_back(*, cursor: QueueCursor, project: Project) -> Hold | None:
    if cursor.paused_reason:
        return Hold("paused", cursor.paused_reason)
    if cursor.consented_version < project.consent_version:
        return Hold("consent_needed", "Read what taking part means, and accept it or leave it.")
    if cursor.read_guideline < project.required_guideline:
        number = project.required_guideline
        return Hold("read_guidelines", f"Read version {number} of the guidelines, then go on.", number)
    return None


def returned_work(*, cursor: QueueCursor, exclude: Collection[UUID]) -> list[Offer]:
    """Judgments sent back to this person, but for those they have on their screen already."""
    if not cursor.has_returned:
        return []
    returned = returned_to(annotator_id=cursor.annotator_id, project_id=cursor.project_id)
    if not returned:
        cursor.has_returned = False
        cursor.save(update_fields=["has_returned"])
    return [one for one in returned if one.id not in exclude]
