"""Gold and hidden repeats, slipped in among the other tasks.

Which of a person's claims is one follows from the server's secret, the person and the claim's
number: one in so many on average, the same if asked again, and nothing a person could foresee.
What they receive looks like any other task: a first lease of a slot made for them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, Max, OuterRef
from django.utils.crypto import salted_hmac

from labeling.core.models import User
from labeling.models import Assignment, GoldAnswer, Project, QueueCursor, Slot, Task, TaskResponse
from labeling.models.queue import Arm
from labeling.queue_rules import QueueRules
from labeling.selectors.queue import EVER_HAD
from labeling.services.claims import Claim, Seat

SALT = "labeling.insertions"
MAX_CANDIDATES = 500
# A repeat is drawn from so many of the judgments that are old enough.
REPEATS_FROM = 50
REPEATABLE = (Arm.ACTIVE, Arm.RANDOM, Arm.EVALUATION)


@dataclass(frozen=True, slots=True)
class _LeavesOut:
    """What one person is not given now."""

    tags: frozenset[str]
    risk: bool

    def prompt(self, tags: Collection[str], risk_tags: Collection[str]) -> bool:
        return bool(self.tags & {*tags, *risk_tags} or (self.risk and risk_tags))


def insert(
    *,
    seat: Seat,
    user: User,
    project: Project,
    rules: QueueRules,
    count: int,
    without_risk: bool,
    now: datetime,
    expires_at: datetime,
) -> dict[int, Claim]:
    """The special ones among this person's next `count` claims, by their place. Under the seat's lock."""
    found: dict[int, Claim] = {}
    if not (rules.gold_every or rules.repeat_every):
        return found
    given: set[int] = set()
    leaves_out = _LeavesOut(frozenset(seat.cursor.opted_out), without_risk)
    for place in range(count):
        number = seat.cursor.num_claimed + place
        made = None
        if _is_due(seat, "gold", number, rules.gold_every):
            made = _gold(seat, user, project, number, given, leaves_out, expires_at)
        if made is None and _is_due(seat, "repeat", number, rules.repeat_every):
            made = _repeat(seat, project, rules, number, given, leaves_out, now, expires_at)
        if made is not None:
            found[place] = made
    return found


def count_claims(*, seat: Seat, rules: QueueRules, num: int) -> None:
    if num and (rules.gold_every or rules.repeat_every):
        QueueCursor.objects.filter(pk=seat.cursor.pk).update(num_claimed=F("num_claimed") + num)


def _is_due(seat: Seat, what: str, number: int, every: int) -> bool:
    return bool(every) and _draw(seat, what, number) % every == 0


def _draw(seat: Seat, what: str, number: int) -> int:
    digest = salted_hmac(SALT, f"{what}:{seat.cursor.pk}:{number}", algorithm="sha256").digest()
    return int.from_bytes(digest[:8], "big")


def _gold(
    seat: Seat,
    user: User,
    project: Project,
    number: int,
    given: set[int],
    leaves_out: _LeavesOut,
    expires_at: datetime,
) -> Claim | None:
    had = Assignment.objects.filter(task=OuterRef("task"), annotator=seat.annotator_id, state__in=EVER_HAD)
    golds = (
        GoldAnswer.objects.filter(~Exists(had), project=project, retired_at=None)
        .exclude(set_by=user)
        .exclude(task__in=given)
        .order_by("pk")
    )
    rows = golds.values_list("pk", "task__prompt__tags", "task__prompt__risk_tags")[:MAX_CANDIDATES]
    taken = [pk for pk, tags, risk_tags in rows if not leaves_out.prompt(tags, risk_tags)]
    if not taken:
        return None
    # The lock gives each person a slot number of their own.
    chosen = GoldAnswer.objects.select_for_update(no_key=True).get(
        pk=taken[_draw(seat, "which", number) % len(taken)]
    )
    task = Task.objects.get(pk=chosen.task_id)
    given.add(task.pk)
    last = Slot.objects.filter(task=task).aggregate(last=Max("slot_no"))["last"]
    return _leased(task, 0 if last is None else last + 1, expires_at)


def _repeat(
    seat: Seat,
    project: Project,
    rules: QueueRules,
    number: int,
    given: set[int],
    leaves_out: _LeavesOut,
    now: datetime,
    expires_at: datetime,
) -> Claim | None:
    """A task of its own with the responses of one judged long ago, shown the other way round."""
    repeated = Task.objects.filter(repeats=OuterRef("task"), assignments__annotator=seat.annotator_id)
    earlier = Assignment.objects.filter(
        annotator=seat.annotator_id, state=Assignment.State.SUBMITTED, slot__project=project
    ).order_by("-ended_at")
    # Sliced before it is filtered, so that the oldest of a long history is never walked to.
    window = list(
        earlier.values_list("pk", flat=True)[rules.repeat_after : rules.repeat_after + REPEATS_FROM]
    )
    choices = list(
        Assignment.objects.filter(~Exists(repeated), pk__in=window, task__arm__in=REPEATABLE)
        .select_related("task__prompt", "slot")
        .order_by("-ended_at", "pk")
    )
    choices = [
        one
        for one in choices
        if one.task_id not in given and not leaves_out.prompt(one.task.prompt.tags, one.task.prompt.risk_tags)
    ]
    if not choices:
        return None
    chosen = choices[_draw(seat, "which", number) % len(choices)]
    given.add(chosen.task_id)
    return _leased(_copy(chosen.task, now), chosen.slot.slot_no + 1, expires_at)


def _copy(task: Task, now: datetime) -> Task:
    copy = Task.objects.create(
        project_id=task.project_id,
        batch_id=task.batch_id,
        prompt_id=task.prompt_id,
        kind=task.kind,
        arm=Arm.REPEAT,
        priority=task.priority,
        overlap=0,
        repeats=task,
        created_at=now,
    )
    TaskResponse.objects.bulk_create(
        TaskResponse(task=copy, response_id=place.response_id, position=place.position)
        for place in TaskResponse.objects.filter(task=task)
    )
    return copy


def _leased(task: Task, slot_no: int, expires_at: datetime) -> Claim:
    """Withdrawn from the start: nobody else is ever offered it."""
    slot = Slot.objects.create(
        project_id=task.project_id,
        task=task,
        slot_no=slot_no,
        arm=task.arm,
        priority=task.priority,
        state=Slot.State.LEASED,
        fence=1,
        lease_expires_at=expires_at,
        withdrawn=True,
    )
    return Claim(slot.pk, task.pk, slot.slot_no, slot.priority, slot.fence)
