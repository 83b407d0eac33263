from __future__ import annotations

from benchmarks.resume import measure
from tests.training.tiny import make_model


def test_run_killed_while_it_samples_ends_with_the_same_bits(tmp_path):
    result = measure(num_kills=1, base=make_model(tmp_path), within_seconds=0.3, total_episodes=96)
    assert result["kills"] == result["kills_in_generation"] == 1
    assert result["same_bits"]
