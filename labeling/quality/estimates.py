"""A number with its interval, its n and how the interval was made."""

from __future__ import annotations

import math
import statistics
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 300
SEED = 20260301
# Resamples drawn at once: bounds the memory of a bootstrap over many clusters.
BATCH = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """`value` is None where it is undefined (nothing to compare); so are the bounds of an
    interval that cannot be made (one cluster)."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str


def nothing(method: str = "none") -> Estimate:
    return Estimate(None, None, None, 0, method)


def wilson(successes: float, n: int) -> Estimate:
    """A share of `n` independent cases. `successes` may be a sum of expected ones."""
    from statsmodels.stats.proportion import proportion_confint

    if n == 0:
        return nothing("wilson")
    low, high = proportion_confint(successes, n, alpha=1 - CONFIDENCE, method="wilson")
    value = successes / n
    # Rounding may leave 1 just outside.
    return Estimate(value, min(float(low), value), max(float(high), value), n, "wilson")


def mean_share(shares: Sequence[float], *, seed: int = SEED) -> Estimate:
    """The mean of one share per judgment: Wilson where each is 0 or 1, else a bootstrap over judgments."""
    if all(share in (0, 1) for share in shares):
        return wilson(sum(shares), len(shares))
    return bootstrap(shares, statistics.fmean, seed=seed)


def median(values: Sequence[float], *, seed: int = SEED) -> Estimate:
    return bootstrap(values, statistics.median, seed=seed)


def bootstrap(values: Sequence[float], statistic: Callable[[Any], float], *, seed: int = SEED) -> Estimate:
    """Percentile bootstrap over independent values."""
    import numpy as np

    array = np.asarray(values, dtype=float)
    if not array.size:
        return nothing("bootstrap")
    low, high = _interval(lambda chosen: float(statistic(array[chosen])), array.size, seed, RESAMPLES)
    return Estimate(float(statistic(array)), low, high, int(array.size), "bootstrap")


def cluster_bootstrap(
    statistic: Callable[[np.ndarray], float | None],
    *,
    num_clusters: int,
    n: int,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> Estimate:
    """`statistic` takes how often each cluster was drawn; whole clusters are drawn with
    replacement, so that what belongs together (votes on one prompt) stays together."""
    import numpy as np

    value = statistic(np.ones(num_clusters, dtype=int))
    if value is None:
        return Estimate(None, None, None, n, "cluster bootstrap")

    def of(chosen: np.ndarray) -> float:
        again = statistic(np.bincount(chosen, minlength=num_clusters))
        return math.nan if again is None else again

    low, high = _interval(of, num_clusters, seed, resamples)
    return Estimate(value, low, high, n, "cluster bootstrap")


def _interval(
    statistic: Callable[[np.ndarray], float], size: int, seed: int, resamples: int
) -> tuple[float | None, float | None]:
    """Bounds of the 95 percent percentile interval of `statistic(chosen indices)`."""
    import numpy as np
    from scipy import stats

    if size < 2:
        return None, None
    with warnings.catch_warnings():
        # Says that all resamples gave the same number: then that number is the interval.
        warnings.simplefilter("ignore")
        drawn = stats.bootstrap(
            (np.arange(size),),
            lambda chosen: statistic(chosen.astype(int)),
            vectorized=False,
            n_resamples=resamples,
            batch=BATCH,
            confidence_level=CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).bootstrap_distribution
    drawn = drawn[~np.isnan(drawn)]
    if not drawn.size:
        return None, None
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
