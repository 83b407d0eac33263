"""What annotators are told. A version never changes; every judgment names the one it was made under."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from labeling.core.errors import DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import (
    GuidelineAcknowledgement,
    GuidelineVersion,
    Judgment,
    Project,
    QueueCursor,
    Slot,
    Task,
)
from labeling.models.queue import Arm
from labeling.services.chunks import chunks
from labeling.services.claims import take_seat
from labeling.services.queue import announce

CHUNK = 500
MAX_REQUEUED_TASKS = 10_000
REQUEUED_ARMS = (Arm.ACTIVE, Arm.RANDOM)


@dataclass(frozen=True, slots=True)
class Affected:
    """Which tasks a new version touches: those with a judgment made under an earlier one. `tags`
    (any of them) and `arms` narrow it; each task is offered `judgments_each` more times."""

    judged_before: int
    tags: Sequence[str] = ()
    arms: Sequence[str] = REQUEUED_ARMS
    judgments_each: int = 1


@dataclass(slots=True)
class Requeued:
    """`more`: there were over 10,000 tasks; the same request again goes on with the rest."""

    num_tasks: int = 0
    num_slots: int = 0
    more: bool = False
    task_ids: list[int] = field(default_factory=list)


@transaction.atomic
def add_guidelines(
    *, actor: User, project: Project, text: str, now: datetime, requires_reading: bool = False
) -> GuidelineVersion:
    """The next version, or the newest as it is when the text is the same. With `requires_reading`
    nobody gets another task before they have acknowledged it."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    newest = project.guidelines.order_by("-number").first()
    if newest is not None and newest.text == text:
        version = newest
    else:
        version = GuidelineVersion.objects.create(
            project=project,
            number=newest.number + 1 if newest else 1,
            text=text,
            created_by=actor,
            created_at=now,
        )
        audit.record(
            actor=actor,
            action="guidelines.added",
            project_id=project.pk,
            obj=version,
            data={"number": version.number},
        )
    if requires_reading and project.required_guideline < version.number:
        require_reading(actor=actor, project=project, number=version.number)
    return version


@transaction.atomic
def require_reading(*, actor: User, project: Project, number: int) -> None:
    """Nobody gets another task before they have acknowledged version `number`; 0 asks nothing."""
    if number:
        _version(project, number)
    Project.objects.filter(pk=project.pk).update(required_guideline=number)
    project.required_guideline = number
    audit.record(
        actor=actor,
        action="guidelines.reading_required",
        project_id=project.pk,
        obj=project,
        data={"number": number},
    )


@transaction.atomic
def acknowledge(*, user: User, project: Project, number: int, now: datetime) -> GuidelineAcknowledgement:
    """`user` has read version `number`; saying so twice keeps the first time."""
    version = _version(project, number)
    seat = take_seat(user=user, project=project)
    said, _ = GuidelineAcknowledgement.objects.get_or_create(
        version=version, annotator_id=seat.annotator_id, defaults={"created_at": now}
    )
    if seat.cursor.read_guideline < number:
        seat.cursor.read_guideline = number
        seat.cursor.save(update_fields=["read_guideline"])
    return said


@transaction.atomic
def requeue(*, actor: User, project: Project, affected: Affected) -> Requeued:
    """Ask again about the tasks that a new version touches. The old judgments stay, and nobody is
    asked twice: others are. Tasks with a slot that is still open are asked about anyway."""
    _version(project, affected.judged_before)
    if unknown := set(affected.arms) - set(REQUEUED_ARMS):
        raise DomainError(
            f"Tasks of the arm “{sorted(unknown)[0]}” are not asked again: use {' or '.join(REQUEUED_ARMS)}."
        )
    done = Requeued()
    for tasks in chunks(_affected_tasks(project, affected), CHUNK):
        room = MAX_REQUEUED_TASKS - done.num_tasks
        done.more = len(tasks) > room
        _open_slots(tasks[:room], affected.judgments_each, done)
        if done.more:
            break
    # Their place may lie behind the new slots: everybody looks from the start again.
    QueueCursor.objects.filter(project=project).update(priority=None, slot_no=0, slot_id=0)
    audit.record(
        actor=actor,
        action="guidelines.requeued",
        project_id=project.pk,
        obj=project,
        data={
            "judged_before": affected.judged_before,
            "tags": list(affected.tags),
            "arms": list(affected.arms),
            "tasks": done.num_tasks,
            "slots": done.num_slots,
        },
    )
    announce(project.pk)
    return done


def _version(project: Project, number: int) -> GuidelineVersion:
    found = project.guidelines.filter(number=number).first()
    if found is None:
        raise NotFound(f"These guidelines have no version {number}: reload the page.")
    return found


def _affected_tasks(project: Project, affected: Affected) -> Iterator[Task]:
    under_older: QuerySet[Judgment] = Judgment.objects.filter(
        Q(presentation__guideline_version__lt=affected.judged_before)
        | Q(presentation__guideline_version=None),
        project=project,
        superseded_at=None,
        assignment__isnull=False,
    )
    waiting = Slot.objects.filter(task=OuterRef("pk"), withdrawn=False).exclude(state=Slot.State.DONE)
    tasks = Task.objects.filter(
        ~Exists(waiting),
        project=project,
        arm__in=affected.arms,
        overlap__gt=0,
        batch__closed_at=None,
        pk__in=under_older.values("task"),
    )
    wanted = set(affected.tags)
    for task in tasks.select_related("prompt").order_by("pk").iterator(CHUNK):
        if not wanted or wanted & set(task.prompt.tags):
            yield task


def _open_slots(tasks: Sequence[Task], judgments_each: int, done: Requeued) -> None:
    ids = [task.pk for task in tasks]
    highest = dict(
        Slot.objects.filter(task_id__in=ids)
        .order_by()
        .values_list("task_id")
        .annotate(highest=Max("slot_no"))
    )
    lanes = dict(Slot.objects.filter(task_id__in=ids, lane__isnull=False).values_list("task_id", "lane_id"))
    slots = [
        Slot(
            project_id=task.project_id,
            task=task,
            lane_id=lanes.get(task.pk),
            slot_no=highest.get(task.pk, -1) + number,
            arm=task.arm,
            priority=task.priority,
        )
        for task in tasks
        for number in range(1, judgments_each + 1)
    ]
    Slot.objects.bulk_create(slots)
    Task.objects.filter(pk__in=ids).update(overlap=F("overlap") + judgments_each)
    done.num_tasks += len(ids)
    done.num_slots += len(slots)
    done.task_ids += ids
