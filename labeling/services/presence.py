"""That somebody has a page open. Called by its socket; many pages of one person are one presence."""

from __future__ import annotations

from datetime import datetime

from labeling.core import live
from labeling.models import Presence


def seen(*, user_id: int, project_id: int, now: datetime) -> None:
    _, is_new = Presence.objects.update_or_create(
        project_id=project_id, user_id=user_id, defaults={"seen_at": now}
    )
    if is_new:
        _announce(project_id)


def left(*, user_id: int, project_id: int) -> None:
    """Another open page of the same person says so again soon."""
    if Presence.objects.filter(project=project_id, user=user_id).delete()[0]:
        _announce(project_id)


def _announce(project_id: int) -> None:
    live.publish(f"project.{project_id}", topic="presence")
