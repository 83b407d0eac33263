from __future__ import annotations

import pytest
from pydantic import ValidationError

from rlhf.specs import GrpoTraining, OnlineTraining, RlooTraining
from rlhf.training.online import reward_callable
from tests.training.tiny import reply, user


def test_grpo_raises_the_reward(train, reward_model):
    """The reward model is random but fixed: that its view is followed is all that counts here."""
    from rlhf.training.grpo import train_grpo

    spec = GrpoTraining(
        learning_rate=3e-2,
        batch_size=32,
        max_steps=12,
        max_completion_length=8,
        missing_eos_penalty=0,
        beta=0.01,
    )
    summary, reporter = train(train_grpo, spec, reward_model_path=reward_model)
    rewards = [values["reward"] for _, values in sorted(reporter.values.items()) if "reward" in values]
    assert sum(rewards[-3:]) / 3 > sum(rewards[:3]) / 3 + 0.3
    assert reporter.values[1]["kl"] == pytest.approx(0, abs=1e-4)
    assert reporter.values[12]["kl"] > 0
    assert "rewards/reward_model/mean" in reporter.values[1]
    assert {"reward", "kl", "num_prompts"} <= summary.keys()


def test_a_cut_completion_is_scored_as_cut_and_fined():
    asked = []

    def reward(prompts, completions, finished):
        asked.extend(finished)
        return [0.5] * len(prompts)

    called = reward_callable(reward, stop_ids=[2, 9], missing_eos_penalty=2.0)
    rewards = called(
        prompts=[user("a")] * 3, completions=[reply("b")] * 3, completion_ids=[[5, 2], [5, 5], [9]], other=1
    )
    assert asked == [True, False, True]
    assert rewards == [0.5, -1.5, 0.5]
    assert called.__name__ == "reward_model"  # TRL names its metrics by it


@pytest.mark.parametrize(
    ("spec", "fields", "message"),
    [
        (GrpoTraining, {"beta": 0}, "beta must be above 0"),
        (RlooTraining, {"top_p": 0.9}, "samples from the whole distribution"),
        (GrpoTraining, {"top_k": 50}, "samples from the whole distribution"),
        (RlooTraining, {"batch_size": 6}, r"\(6\) must be a multiple of num_generations \(4\)"),
        (RlooTraining, {"max_length": 64}, r"max_length \(64\) leaves no room"),
    ],
)
def test_settings_that_cannot_work_are_refused(spec: type[OnlineTraining], fields, message):
    with pytest.raises(ValidationError, match=message):
        spec(**fields)
