"""Judgments, what people wrote, and prompts, each with all that goes with it, read in pages.

A page costs at most four queries whatever it holds, and memory does not grow with the number of pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, QuerySet

from labeling.messages import Message
from labeling.models import Generator, Judgment, Prompt, Response, TaskResponse
from labeling.models.judgments import Verdict
from labeling.pairs import pairs_of

PAGE = 500


class PromptPart(NamedTuple):
    id: int
    messages: list[Message]
    split: str
    tags: list[str]
    risk_tags: list[str]
    licence: str
    source: str


class ResponsePart(NamedTuple):
    """`finish`: "stop" or, cut off, "length"; empty where nobody told."""

    id: int
    messages: list[Message]
    generator: str
    by_person: bool
    finish: str
    edited_from: int | None


class PairPart(NamedTuple):
    """In a tie, winner and loser are merely the two sides. `from_edit`: the winner is the judge's own
    edit of what they ranked first."""

    winner: ResponsePart
    loser: ResponsePart
    is_tie: bool
    strength: int | None
    from_edit: bool


class LabelPart(NamedTuple):
    """`from_verdict`: said outright; otherwise it was first or last in a ranking."""

    response: ResponsePart
    is_good: bool
    from_verdict: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgment, whole. `responses` are in the task's order; `written` is the edited winner or the
    demonstration."""

    id: int
    key: str
    task_id: int
    annotator_id: int
    worker: str
    kind: str
    arm: str
    tiers: list[list[int]]
    verdict: str
    strengths: list[int]
    # Criterion → response id → score.
    criteria: dict[str, dict[str, float]]
    reasons: list[str]
    comment: str
    spans: list[dict[str, Any]]
    active_seconds: float | None
    surplus: bool
    presentation: dict[str, Any]
    created_at: datetime
    prompt: PromptPart
    responses: list[ResponsePart]
    written: ResponsePart | None

    def pairs(self) -> list[PairPart]:
        """The comparisons that follow from it. They are derived here and not read, so that a judgment
        which is corrected while it is read still has its own."""
        if self.verdict == Verdict.CANNOT_JUDGE:
            return []
        edited = self.written if self.tiers else None
        parts = {part.id: part for part in (*self.responses, *([edited] if edited else []))}
        pairs = pairs_of(self.tiers, self.strengths, edited.id if edited else None)
        return [
            PairPart(parts[pair.winner], parts[pair.loser], pair.is_tie, pair.strength, pair.from_edit)
            for pair in sorted(pairs)
        ]

    def labels(self) -> list[LabelPart]:
        """Good are all of “both good” and the first place of a ranking, bad all of “both bad” and the
        last; what lies between says neither."""
        if self.verdict in (Verdict.BOTH_GOOD, Verdict.BOTH_BAD):
            good = self.verdict == Verdict.BOTH_GOOD
            return [LabelPart(response, good, True) for response in self.responses]
        if self.verdict == Verdict.CANNOT_JUDGE or len(self.tiers) < 2:
            return []
        parts = {part.id: part for part in self.responses}
        first = [LabelPart(parts[id], True, False) for id in self.tiers[0]]
        return first + [LabelPart(parts[id], False, False) for id in self.tiers[-1]]

    def ranks(self) -> dict[int, int]:
        """By response id, from 0 for the best; equal ranks are a tie."""
        return {id: rank for rank, tier in enumerate(self.tiers) for id in tier}


class Written(NamedTuple):
    """What a person wrote. `judgment_id` and `annotator_id` are null for what was imported."""

    prompt: PromptPart
    response: ResponsePart
    judgment_id: int | None
    annotator_id: int | None
    created_at: datetime


SAID = ("tiers", "verdict", "strengths", "criteria", "reasons", "comment", "spans", "active_seconds")


def judged(rows: QuerySet[Judgment]) -> Iterator[Judged]:
    """In the order of storing."""
    wanted = rows.order_by("pk").values(
        "id",
        "client_key",
        "task_id",
        "annotator_id",
        "written_response_id",
        "surplus",
        "presentation",
        "created_at",
        *SAID,
        prompt_id=F("task__prompt_id"),
        kind=F("task__kind"),
        arm=F("task__arm"),
        external_id=F("annotator__external_id"),
    )
    after = 0
    while page := list(wanted.filter(pk__gt=after)[:PAGE]):
        after = page[-1]["id"]
        yield from _page(page)


def written(rows: QuerySet[Any]) -> Iterator[Written]:
    """`rows` are annotated with `judgment_id` and `annotator_id`."""
    wanted = rows.order_by("pk").values_list("pk", "prompt_id", "judgment_id", "annotator_id", "created_at")
    after = 0
    while page := list(wanted.filter(pk__gt=after)[:PAGE]):
        after = page[-1][0]
        prompts = _prompts({prompt_id for _, prompt_id, *_ in page})
        responses = _responses({pk for pk, *_ in page})
        for pk, prompt_id, judgment_id, annotator_id, created_at in page:
            yield Written(prompts[prompt_id], responses[pk], judgment_id, annotator_id, created_at)


def prompts(rows: QuerySet[Prompt]) -> Iterator[PromptPart]:
    wanted = rows.order_by("pk").values_list(*PromptPart._fields)
    after = 0
    while page := list(wanted.filter(pk__gt=after)[:PAGE]):
        after = page[-1][0]
        yield from (PromptPart(*row) for row in page)


def _page(rows: list[dict[str, Any]]) -> Iterator[Judged]:
    prompts = _prompts({row["prompt_id"] for row in rows})
    places = _places({row["task_id"] for row in rows})
    wanted = {id for ids in places.values() for id in ids}
    wanted |= {row["written_response_id"] for row in rows if row["written_response_id"]}
    responses = _responses(wanted)
    for row in rows:
        yield Judged(
            id=row["id"],
            key=str(row["client_key"]),
            task_id=row["task_id"],
            annotator_id=row["annotator_id"],
            worker=row["external_id"] or f"annotator-{row['annotator_id']}",
            kind=row["kind"],
            arm=row["arm"],
            **{name: row[name] for name in SAID},
            surplus=row["surplus"],
            presentation=row["presentation"],
            created_at=row["created_at"],
            prompt=prompts[row["prompt_id"]],
            responses=[responses[id] for id in places[row["task_id"]]],
            written=responses.get(row["written_response_id"]),
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


def _responses(ids: set[int]) -> dict[int, ResponsePart]:
    rows = Response.objects.filter(pk__in=ids).values_list(
        "id", "messages", "generator__name", "generator__kind", "finish", "edited_from_id"
    )
    return {
        id: ResponsePart(id, messages, name, kind == Generator.Kind.PERSON, finish, edited_from)
        for id, messages, name, kind, finish, edited_from in rows
    }
