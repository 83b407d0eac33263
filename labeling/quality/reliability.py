"""How far each annotator can be trusted, learned from everybody's votes without known answers.

Dawid-Skene finds who answers at random and who confuses what; noisy Bradley-Terry finds who
answers from the side of the screen. crowd-kit has both models; it takes a second and a half to
load, so it is loaded here and not with the web app.
"""

from __future__ import annotations

import statistics
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

from labeling.quality.estimates import SEED, Estimate, cluster_bootstrap, nothing, wilson
from labeling.quality.outcomes import Judged, Outcomes, sign

# A fit takes a moment: few resamples, which is enough for a standard error and not for percentiles.
NBT_RESAMPLES = 24
# Pulls strengths towards each other: a pair judged by three people says little about a text.
NBT_PULL = 0.1


class Vote(NamedTuple):
    unit: Hashable
    rater: Hashable
    label: Any


class PairVote(NamedTuple):
    """`first` was shown before `second`."""

    rater: Hashable
    first: Hashable
    second: Hashable
    winner: Hashable
    cluster: Hashable


@dataclass(frozen=True, slots=True)
class Noisy:
    """`skill`: the share of votes given by worth rather than by place. `first_share`: how often
    the first shown wins among the others. `flip`: the probability that a vote is wrong although
    the difference is clear."""

    skill: Estimate
    first_share: float
    flip: float


def votes_on(shared: Iterable[tuple[Judged, Outcomes]]) -> list[Vote]:
    """Who won of each pair.

    Where the better response is mostly the older one, nearly all votes would carry one label, from
    which the model learns nothing about who errs: half of the pairs are therefore told the other way
    round.
    """
    votes = []
    for one, outcomes in shared:
        for pair, outcome in outcomes.items():
            unit = (one.task_id, *pair)
            side = 1 if crc32(repr(unit).encode()) % 2 else -1
            votes.append(Vote(unit, one.annotator_id, side * sign(outcome)))
    return votes


def dawid_skene(votes: Sequence[Vote]) -> dict[Hashable, Estimate]:
    """The probability that a rater says what is true, by Dawid and Skene (1979). The interval is
    Wilson's on the expected number of right votes: it leaves out the model's own uncertainty."""
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    if not votes:
        return {}
    rows = pd.DataFrame(
        [(str(vote.unit), vote.rater, vote.label) for vote in votes], columns=["task", "worker", "label"]
    ).drop_duplicates(["task", "worker"], keep="last")
    if rows["label"].nunique() < 2:
        return {rater: nothing("dawid-skene") for rater in rows["worker"].unique()}
    model = DawidSkene(n_iter=100).fit(rows)
    believed = model.probas_.stack()  # type: ignore[union-attr]
    right = believed.reindex(pd.MultiIndex.from_frame(rows[["task", "label"]])).fillna(0.0).to_numpy()
    by_rater = pd.Series(right).groupby(rows["worker"].to_numpy()).agg(["sum", "count"])
    return {
        rater: _named(wilson(min(row["sum"], row["count"]), int(row["count"])), "dawid-skene, wilson")
        for rater, row in by_rater.iterrows()
    }


