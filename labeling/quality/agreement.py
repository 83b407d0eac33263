"""Do people say the same? Cohen, Fleiss, Krippendorff, Gwet, with intervals over clusters.

Rows are (unit, rater, value, cluster): a unit is what several people rated once each (a pair of
responses in a task), a cluster is what makes units alike (a prompt).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from labeling.quality.estimates import CONFIDENCE, RESAMPLES, SEED, Estimate, cluster_bootstrap

if TYPE_CHECKING:
    import pandas as pd

Level = Literal["nominal", "ordinal", "interval", "ratio"]
Weights = Literal["linear", "quadratic"]

MIN_SHARED = 10
MAX_COHEN_PAIRS = 30


class Rating(NamedTuple):
    unit: Hashable
    rater: Hashable
    value: Any
    cluster: Hashable


@dataclass(frozen=True, slots=True)
class Table:
    """`counts[u, v]`: how many people gave unit `u` the value `values[v]`; values ascend."""

    counts: np.ndarray
    values: list[Any]
    clusters: np.ndarray
    num_clusters: int
    num_raters: int

    def resampled(self, times: np.ndarray) -> np.ndarray:
        return np.repeat(self.counts, times[self.clusters], axis=0)


class Cohen(NamedTuple):
    kappa: float
    se: float
    low: float
    high: float
    z: float


def tabulate(ratings: Iterable[Rating]) -> Table:
    """Units rated at least twice; those rated once say nothing about agreement."""
    by_unit: dict[Hashable, Counter[Any]] = defaultdict(Counter)
    cluster_of: dict[Hashable, Hashable] = {}
    raters: dict[Hashable, set[Hashable]] = defaultdict(set)
    for unit, rater, value, cluster in ratings:
        by_unit[unit][value] += 1
        cluster_of[unit] = cluster
        raters[unit].add(rater)
    units = [unit for unit, said in by_unit.items() if said.total() > 1]
    values = sorted({value for unit in units for value in by_unit[unit]})
    place = {value: number for number, value in enumerate(values)}
    numbers = {cluster: i for i, cluster in enumerate(dict.fromkeys(cluster_of[unit] for unit in units))}
    counts = np.zeros((len(units), len(values)))
    for row, unit in enumerate(units):
        for value, times in by_unit[unit].items():
            counts[row, place[value]] = times
    return Table(
        counts=counts,
        values=values,
        clusters=np.array([numbers[cluster_of[unit]] for unit in units], dtype=int),
        num_clusters=len(numbers),
        num_raters=len({rater for unit in units for rater in raters[unit]}),
    )


def krippendorff_alpha(counts: np.ndarray, values: Sequence[Any], level: Level) -> float | None:
    """None where no unit has two ratings; 1.0 where everybody gave one and the same value.

    `counts` (units, values) as in `Table`; `values` are numbers unless the level is nominal."""
    import evalica

    counts = counts[counts.sum(axis=1) > 1]
    if not len(counts):
        return None
    domain = np.arange(counts.shape[1]) if level == "nominal" else np.asarray(values, dtype=float)
    return float(evalica.alpha(_matrix(counts, domain), distance=level).alpha)


def fleiss_kappa(counts: np.ndarray) -> float | None:
    """Fleiss (1971) by statsmodels, which wants equally many ratings of each unit; otherwise
    `fleiss_with_gaps`. None where no unit has two ratings; 1.0 where everybody said one thing."""
    from statsmodels.stats.inter_rater import fleiss_kappa as plain

    counts = counts[counts.sum(axis=1) > 0]
    per_unit = counts.sum(axis=1)
    if not (per_unit > 1).any():
        return None
    if (counts.sum(axis=0) > 0).sum() == 1:
        return 1.0
    return float(plain(counts)) if (per_unit == per_unit[0]).all() else fleiss_with_gaps(counts)


def fleiss_with_gaps(counts: np.ndarray) -> float:
    """Gwet's generalisation to missing ratings (Handbook of Inter-Rater Reliability, 4th ed., ch. 2):
    agreement over the units with two ratings or more, each value's share over all units. The same
    number as Fleiss' where none is missing. No kept library has it."""
    agreed, shares = _weighted(counts, np.eye(counts.shape[1]))
    return _beyond_chance(agreed, float(shares @ shares))


