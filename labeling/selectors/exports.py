"""What was said, read in pages for exports, as it stood when the export began.

A page costs four queries whatever it holds, and memory does not grow with the number of pages.
Labeling goes on meanwhile: later judgments are not in the cut, and one that is corrected during the
export is still told as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, Max, Q, QuerySet

from labeling.messages import Message
from labeling.models import Comparison, Generator, Judgment, Prompt, Response, TaskResponse
from labeling.models.queue import Arm

PAGE = 500


@dataclass(frozen=True, slots=True)
class Filters:
    """None or empty: everything. `tags`: at least one of them. `adjudicated`: only what was decided in
    adjudication, or only the rest."""

    arms: Sequence[str] = ()
    splits: Sequence[str] = ()
    tags: Sequence[str] = ()
    annotators: Sequence[int] = ()
    since: datetime | None = None
    until: datetime | None = None
    adjudicated: bool | None = None


class Cut(NamedTuple):
    """Where an export ends."""

    max_id: int
    at: datetime


class PromptPart(NamedTuple):
    id: int
    messages: list[Message]
    split: str
    tags: list[str]
    risk_tags: list[str]
    licence: str
    source: str


class ResponsePart(NamedTuple):
    id: int
    messages: list[Message]
    generator: str
    by_person: bool
    edited_from: int | None


class PairPart(NamedTuple):
    judgment_id: int
    id: int
    winner: int
    loser: int
    is_tie: bool
    strength: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgment with all that an export may want of it. `pairs` is None where its comparisons were
    dropped while the export ran, because it was corrected."""

    id: int
    key: str
    task_id: int
    annotator_id: int
    worker: str
    tiers: list[list[int]]
    said: dict[str, Any]
    presentation: dict[str, Any]
    arm: str
    created_at: datetime
    prompt: PromptPart
    response_ids: list[int]
    responses: dict[int, ResponsePart]
    pairs: list[PairPart] | None


class Written(NamedTuple):
    prompt: PromptPart
    response: ResponsePart
    created_at: datetime


SAID = (
    "verdict",
    "strengths",
    "criteria",
    "reasons",
    "comment",
    "spans",
    "active_seconds",
    "surplus",
)


def cut(*, project_id: int, now: datetime) -> Cut:
    newest = Judgment.objects.filter(project_id=project_id).aggregate(id=Max("pk"))["id"]
    return Cut(newest or 0, now)


def judged(*, project_id: int, filters: Filters, until: Cut) -> Iterator[Judged]:
    """Everybody's last word at the cut, in the order of its storing."""
    wanted = _wanted(project_id, filters, until)
    after = 0
    while page := list(wanted.filter(pk__gt=after)[:PAGE]):
        after = page[-1]["id"]
        yield from _page(page, filters)


def demonstrations(*, project_id: int, filters: Filters, until: Cut) -> Iterator[Written]:
    """What people wrote, or edited into shape."""
    by_people = Q(generator__kind=Generator.Kind.PERSON) | Q(edited_from__isnull=False)
    rows = Response.objects.filter(by_people, prompt__project_id=project_id, created_at__lte=until.at)
    if filters.splits:
        rows = rows.filter(prompt__split__in=filters.splits)
    rows = _between(rows, filters).order_by("pk")
    after = 0
    while page := list(rows.filter(pk__gt=after).values_list("pk", "prompt_id", "created_at")[:PAGE]):
        after = page[-1][0]
        prompts = _prompts({prompt_id for _, prompt_id, _ in page})
        responses = _responses({pk for pk, _, _ in page})
        for pk, prompt_id, created_at in page:
            if _tagged(prompts[prompt_id], filters):
                yield Written(prompts[prompt_id], responses[pk], created_at)


def prompts(*, project_id: int, filters: Filters, until: Cut) -> Iterator[PromptPart]:
    rows = Prompt.objects.filter(project_id=project_id, created_at__lte=until.at).order_by("pk")
    if filters.splits:
        rows = rows.filter(split__in=filters.splits)
    rows = _between(rows, filters)
    after = 0
    while page := list(rows.filter(pk__gt=after).values_list("pk", flat=True)[:PAGE]):
        after = page[-1]
        found = _prompts(set(page))
        yield from (found[pk] for pk in page if _tagged(found[pk], filters))


