"""How much somebody has worked and seen today."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from labeling.core.models import User
from labeling.models import Annotator, Membership, Project, Reveal
from labeling.selectors.timesheets import Piece, pieces

# Shorter than this is no break.
BREAK = timedelta(minutes=5)


def exposures_today(*, annotator_id: int, project_id: int, now: datetime) -> int:
    """Risk-tagged tasks this person has looked at since midnight (UTC): one range of one index."""
    return Reveal.objects.filter(
        annotator=annotator_id, project=project_id, created_at__gte=midnight(now)
    ).count()


def wellbeing_of(*, user: User, project: Project, now: datetime) -> dict[str, Any]:
    annotator = Annotator.objects.filter(user=user).first()
    membership = Membership.objects.filter(project=project, user=user).first()
    worked: list[Piece] = []
    seen = 0
    if annotator is not None:
        worked = list(
            pieces(
                project=project,
                since=midnight(now),
                until=midnight(now) + timedelta(days=1),
                annotator_id=annotator.pk,
            )
        )
        seen = exposures_today(annotator_id=annotator.pk, project_id=project.pk, now=now)
    without_break = seconds_without_break(worked, now=now)
    limit = project.break_after_minutes
    return {
        "risk_tags": project.risk_tags,
        "opted_out_tags": membership.opted_out_tags if membership else [],
        "exposures_today": seen,
        "exposure_cap": project.exposure_cap,
        "worked_seconds_today": sum((piece.seconds for piece in worked), Decimal(0)),
        "seconds_without_break": without_break,
        "break_after_minutes": limit,
        "take_a_break": limit is not None and without_break >= limit * 60,
    }


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
