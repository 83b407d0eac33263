"""Best of n: a policy that needs no training. It samples n replies to a prompt and gives the one that
the reward model scores highest.

What it gains from the reward model is bounded by how far it leaves its base policy:
KL <= log n - (n - 1) / n nats (Stiennon et al. 2020, appendix G; an upper bound, Beirami et al. 2024).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from rlhf.specs import Sampling
from rlhf.training.data import Completion, PromptRow
from rlhf.training.errors import out_of_memory_explained
from rlhf.training.reporting import Reporter
from rlhf.training.sampling import Model, free_memory, sample
from rlhf.training.scoring import Scorer


class Best(NamedTuple):
    completion: Completion
    reward: float
    mean_reward: float  # of the n it was chosen from


def kl_bound(n: int) -> float:
    """Nats.

    >>> kl_bound(1)
    0.0
    """
    return math.log(n) - (n - 1) / n


def sample_best(
    spec: Sampling,
    *,
    n: int,
    model: Model,
    reward_model_path: str | Path,
    prompts: Sequence[PromptRow],
    num_responses: int,
    seed: int,
    reporter: Reporter,
    on_progress: Callable[[int], None] | None = None,
) -> list[list[Best]]:
    """`num_responses` replies for each prompt, in the order of `prompts`, each the best of n own ones."""
    one_batch = spec.model_copy(update={"batch_size": max(1, spec.batch_size // n)})
    sampled = sample(
        one_batch,
        model=model,
        prompts=prompts,
        num_responses=n * num_responses,
        seed=seed,
        reporter=reporter,
        on_progress=on_progress,
    )
    free_memory()
    scorer = Scorer.load(reward_model_path, batch_size=spec.batch_size)
    with out_of_memory_explained(f"lower batch_size (now {spec.batch_size})"):
        rewards = iter(
            score(scorer, [(p, one) for p, own in zip(prompts, sampled, strict=True) for one in own])
        )
    best = [
        [_best([(one, next(rewards)) for one in own[start : start + n]]) for start in range(0, len(own), n)]
        for own in sampled
    ]
    reporter.log(
        f"Best of {n}: at most {kl_bound(n):.2f} nats from the policy it samples, mean reward "
        f"{fmean([one.mean_reward for own in best for one in own]):.3f} before and "
        f"{fmean([one.reward for own in best for one in own]):.3f} after the choice."
    )
    return best


def score(scorer: Scorer, replies: Sequence[tuple[PromptRow, Completion]]) -> list[float]:
    return scorer.score(
        [prompt.messages for prompt, _ in replies],
        [[{"role": "assistant", "content": completion.text}] for _, completion in replies],
        [completion.finish == "stop" for _, completion in replies],
    )


def _best(scored: Sequence[tuple[Completion, float]]) -> Best:
    completion, reward = max(scored, key=lambda pair: pair[1])
    return Best(completion, reward, fmean([value for _, value in scored]))
