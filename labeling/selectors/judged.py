"""Rows for the statistics: a bounded window of the newest judgments, and what they were shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from labeling.messages import shown
from labeling.models import GoldAnswer, Judgment, Prompt, Response, TaskResponse
from labeling.models.queue import Arm
from labeling.quality.outcomes import Judged
from labeling.selectors.labels import standing
from labeling.selectors.timesheets import first_words

# The figures look at this many judgments and no more, however many there are.
WINDOW = 50_000
CHUNK = 500
# What people were asked in order to learn their opinion: not whether they pay attention.
OPINION_ARMS = (Arm.ACTIVE, Arm.RANDOM, Arm.EVALUATION)


def newest_judgment_id(*, project_id: int) -> int:
    """By the index on time, so that asking costs the same however many there are."""
    newest = Judgment.objects.filter(project_id=project_id).order_by("-created_at", "-id")
    return newest.values_list("id", flat=True).first() or 0


def project_of_judgment(judgment_id: int) -> int:
    return Judgment.objects.values_list("project_id", flat=True).get(pk=judgment_id)


def window(*, project_id: int, limit: int = WINDOW) -> list[Judged]:
    """The newest judgments that stand, decisions of leads left out."""
    return newest(standing(project_id).exclude(task__arm=Arm.ADJUDICATION), limit=limit)


def newest(rows: QuerySet[Judgment], *, limit: int = WINDOW) -> list[Judged]:
    return _judged(rows.order_by("-created_at", "-id")[:limit])


def of_tasks(*, project_id: int, task_ids: Sequence[int]) -> list[Judged]:
    return _judged(standing(project_id).filter(task_id__in=task_ids).order_by("id"))


def _judged(rows: QuerySet[Judgment]) -> list[Judged]:
    values = rows.values_list(
        "id",
        "task_id",
        "task__prompt_id",
        "annotator_id",
        "task__arm",
        "task__repeats_id",
        "tiers",
        "verdict",
        "strengths",
        "criteria",
        "presentation",
        "active_seconds",
    )
    return [Judged(*row[:10], (row[10] or {}).get("order") or [], row[11]) for row in values.iterator(CHUNK)]


def gold_answers(*, task_ids: Iterable[int]) -> dict[int, tuple[list[list[int]], str]]:
    found: dict[int, tuple[list[list[int]], str]] = {}
    for some in _chunks(task_ids):
        rows = GoldAnswer.objects.filter(task_id__in=some).values_list("task_id", "tiers", "verdict")
        found |= {task_id: (tiers, verdict) for task_id, tiers, verdict in rows}
    return found


def said_first(*, task_ids: Iterable[int]) -> dict[tuple[int, int], tuple[list[list[int]], str]]:
    """(annotator, task) → tiers and verdict, as each person said it first and did not take it back.
    Imported judgments, which may be many under one name, are left out."""
    found: dict[tuple[int, int], tuple[list[list[int]], str]] = {}
    for some in _chunks(task_ids):
        rows = first_words(Judgment.objects.filter(task_id__in=some, assignment__isnull=False))
        values = rows.filter(is_first=True).values_list("annotator_id", "task_id", "tiers", "verdict")
        found |= {(annotator, task): (tiers, verdict) for annotator, task, tiers, verdict in values}
    return found


def texts_of_responses(ids: Iterable[int]) -> Iterator[tuple[int, str]]:
    for some in _chunks(ids):
        rows = Response.objects.filter(pk__in=some).values_list("id", "messages")
        yield from ((id, _words(messages)) for id, messages in rows.iterator(CHUNK))


def texts_of_prompts(ids: Iterable[int]) -> Iterator[tuple[int, str]]:
    for some in _chunks(ids):
        rows = Prompt.objects.filter(pk__in=some).values_list("id", "messages")
        yield from ((id, _words(messages)) for id, messages in rows.iterator(CHUNK))


def response_ids_of(*, task_id: int) -> list[int]:
    """In the stored order."""
    places = TaskResponse.objects.filter(task_id=task_id).order_by("position")
    return list(places.values_list("response_id", flat=True))


def _words(messages: list[dict[str, Any]]) -> str:
    return "\n".join(message["content"] for message in shown(messages))


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    every = sorted(set(ids))
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
