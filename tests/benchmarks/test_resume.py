from __future__ import annotations

import pytest

from benchmarks.resume import measure
from tests.training.tiny import make_model

pytestmark = pytest.mark.training


def test_run_killed_while_it_samples_ends_with_the_same_bits(tmp_path):
    """Two real kills: one at any moment, one in generation."""
    result = measure(num_kills=2, base=make_model(tmp_path))
    assert result["kills"] == 2
    assert result["kills_in_generation"] >= 1
    assert result["same_bits"]
