"""Asking people to write responses of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from labeling.core.errors import DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.messages import BadContent
from labeling.models import Batch, Project, Prompt, Task
from labeling.protocol import Protocol
from labeling.services.chunks import chunks
from labeling.services.import_rows import parse_row
from labeling.services.prompts import PromptDraft, add_prompts
from labeling.services.queue import CHUNK, NewTask, QueueResult, announce, create_tasks
from labeling.services.refusals import refused

REFERENCE_PREFIX = "demonstrations:"


@transaction.atomic
def queue_demonstrations(
    *,
    actor: User,
    project: Project,
    reference: str,
    name: str,
    now: datetime,
    prompt_ids: Sequence[int] = (),
    prompts: Sequence[object] = (),
    arm: str = "random",
    overlap: int = 1,
    priority: int = 0,
) -> QueueResult:
    """A task for each prompt: by id, or as a row of an import without responses.

    Once only: the same `reference` again queues nothing.
    """
    check_asked(project)
    drafts = _drafts(prompts)
    batch, is_new = Batch.objects.get_or_create(
        project=project,
        reference=f"{REFERENCE_PREFIX}{reference}",
        defaults={"name": name or "Demonstrations", "created_at": now},
    )
    if not is_new:
        return QueueResult(batch, batch.tasks.count(), 0, replayed=True)
    wanted = _known(project, prompt_ids)
    if drafts:
        wanted |= dict.fromkeys(add_prompts(project=project, rows=drafts, now=now).ids.values())
    if not wanted:
        raise DomainError("There is nothing to write: send prompt_ids or prompts.")
    for ids in chunks(wanted, CHUNK):
        create_tasks(
            batch=batch, tasks=[demonstration_task(id, arm, overlap, priority) for id in ids], now=now
        )
    audit.record(
        actor=actor,
        action="demonstrations.queued",
        project_id=project.pk,
        obj=batch,
        data={"num_tasks": len(wanted), "overlap": overlap},
    )
    announce(project.pk)
    return QueueResult(batch, len(wanted), 0)


def check_asked(project: Project) -> None:
    if not Protocol.model_validate(project.protocol).demonstrations.on:
        raise DomainError(
            "This project's protocol asks for no demonstrations: turn them on there first.",
            code="demonstrations_off",
        )


def demonstration_task(prompt_id: int, arm: str, overlap: int, priority: int) -> NewTask:
    return NewTask(
        prompt_id=prompt_id,
        response_ids=(),
        arm=arm,
        overlap=overlap,
        priority=priority,
        kind=Task.Kind.DEMONSTRATE,
    )


def _drafts(rows: Sequence[object]) -> list[PromptDraft]:
    drafts = []
    for number, value in enumerate(rows, start=1):
        try:
            row = parse_row(value)
        except BadContent as bad:
            raise refused("prompts", f"Prompt {number}: {bad}") from bad
        if row.responses:
            raise refused("prompts", f"Prompt {number} has responses: leave them out, people will write.")
        drafts.append(row.prompt)
    return drafts


def _known(project: Project, ids: Sequence[int]) -> dict[int, None]:
    """The ids as given, each once."""
    found: set[int] = set()
    for some in chunks(ids, CHUNK):
        found |= set(Prompt.objects.filter(project=project, pk__in=some).values_list("id", flat=True))
    if missing := [id for id in ids if id not in found]:
        raise NotFound(
            f"There is no prompt {missing[0]} in this project: look up its id.",
            fields={"prompt_ids": [f"Unknown: {', '.join(map(str, missing[:20]))}."]},
        )
    return dict.fromkeys(ids)
