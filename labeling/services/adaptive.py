"""Adaptive overlap: ask one more person where people disagree, stop where the posterior is confident.

Each judgment of a task is a vote for an outcome: which responses share the best tier (for a pair: A, B
or a tie). Under a uniform Dirichlet prior over outcomes, the two most voted, with n1 >= n2 votes, split
their common mass as Beta(1 + n1, 1 + n2), whatever the others got (the Dirichlet's aggregation
property: Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.4 and appendix A). The confidence
that the leader really leads is P(Beta(1 + n1, 1 + n2) > 1/2), which for whole numbers is a binomial
tail: P(Binomial(n1 + n2 + 1, 1/2) <= n1). 2:0 gives 0.875, 3:0 0.94, 2:1 0.69, 3:1 0.81, 4:0 0.97.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import comb

from django.db.models import Max

from labeling.models import Judgment, Slot, Task
from labeling.models.judgments import Verdict


def confidence_of(votes: Counter[frozenset[int]]) -> float:
    """That the outcome with the most votes is the one people would choose; 0.5 without votes."""
    counts = sorted(votes.values(), reverse=True)
    first, second = [*counts, 0, 0][:2]
    draws = first + second + 1
    return sum(comb(draws, wins) for wins in range(first + 1)) / 2**draws


def votes_of(rankings: Iterable[Sequence[Sequence[int]]]) -> Counter[frozenset[int]]:
    return Counter(frozenset(tiers[0]) for tiers in rankings if tiers)


def ask_as_needed(*, task: Task) -> None:
    """After a judgment was given or taken back, in its transaction: open one more slot where what is
    said leaves too much doubt and nobody else is still asked, and withdraw those that were opened for
    a doubt that is gone or that somebody else may settle.

    The lock on the task puts judgments of one task in a line, so that the last of those asked
    sees what all said, and only one slot is added for it.
    """
    if task.overlap_max is None:
        return
    task = Task.objects.select_for_update(of=("self",), no_key=True).select_related("batch").get(pk=task.pk)
    slots = list(Slot.objects.filter(task=task, withdrawn=False).order_by("slot_no"))
    if task.overlap_max is None or not slots or task.batch.closed_at is not None:
        return
    waiting = [slot for slot in slots if slot.state != Slot.State.DONE]
    # Opened by an earlier call, and still nobody's.
    num_extra = max(0, len(slots) - task.overlap)
    extra = [slot for slot in waiting if slot.state == Slot.State.OPEN][::-1][:num_extra]
    if len(waiting) > len(extra) or _is_sure(task):
        free = Slot.objects.filter(pk__in=[slot.pk for slot in extra], state=Slot.State.OPEN)
        # Not one that a claim is taking right now.
        locked = free.select_for_update(skip_locked=True, no_key=True)
        Slot.objects.filter(pk__in=[slot.pk for slot in locked]).update(withdrawn=True)
    elif not waiting and len(slots) < task.overlap_max:
        add_slots(task=task, like=slots[0], num=1)


def _is_sure(task: Task) -> bool:
    said = Judgment.objects.filter(task=task, superseded_at=None).exclude(verdict=Verdict.CANNOT_JUDGE)
    return confidence_of(votes_of(said.values_list("tiers", flat=True))) >= (task.confidence or 0)


def add_slots(*, task: Task, like: Slot, num: int) -> None:
    """`num` more slots of a locked task, in the lane of one it has. They are found behind most cursors
    at once, and by the others' next search from the start."""
    last = Slot.objects.filter(task=task).aggregate(last=Max("slot_no"))["last"]
    Slot.objects.bulk_create(
        Slot(
            project_id=task.project_id,
            task=task,
            lane_id=like.lane_id,
            slot_no=last + 1 + number,
            arm=task.arm,
            priority=like.priority,
        )
        for number in range(num)
    )
