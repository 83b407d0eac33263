"""What one person said so far, with what they were shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from labeling.core.models import User
from labeling.models import Judgment, Project
from labeling.protocol import complete
from labeling.selectors.queue import TaskContent, contents_of, offer
from labeling.selectors.said import said_in_keys


def own_judgments(*, user: User, project: Project, everything: bool) -> QuerySet[Judgment]:
    """A person's last words; with `everything`, also what they corrected or took back."""
    said = Judgment.objects.filter(annotator__user=user, project=project, assignment__isnull=False)
    if not everything:
        said = said.filter(superseded_at=None)
    return said.select_related("assignment__slot", "written_response", "withdrawal")


def as_own(judgments: Sequence[Judgment]) -> list[dict[str, Any]]:
    """Each with what was shown; two queries however many there are."""
    contents = contents_of(judgment.task_id for judgment in judgments)
    return [_own(judgment, contents[judgment.task_id]) for judgment in judgments]


def undo_until(judgment: Judgment) -> datetime:
    assert judgment.assignment is not None
    seconds = complete(judgment.assignment.terms["protocol"])["undo_seconds"]
    return judgment.created_at + timedelta(seconds=seconds)


def _own(judgment: Judgment, content: TaskContent) -> dict[str, Any]:
    assignment = judgment.assignment
    assert assignment is not None
    withdrawn = getattr(judgment, "withdrawal", None)
    stands = judgment.superseded_at is not None or judgment.presentation.get("answer_shown", False)
    return {
        "id": judgment.pk,
        "assignment": offer(assignment, content, expires_at=assignment.slot.lease_expires_at),
        "judgment": {"id": judgment.pk, **said_in_keys(judgment, assignment, content)},
        "created_at": judgment.created_at,
        "superseded_at": judgment.superseded_at,
        "withdrawn": withdrawn is not None,
        "undo_until": None if stands else undo_until(judgment),
    }
