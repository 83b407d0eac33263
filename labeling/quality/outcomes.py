"""What a judgment says about each pair of responses, and how far two judgments say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Any, NamedTuple

from labeling.pairs import pairs_of

Pair = tuple[int, int]
# By pair of response ids, the smaller first: 1..3 where it won (its strength, 1 when none was
# asked), −1..−3 where the other did, 0 in a tie.
Outcomes = dict[Pair, int]

CANNOT_JUDGE = "cannot_judge"


class Judged(NamedTuple):
    """A judgment as the statistics see it. `order` has the response ids as shown."""

    id: int
    task_id: int
    prompt_id: int
    annotator_id: int
    arm: str
    repeats_id: int | None
    tiers: list[list[int]]
    verdict: str
    strengths: list[int]
    criteria: Mapping[str, Any]
    order: list[int]
    active_seconds: float | None

    def outcomes(self) -> Outcomes:
        return {} if self.verdict == CANNOT_JUDGE else outcomes_of(self.tiers, self.strengths)


def outcomes_of(tiers: Sequence[Sequence[int]], strengths: Sequence[int] = ()) -> Outcomes:
    found: Outcomes = {}
    for pair in pairs_of(tiers, strengths):
        strength = 0 if pair.is_tie else pair.strength or 1
        if pair.winner < pair.loser:
            found[pair.winner, pair.loser] = strength
        else:
            found[pair.loser, pair.winner] = -strength
    return found


def sign(value: int) -> int:
    return (value > 0) - (value < 0)


def shared_outcomes(judged: Iterable[Judged]) -> list[tuple[Judged, Outcomes]]:
    """What each judgment says of the pairs that several people judged, in the order of `judged`."""
    said = [(one, one.outcomes()) for one in judged]
    raters: dict[tuple[int, Pair], set[int]] = {}
    for one, outcomes in said:
        for pair in outcomes:
            raters.setdefault((one.task_id, pair), set()).add(one.annotator_id)
    return [
        (one, {pair: value for pair, value in outcomes.items() if len(raters[one.task_id, pair]) > 1})
        for one, outcomes in said
    ]


def same_share(one: Outcomes, other: Outcomes) -> float | None:
    """The share of the pairs in both on which both name the same winner, or both a tie."""
    shared = one.keys() & other.keys()
    return fmean(sign(one[pair]) == sign(other[pair]) for pair in shared) if shared else None


def task_agreement(said: Sequence[Outcomes]) -> float | None:
    """The mean of `same_share` over all pairs of judgments of one task."""
    shares = [same_share(one, other) for one, other in combinations(said, 2)]
    known = [share for share in shares if share is not None]
    return fmean(known) if known else None


def is_gold_answer(
    *, gold_tiers: Sequence[Sequence[int]], gold_verdict: str, tiers: Sequence[Sequence[int]], verdict: str
) -> bool:
    """Whether a judgment gives the known answer: the same verdict where the answer is one; a tie of all
    where that is the answer; otherwise the same winner of every pair that the answer decides. A tie of
    some leaves their order free: `[[a], [b, c]]` asks only that a be best."""
    if gold_verdict != "none":
        return verdict == gold_verdict
    if verdict == CANNOT_JUDGE:
        return False
    if len(gold_tiers) == 1:
        return len(tiers) == 1
    said = outcomes_of(tiers)
    decided = {pair: value for pair, value in outcomes_of(gold_tiers).items() if value}
    return all(sign(said.get(pair, 0)) == sign(value) for pair, value in decided.items())


def decided_by_place(judged: Judged) -> Iterator[tuple[int, int, bool]]:
    """(first shown, shown later, the first won) for every pair that is not a tie."""
    outcomes = judged.outcomes()
    for first, second in combinations(judged.order, 2):
        value = outcomes.get((first, second)) or -outcomes.get((second, first), 0)
        if value:
            yield first, second, value > 0
