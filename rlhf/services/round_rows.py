"""Creating a round and finding its place; shared by the commands and the steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max

from rlhf.models import ModelVersion, Round, RoundStep
from rlhf.services import live

OVER = (RoundStep.State.DONE, RoundStep.State.SKIPPED)


def lock_project(project: Any) -> None:
    """Rounds of a project begin one at a time."""
    type(project).objects.select_for_update().get(pk=project.pk)


def create(*, project: Any, spec: Mapping[str, Any], policy: ModelVersion, user: Any, now: datetime) -> Round:
    """The project's next round, all steps waiting. Under the project's lock."""
    numbers = Round.objects.filter(project=project).aggregate(last=Max("number"))
    created = Round.objects.create(
        project=project,
        number=(numbers["last"] or 0) + 1,
        spec=spec,
        policy_in=policy,
        created_by=user,
        created_at=now,
    )
    RoundStep.objects.bulk_create(
        RoundStep(round=created, name=name, position=position)
        for position, name in enumerate(RoundStep.Name.values)
    )
    live.round_changed(created)
    return created


def current_step(of: Round) -> RoundStep | None:
    """The first step that is not over; None when all are."""
    return of.steps.exclude(state__in=OVER).select_related("run", "snapshot").order_by("position").first()
