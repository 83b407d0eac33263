from __future__ import annotations

from benchmarks.resume import measure
from tests.training.tiny import make_model


def test_run_killed_while_it_samples_ends_with_the_same_bits(tmp_path):
    """Two real kills: one in generation, one at any moment."""
    result = measure(num_kills=2, base=make_model(tmp_path), within_seconds=0.3, total_episodes=160)
    assert result["kills"] == 2
    assert result["kills_in_generation"] >= 1
    assert result["same_bits"]
