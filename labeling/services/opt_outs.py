"""Tags a person does not take. Nobody is asked why, and nothing is counted against it."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from labeling.core.models import User
from labeling.models import Project
from labeling.services.claims import rewind_own, take_seat


@transaction.atomic
def opt_out(*, user: User, project: Project, tags: Collection[str]) -> list[str]:
    """From the next claim on, no task whose prompt carries one of `tags` (tags or risk tags). What is
    held already may be skipped. Replaces what was chosen before."""
    cursor = take_seat(user=user, project=project).cursor
    cursor.opted_out, cursor.lanes_at = sorted(set(tags)), None
    cursor.save(update_fields=["opted_out", "lanes_at"])
    rewind_own(cursor)
    return cursor.opted_out