def noisy_bradley_terry(
    votes: Sequence[PairVote], *, seed: int = SEED, resamples: int = NBT_RESAMPLES
) -> dict[Hashable, Noisy]:
    """Chen et al. (2013): P(first wins) = skill · σ(s_first − s_second) + (1 − skill) · first_share.

    The interval of the skill is 1.96 bootstrap standard errors, over clusters, either way. Skill
    says little about who answers at random where a pair has fewer than four votes; Dawid-Skene
    says more there.
    """
    import numpy as np

    if not votes:
        return {}
    raters = list(dict.fromkeys(vote.rater for vote in votes))
    items = {item: i for i, item in enumerate(dict.fromkeys(x for v in votes for x in (v.first, v.second)))}
    clusters = {cluster: i for i, cluster in enumerate(dict.fromkeys(vote.cluster for vote in votes))}
    places = {rater: i for i, rater in enumerate(raters)}
    table = np.array(
        [
            (places[v.rater], items[v.first], items[v.second], items[v.winner], clusters[v.cluster])
            for v in votes
        ]
    )
    skills, firsts = _fit(table, seed)
    drawn: dict[Hashable, list[float]] = {rater: [] for rater in raters}

    def refit(times: np.ndarray) -> float:
        again, _ = _fit(np.repeat(table, times[table[:, 4]], axis=0), seed)
        for place, skill in again.items():
            drawn[raters[place]].append(skill)
        return 0.0

    cluster_bootstrap(refit, num_clusters=len(clusters), n=len(votes), seed=seed, resamples=resamples)
    counts = np.bincount(table[:, 0], minlength=len(raters))
    found = {}
    for place, rater in enumerate(raters):
        skill, first = skills[place], firsts[place]
        found[rater] = Noisy(
            skill=_around(skill, drawn[rater], n=int(counts[place])),
            first_share=first,
            flip=(1 - skill) / 2,
        )
    return found


def _around(skill: float, drawn: Sequence[float], *, n: int) -> Estimate:
    method = "noisy bradley-terry, cluster bootstrap (normal)"
    if len(drawn) < 2:
        return Estimate(skill, None, None, n, method)
    reach = 1.96 * statistics.stdev(drawn)
    return Estimate(skill, max(0.0, skill - reach), min(1.0, skill + reach), n, method)


def _fit(table: Any, seed: int) -> tuple[dict[int, float], dict[int, float]]:
    import numpy as np
    import pandas as pd

    rows = pd.DataFrame(table[:, :4], columns=["worker", "left", "right", "label"])
    model = _model_class()(n_iter=200, tol=1e-6, regularization_ratio=NBT_PULL, random_state=seed)
    # crowd-kit seeds the process's generator: leave it as it was found.
    state = np.random.get_state()
    try:
        model.fit(rows)
    finally:
        np.random.set_state(state)
    return dict(model.skills_.astype(float)), dict(model.biases_.astype(float))


@cache
def _model_class() -> type[Any]:
    """crowd-kit 1.4.2's model with two repairs. Its gradient keeps only the last vote of each
    worker and writes it one place off, so that skills hardly move from where they began; and its
    likelihood adds the pull towards the mean with the wrong sign. Tests hold ours against finite
    differences of theirs."""
    import numpy as np
    from crowdkit.aggregation import NoisyBradleyTerry
    from scipy.special import expit

    class Repaired(NoisyBradleyTerry):
        @staticmethod
        def _compute_log_likelihood(x, np_data, np_workers, labels, workers, regularization_ratio):
            return NoisyBradleyTerry._compute_log_likelihood(
                x, np_data, np_workers, labels, workers, -regularization_ratio
            )

        @staticmethod
        def _compute_gradient(x, np_data, np_workers, labels, workers, regularization_ratio):
            left, right = np_data[:, 0], np_data[:, 1]
            side, skill = 1 + labels + np_workers, 1 + labels + workers + np_workers
            y = np.where(left == np_data[:, 2], 1.0, -1.0)
            by_worth, by_side, heeds = expit(y * (x[left] - x[right])), expit(y * x[side]), expit(x[skill])
            likelihood = heeds * by_worth + (1 - heeds) * by_side
            d_worth = y * heeds * by_worth * (1 - by_worth) / likelihood
            gradient = np.zeros_like(x)
            np.add.at(gradient, left, d_worth)
            np.add.at(gradient, right, -d_worth)
            np.add.at(gradient, side, y * (1 - heeds) * by_side * (1 - by_side) / likelihood)
            np.add.at(gradient, skill, heeds * (1 - heeds) * (by_worth - by_side) / likelihood)
            pull = np.tanh((x[1 : labels + 1] - x[0]) / 2.0)
            gradient[1 : labels + 1] -= regularization_ratio * pull
            gradient[0] += regularization_ratio * pull.sum()
            return -gradient

    return Repaired


def _named(estimate: Estimate, method: str) -> Estimate:
    return Estimate(estimate.value, estimate.low, estimate.high, estimate.n, method)
