"""What a rollout is made of: rows are looked at as they end, and a sampler is believed where the policy finds
what it said."""

from __future__ import annotations

import threading

import pytest
import torch

from rlhf.training.engines import Engine, Sampled
from rlhf.training.ppo_look import SAME
from tests.training.ppo_parts import batch_of, make_run, ppo_spec


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


class Told(Engine):
    """Says what it is told to, in these groups."""

    def __init__(self, groups: list[dict[int, Sampled]]) -> None:
        self.groups = groups

    def generate(self, prompts, seeds):
        completions = {row: one for group in self.groups for row, one in group.items()}
        return [completions[row] for row in range(len(prompts))]

    def as_they_end(self, prompts, seeds):
        yield from self.groups


@pytest.fixture
def sampled(run):
    """(what was drawn, what the run's own engine sampled)."""
    drawn = run._draw_prompts()
    return drawn, run.engine.generate([one.ids for one in drawn], [one.seed for one in drawn])


def with_logprobs(sampled, change):
    return {row: one._replace(logprobs=change(row, one.logprobs)) for row, one in enumerate(sampled)}


def test_a_sampler_that_agrees_is_believed(run, counted):
    rollout, _ = run.collect()
    [batch] = counted
    assert len(batch.tokens_N) < rollout.mask.sum()
    read = run.models.logprobs(batch_of(run, rollout.rows))[0]
    torch.testing.assert_close(read, rollout.logprobs[rollout.mask], atol=SAME, rtol=0)
    # The longest rows have been read.
    longest = max(range(len(rollout.rows)), key=lambda index: rollout.rows[index].length)
    assert batch.longest == rollout.rows[longest].length - 1
    again = run.models.logprobs(batch)[0][: batch.lengths[0]]
    assert torch.equal(rollout.logprobs[longest][rollout.mask[longest]], again)


@pytest.mark.parametrize("difference", [-3 * SAME, 0.01, float("nan")])
def test_a_sampler_that_does_not_is_not(run, counted, sampled, difference):
    drawn, own = sampled
    told = Told([with_logprobs(own, lambda _, values: [value + difference for value in values])])
    seen, _ = run.look(told, drawn)
    assert sum(len(batch.tokens_N) for batch in counted) == sum(len(one.ids) for one in own)
    for one, mine in zip(seen, own, strict=True):
        assert one.logprobs == pytest.approx(mine.logprobs, abs=SAME)


def test_a_sampler_that_says_nothing_of_some_rows_is_not_believed(run, counted, sampled):
    drawn, own = sampled
    run.look(Told([with_logprobs(own, lambda row, values: None if row == 3 else values)]), drawn)
    assert sum(len(batch.tokens_N) for batch in counted) == sum(len(one.ids) for one in own)


def test_what_is_seen_does_not_depend_on_which_rows_ended_together(run, sampled):
    drawn, own = sampled
    whole, _ = run.look(Told([dict(enumerate(own))]), drawn)
    rows = list(range(len(own)))
    parts, _ = run.look(
        Told([{row: own[row] for row in rows[3::-1]}, {row: own[row] for row in rows[4:]}]), drawn
    )
    assert [one.sampled for one in parts] == own
    for one, other in zip(whole, parts, strict=True):
        assert one.scores == other.scores
        for name in ("logprobs", "reference", "values"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-5)
            assert len(getattr(one, name)) == len(one.sampled.ids)


@pytest.mark.usefixtures("two_threads")
def test_rows_that_have_ended_are_scored_while_others_are_sampled(run, sampled):
    """Two threads: the first group's scores are there before the second group ends."""
    drawn, own = sampled
    scored = threading.Event()
    score = run.rewards.score

    def watched(prompts, completions, finished):
        scores = score(prompts, completions, finished)
        scored.set()
        return scores

    class Waits(Told):
        def as_they_end(self, prompts, seeds):
            first, second = self.groups
            yield first
            assert scored.wait(30)
            yield second

    run.rewards.score = watched
    half = len(own) // 2
    groups = [dict(list(enumerate(own))[:half]), dict(list(enumerate(own))[half:])]
    seen, _ = run.look(Waits(groups), drawn)
    assert [one.sampled for one in seen] == own


@pytest.mark.usefixtures("two_threads")
def test_sources_score_one_group_at_a_time(run, sampled):
    """They may be anyone's, and not made for two threads."""
    drawn, own = sampled
    at_work = threading.Lock()

    def score(prompts, completions, finished):
        assert at_work.acquire(blocking=False)
        threading.Event().wait(0.02)
        at_work.release()
        return [{"mine": 1.0} for _ in prompts]

    run.rewards.score = score
    seen, _ = run.look(Told([{row: one} for row, one in enumerate(own)]), drawn)
    assert all(one.scores == {"mine": 1.0} for one in seen)


def test_a_source_that_fails_ends_the_rollout(run, sampled):
    drawn, own = sampled

    def score(prompts, completions, finished):
        raise ValueError("no scores today")

    run.rewards.score = score
    with pytest.raises(ValueError, match="no scores today"):
        run.look(Told([{row: one} for row, one in enumerate(own)]), drawn)
