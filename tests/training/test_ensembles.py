from __future__ import annotations

import numpy as np
import pytest
import torch

from rlhf.training.ensembles import bootstrap_counts, combine_members


def test_members_are_combined_by_their_closed_forms():
    scores = torch.tensor([[1.0, 2.0, 6.0], [0.0, 0.0, 0.0]])
    assert combine_members(scores, "mean", 0.0).tolist() == [3.0, 0.0]
    assert combine_members(scores, "min", 0.0).tolist() == [1.0, 0.0]
    variance = ((1 - 3) ** 2 + (2 - 3) ** 2 + (6 - 3) ** 2) / 3
    assert combine_members(scores, "mean_minus_variance", 0.5).tolist() == pytest.approx(
        [3 - variance / 2, 0]
    )


def test_one_member_is_its_own_mean_minimum_and_has_no_variance():
    score = torch.tensor([[1.5]])
    assert {combine_members(score, how, 2.0).item() for how in ("mean", "min", "mean_minus_variance")} == {
        1.5
    }


def test_bootstrap_draws_each_prompt_once_on_average_and_leaves_a_third_out():
    counts = np.array(bootstrap_counts(range(4000), members=4, seed=0))
    assert counts.mean(0) == pytest.approx(np.ones(4), abs=0.06)
    assert (counts == 0).mean() == pytest.approx(np.exp(-1), abs=0.02)
    assert np.abs(np.corrcoef(counts.T) - np.eye(4)).max() < 0.06
    assert bootstrap_counts([17], members=4, seed=0) == [counts[17].tolist()]
    assert bootstrap_counts(range(9), members=4, seed=1) != counts[:9].tolist()
