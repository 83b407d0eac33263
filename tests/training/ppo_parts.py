"""What the tests of PPO share: quick settings, a run by its parts, and brute-force formulas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from rlhf.specs import PpoTraining, VerifierReward
from rlhf.training.errors import Cancelled
from rlhf.training.modeling import load_tokenizer
from rlhf.training.ppo import Ppo
from rlhf.training.ppo_models import Batch, Models, Row
from rlhf.training.processes import Processes
from rlhf.training.reporting import ConsoleReporter
from rlhf.training.rewards import Rewards
from rlhf.training.rollout import prompts_with_room

SHORT = VerifierReward(verifier="max_words", argument=3)


def ppo_spec(**changes: Any) -> PpoTraining:
    settings = {
        "rollout_batch_size": 16,
        "batch_size": 8,
        "max_completion_length": 12,
        "max_length": 128,
        "total_episodes": 32,
        "learning_rate": 1e-3,
        "temperature": 1.0,
        "rewards": [SHORT],
        "missing_eos_penalty": 0.0,
        **changes,
    }
    return PpoTraining(**settings)


class Recorder(ConsoleReporter):
    def __init__(self, stop_after=None):
        self.values: dict[int, dict[str, float]] = {}
        self.checkpoints: dict[int, Any] = {}
        self.lines: list[str] = []
        self.stop_after = stop_after

    def metrics(self, step, values):
        self.values.setdefault(step, {}).update(values)

    def checkpoint(self, step, folder):
        self.checkpoints[step] = folder

    def log(self, line):
        self.lines.append(line)

    def raise_if_cancelled(self):
        if self.stop_after is not None and self.stop_after in self.checkpoints:
            raise Cancelled


def make_run(spec, base_model, snapshot, output_dir, *, reward_folder=None, rewards=None, reporter=None):
    """A `Ppo` that has not begun."""
    tokenizer = load_tokenizer(base_model)
    models = Models.load(spec, folder=base_model, tokenizer=tokenizer, reward_folder=reward_folder)
    reporter = reporter or Recorder()
    prompts = prompts_with_room(snapshot, tokenizer, spec, models.max_positions, reporter)
    rewards = rewards or Rewards.load(spec, reward_folder)
    return Ppo(spec, models, rewards, prompts, Processes(), reporter, output_dir)


def brute_force_gae(rewards, values, lengths, gamma, lam):
    """O(T^2), straight from the definition."""
    advantages = torch.zeros_like(rewards)
    for row, length in enumerate(lengths):
        for t in range(length):
            for later in range(t, length):
                following = values[row, later + 1] if later + 1 < length else 0.0
                delta = rewards[row, later] + gamma * following - values[row, later]
                advantages[row, t] += (gamma * lam) ** (later - t) * delta
    return advantages


def mask_of(lengths, longest=None):
    lengths = torch.tensor(lengths)
    return torch.arange(longest or int(lengths.max())) < lengths[:, None]


class Constant:
    """A source of scores that a function of the text gives."""

    name = "made_up"

    def __init__(self, function):
        self.function = function

    def score(self, prompts, completions, finished):
        return [float(self.function(text)) for text in completions]


def batch_of(run: Ppo, rows: Sequence[Row]) -> Batch:
    """All of them, in their order."""
    return Batch(rows, pad_token_id=run.tokenizer.pad_token_id)
