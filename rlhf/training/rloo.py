"""REINFORCE with leave-one-out baselines (Ahmadian et al. 2024), driven by a reward model.

TRL's RLOOTrainer: each prompt gets `num_generations` completions, and a completion's advantage is its
reward less the mean reward of the others. The KL to the policy it starts from is inside the reward.
Generation and update alternate at each optimizer step, so that every checkpoint lies between them:
that is what makes resuming exact. Leaves out: vLLM, several reward models, reuse of rollouts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.specs import RlooTraining
from rlhf.training.data import read_prompts
from rlhf.training.errors import TrainingError
from rlhf.training.modeling import (
    chat_template_digest,
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
    from transformers import PreTrainedTokenizerBase

SHOWN = ("reward", "kl", "completions/mean_length", "completions/clipped_ratio", "entropy")
LAST_STEPS = 10


def train_rloo(
    spec: RlooTraining,
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
    from trl.trainer.rloo_config import RLOOConfig
    from trl.trainer.rloo_trainer import RLOOTrainer

    from rlhf.training.trainer import fit, shared_arguments

    folder = find_model(model_path)
    tokenizer = load_tokenizer(folder)
    reporter.environment({"chat_template_sha256": chat_template_digest(tokenizer)})
    prompts = trainable_prompts(snapshot_dir, tokenizer, spec, reporter)
    scorer = Scorer.load(reward_model_path, batch_size=spec.batch_size)
    dtype, _ = precision(spec.dtype, lora=spec.lora is not None)
    policy = load_policy(folder, tokenizer, dtype=dtype)
    stop_ids = set(stop_token_ids(tokenizer, policy.generation_config.eos_token_id))

    def reward_model(
        prompts: Sequence[Messages],
        completions: Sequence[Messages],
        completion_ids: Sequence[TokenIds],
        **kwargs: Any,
    ) -> list[float | None]:
        """The name of this function becomes part of TRL's metric keys."""
        finished = [ids[-1] in stop_ids for ids in completion_ids]
        scores = scorer.score(prompts, completions, finished)
        return [
            score if done else score - spec.missing_eos_penalty
            for score, done in zip(scores, finished, strict=True)
        ]

    trainer = RLOOTrainer(
        model=policy,
        reward_funcs=reward_model,
        args=RLOOConfig(
            **shared_arguments(spec, output_dir),
            beta=spec.beta,
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
    fit(trainer, spec, reporter=reporter, resume_from=resume_from)
    save_model(trainer.model, tokenizer, output_dir / "model")
    return {"num_prompts": len(prompts), **_last_means(trainer.state.log_history)}


def trainable_prompts(
    snapshot_dir: Path, tokenizer: PreTrainedTokenizerBase, spec: RlooTraining, reporter: Reporter
) -> list[Messages]:
    """Prompts that leave room for a completion, and enough of them for one batch."""
    rows = spec.batch_size * spec.gradient_accumulation_steps
    if rows % spec.num_generations:
        raise TrainingError(
            f"batch_size x gradient_accumulation_steps ({rows}) must be a multiple of "
            f"num_generations ({spec.num_generations}), since completions of a prompt are compared."
        )
    room = spec.max_length - spec.max_completion_length
    if room < 1:
        raise TrainingError(
            f"max_length ({spec.max_length}) leaves no room for a prompt beside "
            f"max_completion_length ({spec.max_completion_length}). Raise it."
        )
    prompts = [row.messages for row in read_prompts(snapshot_dir, splits=["train"])]
    lengths = [len(ids) for ids in encode_prompts(tokenizer, prompts)]
    fitting = [prompt for prompt, length in zip(prompts, lengths, strict=True) if length <= room]
    if len(fitting) < len(prompts):
        reporter.log(f"{len(prompts) - len(fitting)} of {len(prompts)} prompts exceed {room} tokens.")
    wanted = rows // spec.num_generations
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
