"""What a lead changes in a running queue: order, overlap, leases, rules, and one person's caps.

Slots are locked by skipping what a claim is taking at this moment: a held slot is never lost, and
nobody who works waits for a lead, nor a lead for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from labeling.core.errors import Conflict, DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Annotator, Assignment, Batch, Hold, Membership, Project, QueueCursor, Slot, Task
from labeling.models.queue import Arm
from labeling.queue_rules import QueueRules, rules_of
from labeling.services.adaptive import add_slots
from labeling.services.announcing import announce

CHUNK = 500
# So many tasks are named in the audit log; their number always is.
NUM_NAMED = 100


@dataclass(frozen=True, slots=True)
class TaskChanges:
    """None leaves it as it is. `overlap_max` 0 makes overlap fixed."""

    priority: int | None = None
    overlap: int | None = None
    overlap_max: int | None = None
    confidence: float | None = None

    def dump(self) -> dict[str, object]:
        values = {name: getattr(self, name) for name in ("priority", "overlap", "overlap_max", "confidence")}
        return {name: value for name, value in values.items() if value is not None}


@transaction.atomic
def change_tasks(
    *, actor: User, project: Project, tasks: Collection[int] | Batch, changes: TaskChanges
) -> int:
    """Change waiting tasks, or all of a batch: how many. More overlap opens slots, less withdraws
    open ones; what somebody holds stays theirs."""
    wanted = changes.dump()
    if not wanted:
        raise DomainError("Say what to change: priority, overlap, overlap_max or confidence.")
    chosen = Task.objects.filter(project=project, overlap__gt=0).exclude(arm__in=[Arm.GOLD, Arm.REPEAT])
    told: dict[str, object]
    if isinstance(tasks, Batch):
        chosen, told = chosen.filter(batch=tasks), {"batch": tasks.pk}
    else:
        chosen, told = chosen.filter(pk__in=tasks), {"tasks": sorted(tasks)[:NUM_NAMED]}
    # Slots may come before where cursors stand.
    Project.objects.filter(pk=project.pk).update(queue_generation=F("queue_generation") + 1)
    changed = sum(_change(chunk, changes) for chunk in _locked_chunks(chosen))
    if not changed:
        raise NotFound("None of these tasks asks people for judgments: the list may be old, reload it.")
    audit.record(
        actor=actor,
        action="tasks.changed",
        project_id=project.pk,
        obj=project,
        data={**wanted, "num_tasks": changed, **told},
    )
    announce(project.pk)
    return changed


@transaction.atomic
def release_lease(*, actor: User, project: Project, assignment_id: UUID, now: datetime) -> None:
    """Take a lease back for somebody else. What its holder submits after all is kept as surplus, and
    the task is not offered to them again."""
    held = Assignment.objects.filter(
        pk=assignment_id, task__project=project, state=Assignment.State.LEASED
    ).first()
    if held is None:
        raise NotFound("Nobody holds this assignment any more: the list may be old, reload it.")
    slot = Slot.objects.filter(pk=held.slot_id, state=Slot.State.LEASED, fence=held.fence)
    if not slot.update(state=Slot.State.OPEN, lease_expires_at=None):
        raise Conflict("The lease has just ended: reload the list.", code="lease_lost")
    Assignment.objects.filter(pk=held.pk).update(state=Assignment.State.RELEASED, ended_at=now)
    audit.record(
        actor=actor,
        action="lease.released",
        project_id=project.pk,
        obj=held,
        data={"task": held.task_id, "annotator": held.annotator_id},
    )
    announce(project.pk)


@transaction.atomic
def change_rules(*, actor: User, project: Project, changes: Mapping[str, Any]) -> QueueRules:
    """Of tasks queued from now on, where they concern tasks; of the next claim, where they concern people."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    before = rules_of(project.queue_rules)
    caps = {**before.dump().get("caps", {}), **changes.get("caps", {})}
    rules = rules_of({**before.dump(), **changes, **({"caps": caps} if caps else {})})
    if rules.overlap_max is not None and rules.overlap_max < project.overlap:
        raise DomainError(
            f"Every task starts with {project.overlap} judgments: allow at least as many.",
            fields={"overlap_max": ["Below the project's overlap."]},
        )
    if rules != before:
        project.queue_rules = rules.dump()
        project.save(update_fields=["queue_rules"])
        old, new = asdict(before), asdict(rules)
        changed = {name: [old[name], new[name]] for name in new if old[name] != new[name]}
        audit.record(actor=actor, action="queue.changed", project_id=project.pk, obj=project, data=changed)
    return rules


