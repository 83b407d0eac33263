"""The same prompts answered by several models, and what a reward model thinks of each reply."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from rlhf.specs import Sampling
from rlhf.training.data import PromptRow
from rlhf.training.errors import out_of_memory_explained
from rlhf.training.reporting import Reporter
from rlhf.training.sampling import Completion, sample
from rlhf.training.scoring import Scorer


@dataclass(slots=True)
class Reply:
    prompt_id: int
    model: int
    completion: Completion
    reward: float | None


def evaluate(
    spec: Sampling,
    *,
    model_paths: Mapping[int, str | Path],
    reward_model_path: str | Path | None,
    prompts: Sequence[PromptRow],
    seed: int,
    reporter: Reporter,
) -> Iterator[Reply]:
    """One reply for each prompt and model (keys of `model_paths` name them), prompt by prompt.

    Models answer one after the other, so that one at a time is in memory, and from the same random
    numbers, so that they differ by what they learned rather than by luck.
    """
    total = len(prompts) * len(model_paths)
    replies: dict[int, list[Completion]] = {}
    for position, (model, path) in enumerate(model_paths.items()):
        done = position * len(prompts)
        sampled = sample(
            spec,
            model_path=path,
            prompts=prompts,
            num_responses=1,
            seed=seed,
            reporter=reporter,
            on_progress=lambda count, done=done: reporter.progress(done + count, total),  # type: ignore[misc]
        )
        replies[model] = [completions[0] for completions in sampled]
        _free_memory()
    rewards: dict[int, list[float]] = {}
    if reward_model_path is not None:
        scorer = Scorer.load(reward_model_path, batch_size=spec.batch_size)
        with out_of_memory_explained(f"lower batch_size (now {spec.batch_size})"):
            rewards = {model: _score(scorer, prompts, replies[model]) for model in model_paths}
    for index, prompt in enumerate(prompts):
        for model in model_paths:
            reward = rewards[model][index] if rewards else None
            yield Reply(prompt.id, model, replies[model][index], reward)


def _score(scorer: Scorer, prompts: Sequence[PromptRow], completions: Sequence[Completion]) -> list[float]:
    return scorer.score(
        [prompt.messages for prompt in prompts],
        [[{"role": "assistant", "content": completion.text}] for completion in completions],
        [completion.finish == "stop" for completion in completions],
    )


def _free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
