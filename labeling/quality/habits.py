"""One annotator's habits: side, length, pace, steadiness, and answers that are known.

Each figure is a mean of one share per judgment, so that a ranking of nine responses, with its 36
pairs, weighs no more than one of two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import NamedTuple

from labeling.quality.estimates import Estimate, mean_share, median
from labeling.quality.outcomes import Judged, Outcomes, decided_by_place, is_gold_answer, same_share

# Twice the pace of someone who skims (about 300 words a minute): nobody reads that fast.
TOO_FAST_WORDS_PER_SECOND = 10.0
# A "word" of a script without spaces: this many characters.
CHARACTERS_PER_WORD = 15


class Size(NamedTuple):
    characters: int
    words: int


class Known(NamedTuple):
    tiers: list[list[int]]
    verdict: str


@dataclass(frozen=True, slots=True)
class Habits:
    annotator_id: int
    num_judgments: int
    gold_accuracy: Estimate
    self_consistency: Estimate
    # How often the response shown first won, of decided pairs. Without a habit: 0.5.
    left_share: Estimate
    # How often the longer response won, and how often it did with everybody else.
    longer_share: Estimate
    longer_share_of_others: float | None
    median_seconds: Estimate
    words_per_second: Estimate
    too_fast_share: Estimate


@dataclass(slots=True)
class _Shares:
    num: int = 0
    gold: list[float] = field(default_factory=list)
    repeats: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    longer: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    pace: list[float] = field(default_factory=list)


def size_of(text: str) -> Size:
    return Size(len(text), max(len(text.split()), len(text) // CHARACTERS_PER_WORD))


def habits(
    judged: Iterable[Judged],
    *,
    gold: Mapping[int, Known],
    said_first: Mapping[tuple[int, int], Known],
    originals: Mapping[tuple[int, int], Outcomes],
    responses: Mapping[int, Size],
    prompts: Mapping[int, Size],
) -> list[Habits]:
    """`gold` by task; `said_first`: what (annotator, task) said of gold before any correction, which is
    what counts, since the answer may have been shown after it; a judgment not found there counts as it
    is. `originals`: what (annotator, task) said, for tasks that are repeated."""
    by_annotator: dict[int, _Shares] = defaultdict(_Shares)
    for one in judged:
        shares = by_annotator[one.annotator_id]
        shares.num += 1
        _add_gold(shares, one, gold, said_first)
        _add_repeat(shares, one, originals)
        _add_sides(shares, one, responses)
        _add_pace(shares, one, responses, prompts)
    longer = {annotator: shares.longer for annotator, shares in by_annotator.items()}
    return [
        _habits(annotator, shares, _mean_of_others(longer, annotator))
        for annotator, shares in sorted(by_annotator.items())
    ]


def _add_gold(
    shares: _Shares,
    one: Judged,
    gold: Mapping[int, Known],
    said_first: Mapping[tuple[int, int], Known],
) -> None:
    if (known := gold.get(one.task_id)) is None:
        return
    said = said_first.get((one.annotator_id, one.task_id), Known(one.tiers, one.verdict))
    right = is_gold_answer(
        gold_tiers=known.tiers, gold_verdict=known.verdict, tiers=said.tiers, verdict=said.verdict
    )
    shares.gold.append(float(right))


def _add_repeat(shares: _Shares, one: Judged, originals: Mapping[tuple[int, int], Outcomes]) -> None:
    if one.repeats_id is not None:
        before = originals.get((one.annotator_id, one.repeats_id))
        same = None if before is None else same_share(before, one.outcomes())
        if same is not None:
            shares.repeats.append(same)


def _add_sides(shares: _Shares, one: Judged, responses: Mapping[int, Size]) -> None:
    left, longer = [], []
    for first, second, first_won in decided_by_place(one):
        left.append(first_won)
        a, b = responses[first].characters, responses[second].characters
        if a != b:
            longer.append(first_won == (a > b))
    if left:
        shares.left.append(fmean(left))
    if longer:
        shares.longer.append(fmean(longer))


def _add_pace(
    shares: _Shares, one: Judged, responses: Mapping[int, Size], prompts: Mapping[int, Size]
) -> None:
    if not one.active_seconds:
        return
    words = prompts[one.prompt_id].words + sum(responses[id].words for id in one.order)
    shares.seconds.append(one.active_seconds)
    shares.pace.append(words / one.active_seconds)


def _mean_of_others(shares: Mapping[int, Sequence[float]], annotator: int) -> float | None:
    others = [share for other, mine in shares.items() if other != annotator for share in mine]
    return fmean(others) if others else None


def _habits(annotator_id: int, shares: _Shares, others: float | None) -> Habits:
    return Habits(
        annotator_id=annotator_id,
        num_judgments=shares.num,
        gold_accuracy=mean_share(shares.gold),
        self_consistency=mean_share(shares.repeats),
        left_share=mean_share(shares.left),
        longer_share=mean_share(shares.longer),
        longer_share_of_others=others,
        median_seconds=median(shares.seconds),
        words_per_second=median(shares.pace),
        too_fast_share=mean_share([float(pace > TOO_FAST_WORDS_PER_SECOND) for pace in shares.pace]),
    )