def _wanted(project_id: int, filters: Filters, until: Cut) -> QuerySet[Judgment, dict[str, Any]]:
    standing = Q(superseded_at=None) | Q(superseded_at__gt=until.at)
    rows = Judgment.objects.filter(standing, project_id=project_id, pk__lte=until.max_id)
    if filters.arms:
        rows = rows.filter(task__arm__in=filters.arms)
    if filters.adjudicated is not None:
        adjudicated = Q(task__arm=Arm.ADJUDICATION)
        rows = rows.filter(adjudicated if filters.adjudicated else ~adjudicated)
    if filters.splits:
        rows = rows.filter(task__prompt__split__in=filters.splits)
    if filters.annotators:
        rows = rows.filter(annotator_id__in=filters.annotators)
    return (
        _between(rows, filters)
        .order_by("pk")
        .values(
            "id",
            "client_key",
            "task_id",
            "annotator_id",
            "tiers",
            "presentation",
            "created_at",
            *SAID,
            prompt_id=F("task__prompt_id"),
            arm=F("task__arm"),
            external_id=F("annotator__external_id"),
        )
    )


def _between(rows: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    if filters.since is not None:
        rows = rows.filter(created_at__gte=filters.since)
    if filters.until is not None:
        rows = rows.filter(created_at__lte=filters.until)
    return rows


def _page(rows: list[dict[str, Any]], filters: Filters) -> Iterator[Judged]:
    found = _prompts({row["prompt_id"] for row in rows})
    rows = [row for row in rows if _tagged(found[row["prompt_id"]], filters)]
    in_task = _places({row["task_id"] for row in rows})
    pairs = _pairs([row["id"] for row in rows])
    wanted = {one for places in in_task.values() for one in places}
    wanted |= {one for some in pairs.values() for pair in some for one in (pair.winner, pair.loser)}
    responses = _responses(wanted)
    for row in rows:
        yield Judged(
            id=row["id"],
            key=str(row["client_key"]),
            task_id=row["task_id"],
            annotator_id=row["annotator_id"],
            worker=row["external_id"] or f"annotator-{row['annotator_id']}",
            tiers=row["tiers"],
            said={name: row[name] for name in SAID},
            presentation=row["presentation"],
            arm=row["arm"],
            created_at=row["created_at"],
            prompt=found[row["prompt_id"]],
            response_ids=in_task[row["task_id"]],
            responses=responses,
            pairs=pairs.get(row["id"]),
        )


def _prompts(ids: set[int]) -> dict[int, PromptPart]:
    rows = Prompt.objects.filter(pk__in=ids).values_list(*PromptPart._fields)
    return {row[0]: PromptPart(*row) for row in rows}


def _places(task_ids: set[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {task_id: [] for task_id in task_ids}
    rows = TaskResponse.objects.filter(task_id__in=task_ids).order_by("task_id", "position")
    for task_id, response_id in rows.values_list("task_id", "response_id"):
        found[task_id].append(response_id)
    return found


def _pairs(judgment_ids: list[int]) -> dict[int, list[PairPart]]:
    found: dict[int, list[PairPart]] = {}
    rows = Comparison.objects.filter(judgment_id__in=judgment_ids).values_list(
        "judgment_id", "id", "winner_id", "loser_id", "is_tie", "strength"
    )
    for row in rows.order_by("judgment_id", "winner_id", "loser_id"):
        found.setdefault(row[0], []).append(PairPart(*row))
    return found


def _responses(ids: set[int]) -> dict[int, ResponsePart]:
    rows = Response.objects.filter(pk__in=ids).values_list(
        "id", "messages", "generator__name", "generator__kind", "edited_from_id"
    )
    return {
        id: ResponsePart(id, messages, name, kind == Generator.Kind.PERSON, edited_from)
        for id, messages, name, kind, edited_from in rows
    }


def _tagged(prompt: PromptPart, filters: Filters) -> bool:
    return not filters.tags or not set(filters.tags).isdisjoint(prompt.tags)
