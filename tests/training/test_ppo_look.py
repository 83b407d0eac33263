"""A sampler is believed where the policy finds what it said, and read again where not."""

from __future__ import annotations

import pytest
import torch

from rlhf.training.ppo_look import SAME
from tests.training.ppo_parts import make_run, ppo_spec


@pytest.fixture
def run(base_model, snapshot, tmp_path):
    return make_run(ppo_spec(batch_size=1), base_model, snapshot, tmp_path)


@pytest.fixture
def counted(run):
    """Batches that the policy reads."""
    found, reads = [], run.models.logprobs

    def logprobs(batch):
        found.append(batch)
        return reads(batch)

    run.models.logprobs = logprobs
    return found


def test_a_sampler_that_agrees_is_believed(run, counted):
    rollout, _ = run.collect()
    [batch] = counted
    assert len(batch.tokens_N) < rollout.mask.sum()
    believed = [one[real].tolist() for one, real in zip(rollout.sampler, rollout.mask, strict=True)]
    read = run._look(rollout.rows, [None] * len(rollout.rows), list)[0].logprobs
    torch.testing.assert_close(read, rollout.logprobs, atol=SAME, rtol=0)
    # The longest rows have been read.
    longest = max(range(len(believed)), key=lambda index: rollout.rows[index].length)
    assert torch.equal(rollout.logprobs[longest], read[longest])


@pytest.mark.parametrize("difference", [-3 * SAME, 0.01, float("nan")])
def test_a_sampler_that_does_not_is_not(run, counted, difference):
    rollout, _ = run.collect()
    believed = [
        (one[real] + difference).tolist() for one, real in zip(rollout.sampler, rollout.mask, strict=True)
    ]
    counted.clear()
    found = run._look(rollout.rows, believed, list)[0].logprobs
    assert sum(len(batch.tokens_N) for batch in counted) == rollout.mask.sum()
    torch.testing.assert_close(found, rollout.logprobs, atol=SAME, rtol=0)


def test_a_sampler_that_says_nothing_of_some_rows_is_not_believed(run, counted):
    rollout, _ = run.collect()
    believed = [one[real].tolist() for one, real in zip(rollout.sampler, rollout.mask, strict=True)]
    believed[3] = None
    counted.clear()
    run._look(rollout.rows, believed, list)
    assert sum(len(batch.tokens_N) for batch in counted) == rollout.mask.sum()
