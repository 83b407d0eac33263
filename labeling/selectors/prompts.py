"""Prompts to sample from, and what people wrote themselves."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q

from labeling.messages import Message
from labeling.models import Generator, Prompt, Response

CHUNK = 500


class PromptRow(NamedTuple):
    id: int
    hash: str
    messages: list[Message]
    split: str


class DemonstrationRow(NamedTuple):
    response_id: int
    prompt_id: int
    prompt_messages: list[Message]
    completion_messages: list[Message]
    split: str
    licence: str


def pick_prompts(*, project_id: int, splits: Sequence[str], limit: int, seed: int) -> list[PromptRow]:
    """The `limit` prompts with the fewest tasks; among equals the seed decides, always alike."""
    used = (
        Prompt.objects.filter(project_id=project_id, split__in=splits)
        .annotate(num_tasks=Count("tasks"))
        .values_list("num_tasks", "hash", "id")
    )
    picked = heapq.nsmallest(
        limit,
        ((num_tasks, hashlib.sha256(f"{seed}:{hash}".encode()).digest(), id) for num_tasks, hash, id in used),
    )
    rows: dict[int, PromptRow] = {}
    ids = [id for _, _, id in picked]
    for start in range(0, len(ids), CHUNK):
        found = Prompt.objects.filter(pk__in=ids[start : start + CHUNK])
        rows |= {row[0]: PromptRow(*row) for row in found.values_list(*PromptRow._fields)}
    return [rows[id] for id in ids]


def prompts_by_split(
    *, project_id: int, splits: Sequence[str] | None = None, limit: int | None = None
) -> Iterator[PromptRow]:
    """In the order they came."""
    prompts = Prompt.objects.filter(project_id=project_id).order_by("id")
    if splits is not None:
        prompts = prompts.filter(split__in=splits)
    values = prompts.values_list(*PromptRow._fields)
    return (PromptRow(*row) for row in values[:limit].iterator(CHUNK))


def demonstrations(
    *, project_id: int, splits: Sequence[str] | None = None, until: datetime | None = None
) -> Iterator[DemonstrationRow]:
    """What people wrote, or edited into shape."""
    by_people = Q(generator__kind=Generator.Kind.PERSON) | Q(edited_from__isnull=False)
    responses = Response.objects.filter(by_people, prompt__project_id=project_id).order_by("id")
    if splits is not None:
        responses = responses.filter(prompt__split__in=splits)
    if until is not None:
        responses = responses.filter(created_at__lte=until)
    values = responses.values_list(
        "id", "prompt_id", "prompt__messages", "messages", "prompt__split", "prompt__licence"
    )
    return (DemonstrationRow(*row) for row in values.iterator(CHUNK))
