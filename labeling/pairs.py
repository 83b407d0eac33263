"""Pairs from tiers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

MAX_STRENGTH = 3


class Pair(NamedTuple):
    winner: int
    loser: int
    is_tie: bool
    strength: int | None
    from_edit: bool = False


def pairs_of(
    tiers: Sequence[Sequence[int]], strengths: Sequence[int], edited: int | None = None
) -> list[Pair]:
    """Every pair of a ranking once: C(K, 2) for K responses. The winner as the judge `edited` it
    beats each of them: K pairs more, whose strength nobody was asked about.

    `tiers` is best first. The strength between two tiers is the sum over the boundaries between
    them, at most 3; None when no strengths were given, 0 in a tie.
    """
    pairs = [Pair(a, b, True, 0) for tier in tiers for a, b in combinations(sorted(tier), 2)]
    for better, worse in combinations(range(len(tiers)), 2):
        strength = min(MAX_STRENGTH, sum(strengths[better:worse])) if strengths else None
        pairs += [Pair(winner, loser, False, strength) for winner in tiers[better] for loser in tiers[worse]]
    if edited is not None:
        pairs += [Pair(edited, loser, False, None, from_edit=True) for tier in tiers for loser in tier]
    return pairs
