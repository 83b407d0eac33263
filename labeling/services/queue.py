"""What goes into the queue, and what is taken out of it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from labeling.messages import Message, content_hash
from labeling.models import Batch, Generator, Project, Prompt, Slot, Task, TaskResponse
from labeling.queue_rules import QueueRules, rules_of
from labeling.services.announcing import announce as announce
from labeling.services.chunks import chunks
from labeling.services.gate import hold_back
from labeling.services.lanes import lanes_of
from labeling.services.prompts import ResponseText, store_responses

CHUNK = 200
MIN_RESPONSES, MAX_RESPONSES = 2, 9


@dataclass(frozen=True, slots=True)
class ResponseDraft:
    generator: Generator
    messages: list[Message]
    # "stop" or, cut off, "length"; empty where nobody told.
    finish: str = ""


@dataclass(frozen=True, slots=True)
class TaskDraft:
    prompt_id: int
    responses: list[ResponseDraft]
    arm: str
    overlap: int
    priority: int = 0
    # Up to so many judgments where people disagree; None leaves it to the project's rules.
    overlap_max: int | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class QueueResult:
    """`replayed`: this reference was queued before; `tasks_created` is what it holds."""

    batch: Batch
    tasks_created: int
    tasks_skipped: int
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task whose responses are stored already."""

    prompt_id: int
    response_ids: Sequence[int]
    arm: str
    overlap: int
    priority: int
    kind: str = Task.Kind.RANK
    overlap_max: int | None = None
    confidence: float | None = None


def queue_tasks(
    *, project: Project, reference: str, name: str, items: Iterable[TaskDraft], now: datetime
) -> QueueResult:
    """Queue every draft with at least two different texts; the others are counted as skipped.

    One transaction, and once only: the same `reference` again queues nothing.
    """
    with transaction.atomic():
        batch, is_new = Batch.objects.get_or_create(
            project=project, reference=reference, defaults={"name": name[:200], "created_at": now}
        )
        if not is_new:
            return QueueResult(batch, batch.tasks.count(), 0, replayed=True)
        created = skipped = 0
        for drafts in chunks(items, CHUNK):
            new = _store_drafts(project, drafts, now)
            create_tasks(batch=batch, tasks=new, now=now)
            created += len(new)
            skipped += len(drafts) - len(new)
        announce(project.pk)
    return QueueResult(batch, created, skipped)


def close_batch(*, batch_id: int, now: datetime) -> int:
    """Offer no more of this batch: the number of slots withdrawn. Who holds one may still submit, and
    who takes a judgment back may still give another; neither opens a slot for somebody else."""
    batch = Batch.objects.get(pk=batch_id)
    slots = Slot.objects.filter(task__batch_id=batch_id, withdrawn=False)
    with transaction.atomic():
        # The filled ones too: an undo or a judgment of theirs ends before this looks, or sees it closed.
        list(slots.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk"))
        Batch.objects.filter(pk=batch_id, closed_at=None).update(closed_at=now)
        withdrawn = slots.exclude(state=Slot.State.DONE).update(withdrawn=True)
        announce(batch.project_id)
    return withdrawn


def create_tasks(*, batch: Batch, tasks: Sequence[NewTask], now: datetime) -> list[Task]:
    """The rows of each task: its responses in place, and a slot for each wanted judgment, withdrawn
    where the leak gate holds the task back."""
    # New slots may come before where cursors stand.
    Project.objects.filter(pk=batch.project_id).update(queue_generation=F("queue_generation") + 1)
    project = Project.objects.get(pk=batch.project_id)
    rules = rules_of(project.queue_rules)
    rows = Task.objects.bulk_create(_task(batch, task, rules, now) for task in tasks)
    pairs = list(zip(rows, tasks, strict=True))
    TaskResponse.objects.bulk_create(
        TaskResponse(task=row, response_id=response_id, position=position)
        for row, task in pairs
        for position, response_id in enumerate(task.response_ids)
    )
    asked = [row for row in rows if row.overlap]
    held = hold_back(tasks=asked, project=project, rules=rules, now=now)
    lanes = lanes_of(batch=batch, tasks=asked)
    Slot.objects.bulk_create(
        Slot(
            project_id=batch.project_id,
            task=row,
            lane_id=lanes[row.pk],
            slot_no=number,
            arm=row.arm,
            priority=row.priority,
            withdrawn=row.pk in held,
        )
        for row in asked
        for number in range(row.overlap)
    )
    return rows


def _task(batch: Batch, task: NewTask, rules: QueueRules, now: datetime) -> Task:
    """Adaptive where the draft or else the project's rules allow more judgments than it starts with."""
    most = task.overlap_max if task.overlap_max is not None else rules.overlap_max
    adaptive = most is not None and most > task.overlap > 0
    return Task(
        project_id=batch.project_id,
        batch=batch,
        prompt_id=task.prompt_id,
        kind=task.kind,
        arm=task.arm,
        priority=task.priority,
        overlap=task.overlap,
        overlap_max=most if adaptive else None,
        confidence=(task.confidence or rules.confidence) if adaptive else None,
        created_at=now,
    )


def _store_drafts(project: Project, drafts: Sequence[TaskDraft], now: datetime) -> list[NewTask]:
    prompt_ids = {draft.prompt_id for draft in drafts}
    found = Prompt.objects.filter(project=project, pk__in=prompt_ids).count()
    assert found == len(prompt_ids), "every draft's prompt is in the project"
    texts = {id(draft): _distinct_texts(draft) for draft in drafts}
    ranked = [draft for draft in drafts if len(texts[id(draft)]) >= MIN_RESPONSES]
    ids, _ = store_responses(texts=[text for draft in ranked for text in texts[id(draft)]], now=now)
    return [
        NewTask(
            prompt_id=draft.prompt_id,
            response_ids=[ids[text.prompt_id, text.generator_id, text.hash] for text in texts[id(draft)]],
            arm=draft.arm,
            overlap=draft.overlap,
            priority=draft.priority,
            overlap_max=draft.overlap_max,
            confidence=draft.confidence,
        )
        for draft in ranked
    ]


def _distinct_texts(draft: TaskDraft) -> list[ResponseText]:
    """Nobody can rank a text against itself: of equal texts the first stays."""
    assert len(draft.responses) <= MAX_RESPONSES, f"a task shows at most {MAX_RESPONSES} responses"
    by_hash: dict[str, ResponseText] = {}
    for response in draft.responses:
        text = ResponseText(
            prompt_id=draft.prompt_id,
            generator_id=response.generator.pk,
            messages=response.messages,
            hash=content_hash(response.messages),
            finish=response.finish,
        )
        by_hash.setdefault(text.hash, text)
    return list(by_hash.values())
