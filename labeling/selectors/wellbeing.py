"""How much somebody has worked and seen today."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from labeling.core.models import User
from labeling.models import Lane, Project, QueueCursor, Reveal, Task
from labeling.selectors.timesheets import Piece, pieces

# Shorter than this is no break.
BREAK = timedelta(minutes=5)


def exposures_today(*, annotator_id: int, project_id: int, now: datetime) -> int:
    """Risk-tagged tasks this person has looked at since midnight (UTC): one range of one index."""
    return Reveal.objects.filter(
        annotator=annotator_id, project=project_id, created_at__gte=midnight(now)
    ).count()


def is_spared(*, annotator_id: int, task: Task) -> bool:
    """Whether this person need not look at the task: it carries a risk tag, or a tag they opted out of."""
    return bool(task.prompt.risk_tags) or bool(
        set(opted_out_of(annotator_id=annotator_id, project_id=task.project_id)) & set(task.prompt.tags)
    )


def opted_out_of(*, annotator_id: int, project_id: int) -> list[str]:
    chosen = QueueCursor.objects.filter(project=project_id, annotator=annotator_id)
    return chosen.values_list("opted_out", flat=True).first() or []


def wellbeing_of(*, user: User, project: Project, now: datetime) -> dict[str, Any]:
    cursor = QueueCursor.objects.filter(project=project, annotator__user=user).first()
    worked: list[Piece] = []
    seen = 0
    if cursor is not None:
        worked = list(
            pieces(
                project=project,
                since=midnight(now),
                until=midnight(now) + timedelta(days=1),
                annotator_id=cursor.annotator_id,
            )
        )
        seen = exposures_today(annotator_id=cursor.annotator_id, project_id=project.pk, now=now)
    without_break = seconds_without_break(worked, now=now)
    limit = project.break_after_minutes
    return {
        "risk_tags": project.risk_tags,
        "tags": _tags_in_queue(project_id=project.pk),
        "opted_out_tags": cursor.opted_out if cursor else [],
        "exposures_today": seen,
        "exposure_cap": project.exposure_cap,
        "worked_seconds_today": sum((piece.seconds for piece in worked), Decimal(0)),
        "seconds_without_break": without_break,
        "break_after_minutes": limit,
        "take_a_break": limit is not None and without_break >= limit * 60,
    }


def _tags_in_queue(*, project_id: int) -> list[str]:
    lanes = Lane.objects.filter(project=project_id).values_list("tags", flat=True)
    return sorted({tag for tags in lanes for tag in tags})


def seconds_without_break(worked: list[Piece], *, now: datetime) -> Decimal:
    """Work since the last pause of five minutes, looking back from `now`; time spent waiting in
    between does not count."""
    total = Decimal(0)
    later = now
    for piece in reversed(worked):
        if later - piece.at >= BREAK:
            break
        total += piece.seconds
        later = piece.at - timedelta(seconds=float(piece.seconds))
    return total


def midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date(), time.min, tzinfo=UTC)
