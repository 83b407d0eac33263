"""The same prompts answered by several models, and what a reward model thinks of each reply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlhf.specs import Sampling
from rlhf.training.best_of_n import sample_best, score
from rlhf.training.data import Completion, PromptRow
from rlhf.training.errors import out_of_memory_explained
from rlhf.training.reporting import Reporter
from rlhf.training.sampling import Model, free_memory, sample
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
    models: Mapping[int, Model],
    reward_model_path: str | Path | None,
    prompts: Sequence[PromptRow],
    seed: int,
    reporter: Reporter,
    best_of: Mapping[int, int] | None = None,
) -> Iterator[Reply]:
    """One reply for each prompt and model (keys of `models` name them), prompt by prompt.
    A model that `best_of` names gives the best of that many, by the reward model.

    Models answer one after the other, so that one at a time is in memory, and those that are loaded here from
    the same random numbers, so that they differ by what they learned rather than by luck.
    """
    total = len(prompts) * len(models)
    replies: dict[int, list[Completion]] = {}
    for position, (name, model) in enumerate(models.items()):
        done = position * len(prompts)
        arguments = {
            "model": model,
            "prompts": prompts,
            "num_responses": 1,
            "seed": seed,
            "reporter": reporter,
            "on_progress": lambda count, done=done: reporter.progress(done + count, total),
        }
        n = (best_of or {}).get(name, 1)
        if n > 1:
            assert reward_model_path is not None
            best = sample_best(spec, n=n, reward_model_path=reward_model_path, **arguments)  # type: ignore[arg-type]
            replies[name] = [own[0].completion for own in best]
        else:
            replies[name] = [own[0] for own in sample(spec, **arguments)]  # type: ignore[arg-type]
        free_memory()
    rewards: dict[int, list[float]] = {}
    if reward_model_path is not None:
        scorer = Scorer.load(reward_model_path, batch_size=spec.batch_size)
        with out_of_memory_explained(f"lower batch_size (now {spec.batch_size})"):
            rewards = {name: score(scorer, list(zip(prompts, replies[name], strict=True))) for name in models}
    for index, prompt in enumerate(prompts):
        for name in models:
            reward = rewards[name][index] if rewards else None
            yield Reply(prompt.id, name, replies[name][index], reward)
