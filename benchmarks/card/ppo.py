"""PPO: four models of one size (policy, reference, reward model, critic), as TRL's trainer has them too."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.card.ground import Clock, Size, forward, peak_gib, sentence, shape

EPOCHS = 4


@dataclass(frozen=True, slots=True)
class Speed:
    tokens_per_second: list[float]
    generation_share: float | None
    peak_gib: float | None


def settings(size: Size) -> dict[str, Any]:
    return {
        "rollout_batch_size": size.rollout,
        "batch_size": size.rows,
        "num_ppo_epochs": EPOCHS,
        "num_mini_batches": 1,
        "total_episodes": size.rollout * size.rollouts,
        "max_completion_length": size.completion,
        "max_length": size.length,
        "temperature": 1.0,
        "learning_rate": 1e-6,
        "missing_eos_penalty": 0.0,
        "dtype": "bfloat16",
    }


def prompts(size: Size) -> list[str]:
    """All of one length; the template takes four tokens."""
    rng = random.Random(0)
    return [sentence(size, size.prompt - 4, rng) for _ in range(2 * size.rollout)]


def work(size: Size, model: Path) -> float:
    """Floating-point operations of a rollout, every pass a whole one, as MFU counts them."""
    return rollout_work(
        model, rows=size.rollout, length=size.length, completion=size.completion, epochs=EPOCHS
    )


def rollout_work(
    model: Path, *, rows: int, length: float, completion: float, epochs: int, least: bool = False
) -> float:
    """For four models of one size, `rows` of `length` tokens of which `completion` are sampled. `least`
    leaves out what nobody reads of a last layer, and the policy's second reading of what it sampled."""
    read = completion if least else None
    with_head = forward(shape(model), rows=rows, length=length, predicted=completion, read=read)
    without = forward(shape(model), rows=rows, length=length, predicted=0, read=read)
    generation = with_head
    scoring = forward(shape(model), rows=rows, length=length, predicted=0, read=1 if least else None)
    look = (1 if least else 2) * with_head + without
    return generation + scoring + look + epochs * 3 * (with_head + without)


def train(size: Size, model: Path, reward_model: Path, folder: Path) -> Speed:
    """By the parts of `train_ppo`, so that no snapshot need be written or model saved."""
    from rlhf.specs import PpoTraining
    from rlhf.training.data import PromptRow
    from rlhf.training.modeling import load_tokenizer
    from rlhf.training.ppo import Ppo
    from rlhf.training.ppo_models import Models
    from rlhf.training.processes import Processes
    from rlhf.training.rewards import Rewards
    from rlhf.training.text import encode_prompts

    spec, tokenizer, clock = PpoTraining(**settings(size)), load_tokenizer(model), Clock()
    rows = [
        PromptRow(number, [{"role": "user", "content": text}]) for number, text in enumerate(prompts(size))
    ]
    encoded = encode_prompts(tokenizer, [row.messages for row in rows])
    assert all(len(ids) == size.prompt for ids in encoded)
    models = Models.load(spec, folder=model, tokenizer=tokenizer, reward_folder=reward_model)
    rewards = Rewards.load(spec, reward_model)
    peak_gib()
    run = Ppo(
        spec, models, rewards, list(zip(rows, encoded, strict=True)), Processes(), clock, folder / "ppo"
    )
    run.train()
    later = clock.values[1:]
    # Of random words some one is EOS now and then.
    tokens = [size.rollout * one["completions/mean_length"] for one in later]
    rates = [count / seconds for count, seconds in zip(tokens, clock.seconds, strict=True)]
    return Speed(rates, median(one["time/generation_share"] for one in later), peak_gib())