@transaction.atomic
def set_caps(
    *, actor: User, project: Project, membership_id: int, caps: Mapping[str, int | None]
) -> dict[str, int | None]:
    """Caps of one person instead of the project's; one that is left out is the project's."""
    member = Membership.objects.filter(project=project, pk=membership_id).first()
    if member is None:
        raise NotFound("There is no such member: the list may be old, reload it.")
    annotator, _ = Annotator.objects.get_or_create(
        user_id=member.user_id, defaults={"kind": Annotator.Kind.PERSON}
    )
    cursor, _ = QueueCursor.objects.get_or_create(project=project, annotator=annotator)
    QueueCursor.objects.filter(pk=cursor.pk).update(caps=dict(caps))
    audit.record(
        actor=actor, action="member.capped", project_id=project.pk, obj=member, data={"caps": dict(caps)}
    )
    return dict(caps)


def _locked_chunks(tasks: QuerySet[Task]) -> Iterator[list[Task]]:
    after = 0
    while chunk := list(
        # FOR NO KEY UPDATE: claims go on storing assignments that point to these tasks.
        tasks.filter(pk__gt=after)
        .select_related("batch")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)[:CHUNK]
    ):
        yield chunk
        after = chunk[-1].pk


def _change(tasks: list[Task], changes: TaskChanges) -> int:
    if changes.priority is not None:
        _free_slots(Slot.objects.filter(task__in=tasks).exclude(state=Slot.State.DONE)).update(
            priority=changes.priority
        )
    held = set(
        Hold.objects.filter(task__in=tasks)
        .exclude(state=Hold.State.RELEASED)
        .values_list("task_id", flat=True)
    )
    slots: dict[int, list[Slot]] = {task.pk: [] for task in tasks}
    if changes.overlap is not None:
        for slot in Slot.objects.filter(task__in=tasks, withdrawn=False).order_by("slot_no"):
            slots[slot.task_id].append(slot)
    for task in tasks:
        is_asked = bool(slots[task.pk]) and task.pk not in held and task.batch.closed_at is None
        if changes.overlap is not None and is_asked:
            _set_overlap(task, slots[task.pk], changes.overlap, changes.priority)
            task.overlap = changes.overlap
        if changes.priority is not None:
            task.priority = changes.priority
        most = task.overlap_max if changes.overlap_max is None else changes.overlap_max
        task.overlap_max = most if most and most > task.overlap else None
        confidence = changes.confidence if changes.confidence is not None else task.confidence
        task.confidence = (confidence or QueueRules().confidence) if task.overlap_max else None
    Task.objects.bulk_update(tasks, ["priority", "overlap", "overlap_max", "confidence"])
    return len(tasks)


def _set_overlap(task: Task, wanted: list[Slot], overlap: int, priority: int | None) -> None:
    if len(wanted) < overlap:
        like = wanted[0]
        like.priority = task.priority if priority is None else priority
        add_slots(task=task, like=like, num=overlap - len(wanted))
        return
    still_open = [slot.pk for slot in wanted if slot.state == Slot.State.OPEN]
    spare = still_open[::-1][: len(wanted) - overlap]
    _free_slots(Slot.objects.filter(pk__in=spare, state=Slot.State.OPEN)).update(withdrawn=True)


def _free_slots(slots: QuerySet[Slot]) -> QuerySet[Slot]:
    """Those that no claim is taking right now, locked."""
    locked = slots.order_by("pk").select_for_update(of=("self",), skip_locked=True, no_key=True)
    return Slot.objects.filter(pk__in=[slot.pk for slot in locked])
