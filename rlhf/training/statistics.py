"""Intervals of sampled proportions."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import numpy as np


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
    low, high = _score_limits(successes / n, n, confidence)
    return Interval(value=successes / n, low=low, high=high, n=n, method="wilson")


def clustered_wilson(
    wins: Sequence[float], clusters: Sequence[Hashable], *, confidence: float = 0.95
) -> Interval | None:
    """The share of `wins` (0, 0.5 or 1 each) where trials of one cluster are not independent, as pairs
    of one ranking are not: Wilson's interval at n / design effect trials (Kish 1965), the effect being
    the variance between clusters over that of as many independent trials. None without trials.

    >>> clustered_wilson([1, 1, 0, 0], ["a", "a", "b", "b"])["n"]
    4
    """
    if not wins:
        return None
    n, share = len(wins), sum(wins) / len(wins)
    residuals: dict[Hashable, float] = {}
    for win, cluster in zip(wins, clusters, strict=True):
        residuals[cluster] = residuals.get(cluster, 0.0) + win - share
    k = len(residuals)
    independent = share * (1 - share) / n
    if k > 1 and independent > 0:
        between = k / (k - 1) * sum(total * total for total in residuals.values()) / (n * n)
        effective = n / max(1.0, between / independent)
    else:  # all alike, or one cluster: nothing tells how far they depend, so each cluster counts once
        effective = float(k)
    low, high = _score_limits(share, effective, confidence)
    return Interval(value=share, low=low, high=high, n=n, method="wilson, clustered")


def bootstrapped(
    measure: Callable[[np.ndarray], float],
    clusters: Sequence[Hashable],
    *,
    resamples: int = 400,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Any figure of n >= 1 trials, with the percentile interval of drawing whole clusters anew (Efron and
    Tibshirani 1993). `measure` is given how often each trial counts."""
    import numpy as np

    places = {cluster: place for place, cluster in enumerate(dict.fromkeys(clusters))}
    of_trial = np.array([places[cluster] for cluster in clusters])
    rng, k = np.random.default_rng(seed), len(places)
    drawn = [measure(np.bincount(rng.integers(k, size=k), minlength=k)[of_trial]) for _ in range(resamples)]
    tail = 50 * (1 - confidence)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    value = measure(np.ones(len(clusters)))
    return Interval(
        value=float(value), low=float(low), high=float(high), n=len(clusters), method="bootstrap, clustered"
    )


def _score_limits(share: float, n: float, confidence: float) -> tuple[float, float]:
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    margin = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - margin), min(1.0, centre + margin)
