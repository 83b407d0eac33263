"""Completion codes: what somebody types on a crowd platform to be paid there."""

from __future__ import annotations

import secrets
import statistics
from datetime import datetime

from django.db import IntegrityError, transaction

from labeling.core.errors import Conflict
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Assignment, CompletionCode, Judgment, Project, QueueCursor
from labeling.models.judgments import Verdict
from labeling.selectors.timesheets import first_words
from labeling.services.holds import held_back

# Without what is easily mistaken for something else.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 10


@transaction.atomic
def issue_code(*, user: User, project: Project, now: datetime) -> CompletionCode:
    """The code, once: whoever lost it asks a lead, who sees them all."""
    cursor = QueueCursor.objects.filter(project=project, annotator__user=user).first()
    rule = project.completion
    if not rule.get("judgments"):
        raise Conflict("This project gives no completion codes.", code="no_completion_codes")
    if cursor is None:
        raise Conflict(f"Judge {rule['judgments']} tasks first.", code="not_complete")
    missing = what_is_missing(cursor=cursor, project=project)
    if missing is not None:
        raise Conflict(missing, code="not_complete")
    num = _own(cursor, project).count()
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    try:
        with transaction.atomic():
            made = CompletionCode.objects.create(
                project=project,
                annotator_id=cursor.annotator_id,
                code=code,
                num_judgments=num,
                created_at=now,
            )
    except IntegrityError as known:
        raise Conflict(
            "Your code was shown to you already: ask the lead of the project if you lost it.",
            code="code_shown",
        ) from known
    data = {"judgments": num}
    audit.record(actor=user, action="completion_code.issued", project_id=project.pk, obj=made, data=data)
    return made


def what_is_missing(*, cursor: QueueCursor, project: Project) -> str | None:
    """The first rule that is not met, as a sentence; None when all are."""
    rule = project.completion
    judged = list(_own(cursor, project).values_list("verdict", "active_seconds"))
    if len(judged) < rule["judgments"]:
        return f"You have judged {len(judged)} of {rule['judgments']} tasks: go on."
    if held_back(project=project, cursor=cursor) is not None:
        return "You may not annotate at the moment, so there is no code: ask the lead of the project."
    skipped = _num_skipped(cursor, project)
    shares = {
        "max_skip_share": skipped / (skipped + len(judged)),
        "max_cannot_judge_share": sum(verdict == Verdict.CANNOT_JUDGE for verdict, _ in judged) / len(judged),
    }
    if any(share > rule.get(name, 1) for name, share in shares.items()):
        return "More tasks were skipped or not judged than this project accepts: judge some more."
    seconds = [spent for _, spent in judged if spent is not None]
    if "min_median_seconds" in rule and statistics.median(seconds or [0]) < rule["min_median_seconds"]:
        return "The tasks were judged faster than they can be read: ask the lead of the project."
    return None


def _num_skipped(cursor: QueueCursor, project: Project) -> int:
    """Without what nobody need look at, and what this person does not take."""
    skipped = Assignment.objects.filter(
        annotator=cursor.annotator_id,
        task__project=project,
        task__prompt__risk_tags=[],
        state=Assignment.State.SKIPPED,
    )
    tags = skipped.values_list("task__prompt__tags", flat=True)
    return sum(not set(cursor.opted_out) & set(one) for one in tags)


def _own(cursor: QueueCursor, project: Project):
    """This person's first word on each task: a correction is not another task done."""
    own = Judgment.objects.filter(project=project, annotator=cursor.annotator_id, assignment__isnull=False)
    return first_words(own).filter(is_first=True)
