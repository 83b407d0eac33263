"""What RLOO and GRPO share: prompts, rewards of sampled completions, and TRL's arguments.

Generation and update alternate at each optimizer step, so that every checkpoint lies between them:
that is what makes resuming exact.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.specs import OnlineTraining
from rlhf.training.data import read_prompts
from rlhf.training.errors import TrainingError
from rlhf.training.modeling import (
    chat_template_digest,
    copy_reference,
    find_model,
    load_policy,
    load_tokenizer,
    lora_config,
    precision,
    save_model,
)
from rlhf.training.reporting import Reporter
from rlhf.training.scoring import Scorer
from rlhf.training.text import Messages, TokenIds, encode_prompts, stop_token_ids

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

# (prompts, completions, whether each completion ended by itself) -> one reward for each.
RewardFunction = Callable[[Sequence[Messages], Sequence[Messages], Sequence[bool]], list[float]]

SHOWN = ("reward", "kl", "completions/mean_length", "completions/clipped_ratio", "entropy")
LAST_STEPS = 10


def train_online(
    spec: OnlineTraining,
    trainer_class: Any,
    config_class: Any,
    settings: dict[str, Any],
    *,
    model_path: str | Path,
    reward_model_path: str | Path,
    snapshot_dir: Path,
    output_dir: Path,
    reporter: Reporter,
    resume_from: Path | None = None,
) -> dict[str, Any]:
    """Writes `output_dir`/model; returns the means of TRL's metrics over the last steps.
    `snapshot_dir` holds prompts or preferences; prompts of its train split are used."""
    from datasets import Dataset

    from rlhf.training.trainer import fit, shared_arguments

    folder = find_model(model_path)
    tokenizer = load_tokenizer(folder)
    reporter.environment({"chat_template_sha256": chat_template_digest(tokenizer)})
    prompts = trainable_prompts(snapshot_dir, tokenizer, spec, reporter)
    scorer = Scorer.load(reward_model_path, batch_size=spec.batch_size)
    dtype, _ = precision(spec.dtype, lora=spec.lora is not None)
    policy = load_policy(folder, tokenizer, dtype=dtype, lora=spec.lora)
    trainer = trainer_class(
        model=policy,
        reward_funcs=reward_callable(
            scorer.score,
            stop_ids=stop_token_ids(tokenizer, policy.generation_config.eos_token_id),
            missing_eos_penalty=spec.missing_eos_penalty,
        ),
        args=config_class(
            **shared_arguments(spec, output_dir),
            **settings,
            num_generations=spec.num_generations,
            steps_per_generation=spec.gradient_accumulation_steps,
            num_iterations=1,
            temperature=spec.temperature,
            top_p=1.0,  # full support: else the measured KL is that of another distribution
            top_k=0,
            max_completion_length=spec.max_completion_length,
        ),
        train_dataset=Dataset.from_list([{"prompt": prompt} for prompt in prompts]),
        processing_class=tokenizer,
        peft_config=lora_config(spec.lora, task="CAUSAL_LM") if spec.lora else None,
    )
    _shuffle_by_epoch(trainer)
    if trainer.ref_model is not None:
        copy_reference(trainer.ref_model, policy, tokenizer)
    fit(trainer, spec, reporter=reporter, resume_from=resume_from)
    save_model(trainer.model, tokenizer, output_dir / "model", save=spec.save, base=model_path)
    return {"num_prompts": len(prompts), **_last_means(trainer.state.log_history)}


def _shuffle_by_epoch(trainer: Any) -> None:
    """TRL's sampler draws the order of an epoch from where it stood after the one before. A run that is
    resumed was not there: here each epoch's order follows from the seed and its number."""
    make_sampler = trainer._get_train_sampler

    def with_epochs(dataset: Dataset | None = None) -> Any:
        sampler = make_sampler(dataset)
        sampler.set_epoch = lambda epoch: sampler.generator.manual_seed(sampler.seed + epoch)
        return sampler

    trainer._get_train_sampler = with_epochs


def reward_callable(
    reward: RewardFunction, *, stop_ids: Collection[int], missing_eos_penalty: float
) -> Callable[..., list[float]]:
    """As TRL calls it. Token ids say whether a completion ended by itself: in the text that TRL hands
    over, the template has closed those that were cut off too."""
    stops = set(stop_ids)

    def reward_model(
        prompts: Sequence[Messages],
        completions: Sequence[Messages],
        completion_ids: Sequence[TokenIds],
        **kwargs: Any,
    ) -> list[float]:
        """The name of this function becomes part of TRL's metric keys."""
        finished = [ids[-1] in stops for ids in completion_ids]
        rewards = reward(prompts, completions, finished)
        return [
            value if done else value - missing_eos_penalty
            for value, done in zip(rewards, finished, strict=True)
        ]

    return reward_model


def trainable_prompts(
    snapshot_dir: Path, tokenizer: PreTrainedTokenizerBase, spec: OnlineTraining, reporter: Reporter
) -> list[Messages]:
    """Prompts that leave room for a completion, and enough of them for one batch."""
    room = spec.max_length - spec.max_completion_length
    prompts = [row.messages for row in read_prompts(snapshot_dir, splits=["train"])]
    lengths = [len(ids) for ids in encode_prompts(tokenizer, prompts)]
    fitting = [prompt for prompt, length in zip(prompts, lengths, strict=True) if length <= room]
    if len(fitting) < len(prompts):
        reporter.log(f"{len(prompts) - len(fitting)} of {len(prompts)} prompts exceed {room} tokens.")
    wanted = spec.batch_size * spec.gradient_accumulation_steps // spec.num_generations
    if len(fitting) < wanted:
        raise TrainingError(
            f"A step needs {wanted} prompts, and {len(fitting)} of the train split fit into {room} tokens. "
            "Lower batch_size, raise max_length, or choose a larger snapshot."
        )
    # Messages with different keys would become structs full of None.
    return [[{"role": m["role"], "content": m["content"]} for m in prompt] for prompt in fitting]


def _last_means(history: Sequence[dict[str, float]]) -> dict[str, float]:
    last = [entry for entry in history if "reward" in entry][-LAST_STEPS:]
    means = {}
    for key in SHOWN:
        values = [entry[key] for entry in last if entry.get(key) is not None]
        if values:
            means[key] = sum(values) / len(values)
    return means
