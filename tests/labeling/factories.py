"""Queues to work on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from labeling.core.models import User
from labeling.models import Assignment, Generator, Project
from labeling.selectors.queue import assignment_of
from labeling.services import assignments, judgments
from labeling.services.generators import get_or_create_generator
from labeling.services.prompts import PromptDraft, add_prompts
from labeling.services.protocols import change_protocol
from labeling.services.queue import QueueResult, ResponseDraft, TaskDraft, queue_tasks

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def user_message(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def reply(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": text}]


def ask_for(project: Project, **settings: Any) -> None:
    """Change the protocol; what is handed out from now on is judged under it."""
    protocol = {**project.protocol, **settings}
    version = change_protocol(actor=None, project=project, protocol=protocol, now=NOON)
    project.protocol, project.protocol_version = version.body, version.number


TONE = {"choices": [{"key": "tone", "label": "Tone"}, {"key": "facts", "label": "Facts"}]}


def make_prompts(
    project: Project, num: int, *, word: str = "Question", risk_tags: Sequence[str] = ()
) -> list[int]:
    drafts = [
        PromptDraft(user_message(f"{word} {number}?"), risk_tags=list(risk_tags)) for number in range(num)
    ]
    return list(add_prompts(project=project, rows=drafts, now=NOON).ids.values())


def make_generators(project: Project, num: int) -> list[Generator]:
    return [
        get_or_create_generator(project=project, kind="model", name=f"policy-{n}", model_ref=f"policy@{n}")
        for n in range(num)
    ]


def fill_queue(
    project: Project,
    num_tasks: int = 1,
    *,
    overlap: int = 1,
    num_responses: int = 2,
    arm: str = "random",
    priority: int = 0,
    reference: str | None = None,
    word: str = "Question",
    risk_tags: Sequence[str] = (),
) -> QueueResult:
    """Tasks in the order of their prompts; response k of each is by generator k."""
    generators = make_generators(project, num_responses)
    items = [
        TaskDraft(
            prompt_id=prompt_id,
            responses=[
                ResponseDraft(generator, reply(f"{word} reply {k} to {prompt_id}"))
                for k, generator in enumerate(generators)
            ],
            arm=arm,
            overlap=overlap,
            priority=priority,
        )
        for prompt_id in make_prompts(project, num_tasks, word=word, risk_tags=risk_tags)
    ]
    return queue_tasks(
        project=project, reference=reference or f"test:{uuid4()}", name="Test", items=items, now=NOON
    )


def next_of(user: User, project: Project, *, now: datetime = NOON, count: int = 1) -> list[Assignment]:
    offers = assignments.next_assignments(user=user, project=project, count=count, now=now)
    return [assignment_of(user=user, assignment_id=offer.id) for offer in offers.assignments]


def keys_of(assignment: Assignment) -> list[str]:
    return [place["key"] for place in assignment.presented]


def judge(
    user: User,
    assignment: Assignment,
    *,
    tiers: Sequence[Sequence[str]] | None = None,
    now: datetime = NOON,
    client_key: Any = None,
    corrects: int | None = None,
    **said: Any,
) -> judgments.Submitted:
    """In the order shown, unless `tiers` says otherwise."""
    return judgments.submit(
        user=user,
        assignment=assignment,
        lease_token=assignment.fence,
        client_key=client_key or uuid4(),
        corrects=corrects,
        said=judgments.Said(
            tiers=[list(tier) for tier in tiers]
            if tiers is not None
            else [[key] for key in keys_of(assignment)],
            **said,
        ),
        now=now,
    )
