"""How much more one person may take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from labeling.models import Assignment, Project, Task
from labeling.queue_rules import Caps
from labeling.selectors.counts import wanted_by_batch, work_of
from labeling.selectors.wellbeing import exposures_today


@dataclass(frozen=True, slots=True)
class Allowance:
    """`batches_left_out`: those this person had their share of. `without_risk`: they saw, or hold, as
    many risk-tagged tasks today as the project allows."""

    room: int
    batches_left_out: frozenset[int] = frozenset()
    without_risk: bool = False


def allowance(
    *,
    annotator_id: int,
    project: Project,
    caps: Caps,
    held: Sequence[Assignment],
    room: int,
    now: datetime,
) -> Allowance:
    """What is left of `room` under `caps` and the project's exposure cap; leases count as if they were
    judged and seen. Under the seat's lock."""
    exposures = _exposures_left(annotator_id, project, held, now)
    without_risk = exposures is not None and exposures <= 0
    if exposures is not None and not without_risk:
        # Whatever the claims turn out to be, they are not too many.
        room = min(room, exposures)
    if not caps:
        return Allowance(room, without_risk=without_risk)
    work = work_of(annotator_id=annotator_id, project_id=project.pk)
    today = now.astimezone(UTC).date()
    if caps.per_day is not None:
        done = sum(one.n for one in work if one.day == today)
        room = min(room, caps.per_day - done - len(held))
    if caps.in_total is not None:
        room = min(room, caps.in_total - sum(one.n for one in work) - len(held))
    if caps.batch_percent is None:
        return Allowance(max(0, room), without_risk=without_risk)
    taken = Counter(
        Task.objects.filter(pk__in=[one.task_id for one in held]).values_list("batch_id", flat=True)
    )
    for one in work:
        taken[one.batch_id] += one.n
    left = {
        batch_id: -(-wanted * caps.batch_percent // 100) - taken[batch_id]
        for batch_id, wanted in wanted_by_batch(project_id=project.pk).items()
    }
    full = frozenset(batch_id for batch_id, more in left.items() if more <= 0)
    # Whichever batch the claims come from, none goes over its share.
    room = max(0, min([room, *(more for more in left.values() if more > 0)]))
    return Allowance(room, full, without_risk)


def _exposures_left(
    annotator_id: int, project: Project, held: Sequence[Assignment], now: datetime
) -> int | None:
    if project.exposure_cap is None:
        return None
    seen = exposures_today(annotator_id=annotator_id, project_id=project.pk, now=now)
    waiting = Assignment.objects.filter(pk__in=[one.pk for one in held], reveal=None)
    return (
        project.exposure_cap
        - seen
        - sum(map(bool, waiting.values_list("task__prompt__risk_tags", flat=True)))
    )
