"""The rows of each kind of snapshot, one split at a time, from labels as they stood at one moment.

Where a lead has decided a task, the decision stands for what annotators said of it. Who judged is
told by a pseudonym of this snapshot alone, and how far they can be trusted beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from labeling.selectors import labels
from labeling.selectors import prompts as prompt_selectors
from labeling.selectors.pages import Judged
from labeling.services.reliability import reliability_of
from rlhf.services.snapshot_files import Row

RowsOf = Callable[[str], Iterable[Row]]


class _Annotators:
    """Numbered in the order in which the rows meet them, so that the same labels give the same names."""

    def __init__(self, reliability: Mapping[int, float]) -> None:
        self._reliability = reliability
        self._names: dict[int, str] = {}

    def name(self, annotator_id: int) -> str:
        return self._names.setdefault(annotator_id, f"a{len(self._names) + 1}")

    def columns(self, annotator_id: int) -> Row:
        return {
            "annotator": self.name(annotator_id),
            "reliability": self._reliability.get(annotator_id),
        }


def preferences(project: Any, filters: Mapping[str, Any], now: datetime) -> RowsOf:
    annotators = _annotators(project, filters, now)

    def rows_of(split: str) -> Iterator[Row]:
        for row in labels.comparisons(**_chosen(project, filters, now, split), prefer_adjudicated=True):
            yield {
                "prompt": row.prompt_messages,
                "chosen": row.winner_messages,
                "rejected": row.loser_messages,
                # 0 in a tie and where nobody was asked.
                "strength": row.strength or 0,
                "tie": row.is_tie,
                "from_edit": row.from_edit,
                "chosen_finish": row.winner_finish,
                "rejected_finish": row.loser_finish,
                **annotators.columns(row.annotator_id),
                "judgment": row.judgment_id,
                "prompt_id": row.prompt_id,
                "licence": row.licence,
            }

    return rows_of


def rankings(project: Any, filters: Mapping[str, Any], now: datetime) -> RowsOf:
    """A row for each judgment and none for a consensus: whom to believe is the trainer's to weigh, by
    `reliability`. An edit was ranked by nobody, so it is in preferences only."""
    annotators = _annotators(project, filters, now)

    def rows_of(split: str) -> Iterator[Row]:
        for one in _judgments(project, filters, now, split):
            ranks = one.ranks()
            if len(ranks) < 2:
                continue
            responses = [response for response in one.responses if response.id in ranks]
            yield {
                "prompt": one.prompt.messages,
                "responses": [response.messages for response in responses],
                "tiers": [ranks[response.id] for response in responses],
                "strengths": one.strengths,
                "finishes": [response.finish for response in responses],
                **annotators.columns(one.annotator_id),
                **_origin(one),
            }

    return rows_of


def unpaired(project: Any, filters: Mapping[str, Any], now: datetime) -> RowsOf:
    """What was called good or bad outright. A first place says better, not good: exports have it too."""
    annotators = _annotators(project, filters, now)

    def rows_of(split: str) -> Iterator[Row]:
        for one in _judgments(project, filters, now, split):
            for response, is_good, from_verdict in one.labels():
                if from_verdict:
                    yield {
                        "prompt": one.prompt.messages,
                        "completion": response.messages,
                        "label": is_good,
                        "finish": response.finish,
                        **annotators.columns(one.annotator_id),
                        **_origin(one),
                    }

    return rows_of


def demonstrations(project: Any, filters: Mapping[str, Any], now: datetime) -> RowsOf:
    annotators = _Annotators({})

    def rows_of(split: str) -> Iterator[Row]:
        for row in labels.demonstrations(**_chosen(project, filters, now, split)):
            writer = row.annotator_id
            yield {
                "prompt": row.prompt_messages,
                "completion": row.messages,
                "response_id": row.response_id,
                "annotator": None if writer is None else annotators.name(writer),
                "judgment": row.judgment_id,
                "prompt_id": row.prompt_id,
                "licence": row.licence,
            }

    return rows_of


def prompts(project: Any, filters: Mapping[str, Any], now: datetime) -> RowsOf:
    limit, splits = filters.get("limit"), filters["splits"]
    if limit is None:
        return lambda split: map(
            _prompt_row,
            prompt_selectors.prompts_by_split(project_id=project.pk, splits=[split], limit=None),
        )
    picked = prompt_selectors.pick_prompts(
        project_id=project.pk, splits=splits, limit=limit, seed=filters.get("seed", 0)
    )
    picked = sorted(picked, key=lambda row: row.id)
    return lambda split: (_prompt_row(row) for row in picked if row.split == split)


def _prompt_row(row: Any) -> Row:
    return {"prompt": row.messages, "prompt_id": row.id}


def _annotators(project: Any, filters: Mapping[str, Any], now: datetime) -> _Annotators:
    judgments = labels.selected(
        project_id=project.pk, arms=filters["arms"], splits=filters["splits"], until=now
    )
    return _Annotators(reliability_of(judgments))


def _judgments(project: Any, filters: Mapping[str, Any], now: datetime, split: str) -> Iterator[Judged]:
    return labels.judgments(**_chosen(project, filters, now, split), prefer_adjudicated=True)


def _chosen(project: Any, filters: Mapping[str, Any], now: datetime, split: str) -> dict[str, Any]:
    return {"project_id": project.pk, "arms": filters["arms"], "splits": [split], "until": now}


def _origin(one: Judged) -> Row:
    return {"judgment": one.id, "prompt_id": one.prompt.id, "licence": one.prompt.licence}
