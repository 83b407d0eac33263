"""Intervals of sampled proportions."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TypedDict


class Interval(TypedDict):
    value: float
    low: float
    high: float
    n: int
    method: str


def wilson(successes: float, n: int, *, confidence: float = 0.95) -> Interval | None:
    """Wilson's score interval (1927) of successes / n; ties may count half. None without trials."""
    if n == 0:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    margin = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(
        value=share, low=max(0.0, centre - margin), high=min(1.0, centre + margin), n=n, method="wilson"
    )
