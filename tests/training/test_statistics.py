from __future__ import annotations

import random

import pytest

from rlhf.training.statistics import clustered_wilson, wilson


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (5, 5), (70, 100), (1, 400), (33.5, 67)])
def test_wilson_agrees_with_statsmodels(successes, n):
    from statsmodels.stats.proportion import proportion_confint

    interval = wilson(successes, n)
    low, high = proportion_confint(successes, n, method="wilson")
    assert (interval["low"], interval["high"]) == pytest.approx((low, high), abs=1e-12)
    assert (interval["value"], interval["n"], interval["method"]) == (successes / n, n, "wilson")


def test_nothing_sampled_has_no_interval():
    assert wilson(0, 0) is None
    assert clustered_wilson([], []) is None


def test_repeating_every_trial_narrows_no_clustered_interval():
    wins = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    once = clustered_wilson(wins, range(8))
    thrice = clustered_wilson(wins * 3, [*range(8)] * 3)
    assert thrice["n"] == 24
    assert (thrice["low"], thrice["high"]) == pytest.approx((once["low"], once["high"]), abs=1e-12)


def test_clusters_that_are_all_alike_count_once_each():
    found, alone = clustered_wilson([1.0] * 12, [0, 1, 2] * 4), wilson(3, 3)
    assert (found["value"], found["n"]) == (1.0, 12)
    assert (found["low"], found["high"]) == pytest.approx((alone["low"], alone["high"]), abs=1e-12)


def test_clustered_interval_covers_where_the_plain_one_does_not():
    """Forty rankings of three pairs, of which each is easy or hard as a whole."""
    rng, truth, draws = random.Random(0), 0.6, 1000
    covered = {"clustered": 0, "plain": 0}
    for _ in range(draws):
        rates = [rng.betavariate(1.2, 0.8) for _ in range(40)]
        clusters = [cluster for cluster in range(40) for _ in range(3)]
        wins = [float(rng.random() < rates[cluster]) for cluster in clusters]
        for name, found in (
            ("clustered", clustered_wilson(wins, clusters)),
            ("plain", wilson(sum(wins), len(wins))),
        ):
            covered[name] += found["low"] <= truth <= found["high"]
    assert covered["clustered"] / draws > 0.92
    assert covered["plain"] / draws < 0.90