def gwet_ac(counts: np.ndarray, values: Sequence[Any] = (), weights: Weights | None = None) -> float | None:
    """AC1 (Gwet 2008), or AC2 with weights: holds up where nearly everybody says one thing, where
    kappa and alpha fall to 0. Gwet, Handbook of Inter-Rater Reliability (4th ed.), ch. 4-5. No kept
    library has it: irrCAC wants a pandas and a scipy of years ago."""
    if not (counts.sum(axis=1) > 1).any():
        return None
    num = counts.shape[1]
    if num == 1:
        return 1.0
    table = _agreement_weights(values, weights, num)
    agreed, shares = _weighted(counts, table)
    chance = float(table.sum() / (num * (num - 1)) * (shares * (1 - shares)).sum())
    return _beyond_chance(agreed, chance)


def cohen_kappa(
    table: Sequence[Sequence[float]] | np.ndarray, weights: Weights | None = None, *, student: bool = False
) -> Cohen:
    """Of two raters' square contingency table, with statsmodels' standard error. The interval is
    normal, as statsmodels and SAS have it; `student` takes Student's t with n − 1 degrees of
    freedom, as Gwet's handbook does."""
    from scipy import stats
    from statsmodels.stats.inter_rater import cohens_kappa

    counts = np.asarray(table, dtype=float)
    # Where the two never or always agree, z has no variance to be divided by.
    with np.errstate(invalid="ignore", divide="ignore"):
        found = cohens_kappa(counts, wt=weights)
    kappa, se = float(found.kappa), float(found.std_kappa)
    low, high = float(found.kappa_low), float(found.kappa_upp)
    if student:
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, counts.sum() - 1)) * se
        low, high = kappa - reach, kappa + reach
    return Cohen(kappa, se, low, high, float(found.z_value))


# --- with intervals --------------------------------------------------------------------


def alpha_estimate(table: Table, level: Level, *, seed: int = SEED, resamples: int = RESAMPLES) -> Estimate:
    return _estimate(
        table, lambda counts: krippendorff_alpha(counts, table.values, level), seed=seed, resamples=resamples
    )


def fleiss_estimate(table: Table, *, seed: int = SEED, resamples: int = RESAMPLES) -> Estimate:
    return _estimate(table, fleiss_kappa, seed=seed, resamples=resamples)


def gwet_estimate(table: Table, *, seed: int = SEED, resamples: int = RESAMPLES) -> Estimate:
    return _estimate(table, gwet_ac, seed=seed, resamples=resamples)


def _estimate(
    table: Table, statistic: Callable[[np.ndarray], float | None], *, seed: int, resamples: int
) -> Estimate:
    return cluster_bootstrap(
        lambda times: statistic(table.resampled(times)),
        num_clusters=table.num_clusters,
        n=len(table.counts),
        seed=seed,
        resamples=resamples,
    )


@dataclass(frozen=True, slots=True)
class SharedTable:
    """What two raters said of the units both rated, one contingency table for each cluster."""

    raters: tuple[Hashable, Hashable]
    tables: np.ndarray
    clusters: np.ndarray

    @property
    def n(self) -> int:
        return int(self.tables.sum())

    def kappa(self, times: np.ndarray) -> float | None:
        table = np.tensordot(times[self.clusters].astype(float), self.tables, axes=1)
        found = _cohen_or_none(table)
        return None if found is None else found.kappa


def shared_tables(
    ratings: Iterable[Rating], *, min_shared: int = MIN_SHARED, limit: int = MAX_COHEN_PAIRS
) -> tuple[list[SharedTable], int]:
    """For the `limit` pairs of raters with the most units in common, and the number of clusters.
    Who rated a unit twice counts with the later rating."""
    by_unit: dict[Hashable, dict[Hashable, Any]] = defaultdict(dict)
    clusters: dict[Hashable, int] = {}
    cluster_of: dict[Hashable, int] = {}
    for unit, rater, value, cluster in ratings:
        by_unit[unit][rater] = value
        cluster_of[unit] = clusters.setdefault(cluster, len(clusters))
    values = sorted({value for said in by_unit.values() for value in said.values()})
    place = {value: number for number, value in enumerate(values)}
    shared: dict[tuple[Hashable, Hashable], list[tuple[int, int, int]]] = defaultdict(list)
    for unit, said in by_unit.items():
        for a, b in combinations(sorted(said, key=str), 2):
            shared[a, b].append((cluster_of[unit], place[said[a]], place[said[b]]))
    most = sorted(shared, key=lambda pair: (-len(shared[pair]), str(pair)))[:limit]
    kept = [pair for pair in most if len(shared[pair]) >= min_shared]
    return [_shared_table(pair, shared[pair], len(values)) for pair in kept], len(clusters)


