"""How much more one person may take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from labeling.models import Assignment, Task
from labeling.queue_rules import Caps
from labeling.selectors.counts import wanted_by_batch, work_of


@dataclass(frozen=True, slots=True)
class Allowance:
    """`batches_left_out`: those this person had their share of."""

    room: int
    batches_left_out: frozenset[int] = frozenset()


def allowance(
    *, annotator_id: int, project_id: int, caps: Caps, held: Sequence[Assignment], room: int, now: datetime
) -> Allowance:
    """What is left of `room` under `caps`; leases count as if they were judged. Under the seat's lock."""
    if not caps:
        return Allowance(room)
    work = work_of(annotator_id=annotator_id, project_id=project_id)
    today = now.astimezone(UTC).date()
    if caps.per_day is not None:
        done = sum(one.n for one in work if one.day == today)
        room = min(room, caps.per_day - done - len(held))
    if caps.in_total is not None:
        room = min(room, caps.in_total - sum(one.n for one in work) - len(held))
    if caps.batch_percent is None:
        return Allowance(max(0, room))
    taken = Counter(
        Task.objects.filter(pk__in=[one.task_id for one in held]).values_list("batch_id", flat=True)
    )
    for one in work:
        taken[one.batch_id] += one.n
    left = {
        batch_id: -(-wanted * caps.batch_percent // 100) - taken[batch_id]
        for batch_id, wanted in wanted_by_batch(project_id=project_id).items()
    }
    full = frozenset(batch_id for batch_id, more in left.items() if more <= 0)
    # Whichever batch the claims come from, none goes over its share.
    return Allowance(max(0, min([room, *(more for more in left.values() if more > 0)])), full)
