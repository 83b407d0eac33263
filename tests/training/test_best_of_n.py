from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from rlhf.specs import EvaluateSpec, SampleSpec, Sampling
from rlhf.training.best_of_n import kl_bound, sample_best
from rlhf.training.data import PromptRow
from rlhf.training.evaluation import evaluate
from rlhf.training.sampling import sample
from rlhf.training.scoring import Scorer
from tests.training.tiny import Recorder, reply, user

PROMPTS = [PromptRow(number, user("Where is my parcel? " + "Please. " * number)) for number in range(5)]
SPEC = Sampling(max_new_tokens=10, batch_size=8)


def test_the_reply_the_reward_model_likes_best_is_kept(base_model, reward_model):
    shared = {"model": base_model, "prompts": PROMPTS, "seed": 3}
    reporter = Recorder()
    best = sample_best(
        SPEC, n=4, reward_model_path=reward_model, num_responses=2, reporter=reporter, **shared
    )
    drawn = sample(SPEC, num_responses=8, reporter=Recorder(), **shared)
    scorer = Scorer.load(reward_model, batch_size=8)
    for prompt, own, kept in zip(PROMPTS, drawn, best, strict=True):
        scores = scorer.score(
            [prompt.messages] * 8, [reply(one.text) for one in own], [one.finish == "stop" for one in own]
        )
        for group, one in enumerate(kept):
            part = slice(4 * group, 4 * group + 4)
            assert one.reward == pytest.approx(max(scores[part]), abs=1e-4)
            assert one.mean_reward == pytest.approx(sum(scores[part]) / 4, abs=1e-4)
            assert one.completion in own[part]
    assert "at most 0.64 nats" in reporter.lines[-1]


def test_kl_bound_is_that_of_the_formula():
    assert kl_bound(1) == 0
    assert kl_bound(4) == pytest.approx(math.log(4) - 3 / 4)
    values = [kl_bound(n) for n in (1, 2, 4, 8, 16)]
    assert values == sorted(values)


def test_kl_bound_holds_where_the_kl_is_known():
    """Best of n of a uniform draw from m values without ties: P(rank k) = (k/m)^n - ((k-1)/m)^n."""
    m, n = 50, 8
    shares = [(k / m) ** n - ((k - 1) / m) ** n for k in range(1, m + 1)]
    kl = sum(share * math.log(share * m) for share in shares)
    assert 0.9 * kl_bound(n) < kl <= kl_bound(n)


def test_evaluation_gives_best_of_n_to_the_model_that_asks(base_model, reward_model):
    replies = list(
        evaluate(
            SPEC,
            models={1: base_model, 2: base_model},
            reward_model_path=reward_model,
            prompts=PROMPTS,
            seed=1,
            reporter=Recorder(),
            best_of={1: 6},
        )
    )
    best, plain = ([one.reward for one in replies if one.model == model] for model in (1, 2))
    assert sum(best) > sum(plain)
    # The first of the six is the plain reply, so the choice is never worse.
    assert all(a >= b - 1e-5 for a, b in zip(best, plain, strict=True))


def test_a_choice_needs_someone_who_chooses():
    with pytest.raises(ValidationError, match="needs a reward_model"):
        SampleSpec(model="a", best_of=4)
    with pytest.raises(ValidationError, match="needs a reward_model"):
        EvaluateSpec(model="a", baselines=["b"], best_of=4)
    SampleSpec(model="a", best_of=4, reward_model="r@1")