def mean_cohen(
    pairs: Sequence[SharedTable], num_clusters: int, *, seed: int = SEED, resamples: int = RESAMPLES
) -> Estimate:
    """Cohen's kappa averaged over pairs of raters (Light 1971)."""

    def mean(times: np.ndarray) -> float | None:
        kappas = [kappa for pair in pairs if (kappa := pair.kappa(times)) is not None]
        return float(np.mean(kappas)) if kappas else None

    n = sum(pair.n for pair in pairs)
    return cluster_bootstrap(mean, num_clusters=num_clusters, n=n, seed=seed, resamples=resamples)


def cohen_estimate(pair: SharedTable) -> Estimate:
    """Of two raters, with statsmodels' asymptotic interval."""
    found = _cohen_or_none(pair.tables.sum(axis=0))
    if found is None:
        return Estimate(None, None, None, pair.n, "asymptotic")
    return Estimate(found.kappa, found.low, found.high, pair.n, "asymptotic")


def _shared_table(
    raters: tuple[Hashable, Hashable], said: list[tuple[int, int, int]], num_values: int
) -> SharedTable:
    numbers = {cluster: i for i, cluster in enumerate(dict.fromkeys(cluster for cluster, _, _ in said))}
    tables = np.zeros((len(numbers), num_values, num_values))
    for cluster, a, b in said:
        tables[numbers[cluster], a, b] += 1
    return SharedTable(raters, tables, np.array(list(numbers), dtype=int))


def _cohen_or_none(table: np.ndarray) -> Cohen | None:
    """None where a kappa has no meaning: no unit in common, or both always said the same one thing."""
    used = np.flatnonzero(table.sum(axis=0) + table.sum(axis=1))
    if len(used) < 2:
        return None
    return cohen_kappa(table[np.ix_(used, used)])


def _matrix(counts: np.ndarray, domain: np.ndarray) -> pd.DataFrame:
    """The counts as ratings again, a row for each rating of a unit and a column for each unit, with
    gaps. Who gave which is lost, and alpha does not ask."""
    import pandas as pd

    places = np.tile(np.arange(counts.shape[1]), len(counts))
    said = domain[np.repeat(places, counts.astype(int).ravel())]
    sizes = counts.sum(axis=1).astype(int)
    units = np.repeat(np.arange(len(counts)), sizes)
    begins = np.cumsum(sizes) - sizes
    matrix = np.full((sizes.max(), len(counts)), np.nan)
    matrix[np.arange(len(said)) - begins[units], units] = said
    return pd.DataFrame(matrix)


def _weighted(counts: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Observed (weighted) agreement, and the share of each value, averaged over units."""
    per_unit = counts.sum(axis=1)
    counts, per_unit = counts[per_unit > 0], per_unit[per_unit > 0]
    several = per_unit > 1
    said, num = counts[several], per_unit[several]
    agreed = ((said * (said @ weights - 1)).sum(axis=1) / (num * (num - 1))).mean()
    shares = (counts / per_unit[:, None]).mean(axis=0)
    return float(agreed), shares


def _agreement_weights(values: Sequence[Any], weights: Weights | None, num: int) -> np.ndarray:
    if weights is None:
        return np.eye(num)
    places = np.asarray(values, dtype=float)
    apart = np.abs(places[:, None] - places[None, :]) / (places.max() - places.min())
    return 1 - (apart if weights == "linear" else apart**2)


def _beyond_chance(agreed: float, chance: float) -> float:
    return (agreed - chance) / (1 - chance)
