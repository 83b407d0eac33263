from __future__ import annotations

import pytest

from rlhf.training.statistics import wilson


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (5, 5), (70, 100), (1, 400), (33.5, 67)])
def test_wilson_agrees_with_statsmodels(successes, n):
    from statsmodels.stats.proportion import proportion_confint

    interval = wilson(successes, n)
    low, high = proportion_confint(successes, n, method="wilson")
    assert (interval["low"], interval["high"]) == pytest.approx((low, high), abs=1e-12)
    assert (interval["value"], interval["n"], interval["method"]) == (successes / n, n, "wilson")


def test_nothing_sampled_has_no_interval():
    assert wilson(0, 0) is None
