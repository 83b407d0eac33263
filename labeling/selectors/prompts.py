"""Prompts to sample from."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from labeling.messages import Message
from labeling.models import Prompt, Task

CHUNK = 500


class PromptRow(NamedTuple):
    id: int
    hash: str
    messages: list[Message]
    split: str


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


def listed_prompts(*, project_id: int, split: str | None = None) -> QuerySet[Any]:
    """With `num_tasks`."""
    prompts = Prompt.objects.filter(project_id=project_id)
    if split is not None:
        prompts = prompts.filter(split=split)
    of_prompt = Task.objects.filter(prompt=OuterRef("pk")).order_by().values("prompt")
    num_tasks = Coalesce(Subquery(of_prompt.annotate(n=Count("pk")).values("n")), 0)
    return prompts.annotate(num_tasks=num_tasks)
