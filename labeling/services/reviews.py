"""A lead's word on a judgment: accepted, or returned with a comment to be corrected.

A returned judgment stays as it was said, but its comparisons are gone: nothing is learned from
it. Its annotator gets the task first thing with the comment; what they then submit supersedes it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labeling.core.errors import Conflict, DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Comparison, Judgment, Project, QueueCursor, Review
from labeling.models.queue import Arm
from labeling.services.judgments import store_comparisons
from labeling.services.quality_figures import announce


@transaction.atomic
def review(
    *,
    actor: User,
    project: Project,
    judgment_id: int,
    decision: str,
    now: datetime,
    comment: str = "",
) -> Review:
    judgment = (
        Judgment.objects.select_for_update(of=("self",))
        .select_related("annotator", "task")
        .filter(project=project, pk=judgment_id)
        .first()
    )
    if judgment is None:
        raise NotFound("There is no such judgment in this project: the list may be old, reload it.")
    if judgment.superseded_at is not None:
        raise Conflict("This judgment has been corrected since: review the newer one.", code="superseded")
    if decision == Review.Decision.RETURNED:
        _return(actor, judgment, comment, now)
    elif judgment.returned_at is not None:
        _take_back(judgment)
    made = Review.objects.create(
        judgment=judgment, reviewer=actor, decision=decision, comment=comment, created_at=now
    )
    audit.record(
        actor=actor,
        action=f"judgment.{decision}",
        project_id=project.pk,
        obj=judgment,
        data={"comment": comment},
    )
    announce(project.pk)
    return made


def _return(actor: User, judgment: Judgment, comment: str, now: datetime) -> None:
    if not comment.strip():
        raise DomainError(
            "Say what to look at again: a returned judgment needs a comment.",
            fields={"comment": ["Needed to return a judgment."]},
        )
    if judgment.assignment_id is None or judgment.annotator.user_id is None:
        raise Conflict("Nobody can correct an imported judgment: leave it out of snapshots instead.")
    if judgment.annotator.user_id == actor.pk:
        raise Conflict("This is your own judgment: correct it, or let another lead review it.")
    if judgment.task.arm == Arm.ADJUDICATION:
        raise Conflict("This is a lead's decision: ask them to correct it.")
    Judgment.objects.filter(pk=judgment.pk).update(returned_at=now)
    Comparison.objects.filter(judgment=judgment).delete()
    QueueCursor.objects.filter(project=judgment.project_id, annotator=judgment.annotator_id).update(
        has_returned=True
    )


def _take_back(judgment: Judgment) -> None:
    """Accepted after all: its comparisons count again. The annotator's flag clears itself."""
    Judgment.objects.filter(pk=judgment.pk).update(returned_at=None)
    store_comparisons([(judgment, judgment.task)])
