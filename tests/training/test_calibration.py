from __future__ import annotations

import math

import numpy as np
import pytest

from rlhf.training.calibration import (
    Decided,
    accuracy,
    describe,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
)


def decided(margins, *, longer=None, strengths=None, annotators=None, prompts=None):
    n = len(margins)
    return Decided(
        np.array(margins, dtype=float),
        np.array(longer if longer is not None else [1] * n),
        np.array(strengths if strengths is not None else [0] * n),
        list(prompts if prompts is not None else range(n)),
        annotators or [None] * n,
    )


def simulated(n, *, temperature, seed=0):
    """Margins of a model that is `temperature` times too sure of itself."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1.5, n)
    won = rng.random(n) < 1 / (1 + np.exp(-truth))
    return np.where(won, truth, -truth) * temperature


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_undoes_false_confidence(temperature):
    margins = simulated(20_000, temperature=temperature)
    assert fit_temperature(margins) == pytest.approx(temperature, rel=0.06)


def test_temperature_lowers_loss_and_error_of_pairs_it_was_not_fitted_on():
    temperature = fit_temperature(simulated(4000, temperature=3.0))
    unseen = decided(simulated(4000, temperature=3.0, seed=1))
    for measure in (negative_log_likelihood, expected_calibration_error):
        before, after = measure(unseen, 1.0), measure(unseen, temperature)
        assert after["high"] < before["low"]


def test_model_without_an_error_is_not_made_infinitely_sure():
    temperature = fit_temperature(np.full(18, 4.0))
    assert 1 / (1 + math.exp(-4 / temperature)) == pytest.approx(19 / 20)


def test_temperature_without_comparisons_changes_nothing():
    assert fit_temperature(np.array([])) == 1.0


def test_useless_model_ends_at_a_bound_and_not_at_infinity():
    assert fit_temperature(np.array([1.0, -1.0, -2.0, 2.0, -1.5])) == pytest.approx(20, rel=1e-6)


def test_likelihood_and_error_are_their_closed_forms():
    pairs = decided([1.0, 1.0, 1.0, -1.0])
    sure = 1 / (1 + math.exp(-1.0))
    loss = -(3 * math.log(sure) + math.log(1 - sure)) / 4
    assert negative_log_likelihood(pairs, 1.0)["value"] == pytest.approx(loss)
    assert expected_calibration_error(pairs, 1.0)["value"] == pytest.approx(abs(0.75 - sure))
    half = 1 / (1 + math.exp(-0.5))
    assert expected_calibration_error(pairs, 2.0)["value"] == pytest.approx(abs(0.75 - half))


def test_calibrated_model_has_no_error_within_its_interval():
    error = expected_calibration_error(decided(simulated(4000, temperature=1.0)), 1.0)
    assert error["value"] < 0.02
    assert (error["n"], error["method"]) == (4000, "bootstrap, clustered")


def test_interval_widens_where_pairs_share_a_prompt():
    margins = simulated(400, temperature=1.0)
    margins.sort()
    alone = negative_log_likelihood(decided(margins), 1.0)
    shared = negative_log_likelihood(decided(margins, prompts=np.arange(400) // 10), 1.0)
    assert shared["high"] - shared["low"] > 2 * (alone["high"] - alone["low"])


def test_summary_tells_strengths_annotators_and_lengths_apart():
    pairs = decided(
        [2.0, 1.0, -1.0, 0.5, -0.5],
        longer=[5, -5, -5, 0, 5],
        strengths=[3, 3, 1, 0, 1],
        annotators=["bob", "carol", "carol", None, "bob"],
    )
    found = describe(pairs, temperature=2.0, known_annotators={"bob"})
    assert found["accuracy"] == accuracy(pairs)
    assert {key: one["value"] for key, one in found["accuracy_by_strength"].items()} == {"1": 0.0, "3": 1.0}
    assert found["accuracy_known_annotators"]["n"] == 2
    assert found["accuracy_new_annotators"]["value"] == 0.5
    # Its choices: longer, shorter, longer, (even), shorter. Theirs: longer, shorter, shorter, (even), longer.
    assert {who: one["value"] for who, one in found["prefers_longer"].items()} == {
        "model": 0.5,
        "people": 0.5,
    }
    assert found["prefers_longer"]["model"]["n"] == 4


def test_summary_of_nothing_is_empty():
    assert describe(decided([]), temperature=1.0, known_annotators=()) == {}
