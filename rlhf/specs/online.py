"""Settings of the trainers that sample and learn from rewards."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rlhf.specs.common import Lora, ModelRef, Spec
from rlhf.specs.training import PolicyTraining


class OnlineTraining(PolicyTraining):
    """Trainers that sample completions and learn from their rewards."""

    learning_rate: float = Field(1e-6, gt=0)
    num_generations: int = Field(4, ge=2, description="Completions for one prompt.")
    temperature: float = Field(1.0, gt=0, le=5)
    max_completion_length: int = Field(64, ge=1)
    missing_eos_penalty: float = Field(
        1.0, ge=0, description="Taken off the reward of a completion that was cut off."
    )

    @model_validator(mode="before")
    @classmethod
    def _support_is_full(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and (raw.get("top_p", 1) != 1 or raw.get("top_k", 0)):
            raise ValueError(
                "reinforcement learning samples from the whole distribution, since a KL measured under "
                "top_p or top_k is that of another policy: leave them out"
            )
        return raw

    @model_validator(mode="after")
    def _batch_fits(self) -> Self:
        rows = self.batch_size * self.gradient_accumulation_steps
        if rows % self.num_generations:
            raise ValueError(
                f"batch_size x gradient_accumulation_steps ({rows}) must be a multiple of num_generations "
                f"({self.num_generations}), since completions of a prompt are compared"
            )
        if self.max_length <= self.max_completion_length:
            raise ValueError(
                f"max_length ({self.max_length}) leaves no room for a prompt beside max_completion_length "
                f"({self.max_completion_length})"
            )
        return self


class RlooTraining(OnlineTraining):
    beta: float = Field(0.05, ge=0, description="KL coefficient, inside the reward.")


class GrpoTraining(OnlineTraining):
    beta: float = Field(0.04, ge=0, description="KL coefficient, inside the loss.")
    num_generations: int = Field(8, ge=2, description="Completions for one prompt.")
    loss_type: Literal["dapo", "dr_grpo", "grpo", "bnpo"] = "dapo"
    scale_rewards: Literal["group", "batch", "none"] = Field(
        "group", description="What the advantages are divided by: a standard deviation, or nothing."
    )
    epsilon: float = Field(0.2, gt=0, lt=1, description="How far one update may move a token's probability.")

    @model_validator(mode="after")
    def _stays_near_its_reference(self) -> Self:
        if self.beta == 0:
            raise ValueError(
                "beta must be above 0: without the KL a policy learns whatever fools the reward model"
            )
        return self


class ModelReward(Spec):
    """The score of a further reward model."""

    source: Literal["model"] = "model"
    model: ModelRef
    weight: float = 1.0


class VerifierReward(Spec):
    """What a rule says of the completion's text: 1 where it holds, 0 where it does not."""

    source: Literal["verifier"] = "verifier"
    verifier: Literal["valid_json", "json_schema", "regex", "max_words"]
    argument: str | int | dict[str, Any] | None = Field(
        None, description="The schema, the pattern, or the number of words."
    )
    weight: float = 1.0

    @model_validator(mode="after")
    def _argument_fits(self) -> Self:
        wanted, words = ARGUMENTS.get(self.verifier, (object, ""))
        if not isinstance(self.argument, wanted) or (wanted is int and isinstance(self.argument, bool)):
            raise ValueError(f"the verifier {self.verifier} needs {words} as its argument")
        if wanted is int and self.argument < 0:  # type: ignore[operator]
            raise ValueError(f"the argument of the verifier {self.verifier} must not be below 0")
        if self.verifier == "regex":
            try:
                re.compile(str(self.argument))
            except re.error as error:
                raise ValueError(f"the verifier regex cannot read its pattern: {error}") from error
        return self


ARGUMENTS: dict[str, tuple[type, str]] = {
    "json_schema": (dict, "a JSON Schema, an object,"),
    "regex": (str, "a pattern"),
    "max_words": (int, "a number of words"),
}


class RemoteReward(Spec):
    """Scores of a service: it is sent {"prompts": [...], "completions": [...], "finished": [...]} and
    answers {"scores": [...]}."""

    source: Literal["remote"] = "remote"
    url: str = Field(pattern=r"^https?://")
    weight: float = 1.0
    timeout_seconds: float = Field(30.0, gt=0)
    retries: int = Field(3, ge=0, le=20)
    batch_size: int = Field(64, ge=1, description="Completions in one request.")


RewardSource = Annotated[ModelReward | VerifierReward | RemoteReward, Field(discriminator="source")]


class PpoTraining(Spec):
    """A step is an optimizer step: each rollout is learned from in `num_ppo_epochs` x `num_mini_batches`
    of them. The result does not depend on `batch_size` or the number of processes, but for rounding."""

    learning_rate: float = Field(3e-6, gt=0)
    critic_learning_rate: float | None = Field(None, gt=0, description="Empty: as the policy's.")
    lr_scheduler: Literal["linear", "cosine", "constant"] = "linear"
    warmup_ratio: float = Field(0.0, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0, description="Of policy and critic, each by itself.")

    num_epochs: float = Field(1.0, gt=0, description="Times each prompt is answered.")
    total_episodes: int | None = Field(
        None, ge=1, description="Completions in all; empty follows `num_epochs`."
    )
    rollout_batch_size: int = Field(64, ge=1, description="Completions of a rollout, over all processes.")
    batch_size: int = Field(16, ge=1, description="Rows in one forward pass of one process.")
    max_length: int = Field(512, ge=8, description="Tokens of prompt and completion together.")
    max_completion_length: int = Field(64, ge=1)
    temperature: float = Field(0.7, gt=0, le=5)
    top_p: float = Field(1.0, gt=0, le=1, description="Must stay 1: the KL is measured on full support.")
    engine: Literal["transformers", "generate", "continuous_batching", "vllm"] = Field(
        "transformers",
        description="What samples: our loop over a transformers model, its `generate`, "
        "its continuous batching, or vLLM (not verified).",
    )
    generation_batch_size: int | None = Field(None, ge=1, description="Empty: the whole share of a process.")
    importance_cap: float = Field(2.0, ge=1, description="Largest weight of a token the sampler undervalued.")

    num_ppo_epochs: int = Field(4, ge=1)
    num_mini_batches: int = Field(1, ge=1)
    cliprange: float = Field(0.2, gt=0)
    cliprange_value: float = Field(0.2, gt=0)
    vf_coef: float = Field(0.1, gt=0)
    gamma: float = Field(1.0, gt=0, le=1)
    lam: float = Field(0.95, ge=0, le=1)
    whiten_advantages: bool = True
    target_kl: float | None = Field(
        None, gt=0, description="A rollout is left once a minibatch's policy is 1.5 times this far from it."
    )

    critic: Literal["separate", "adapter"] = Field(
        "separate",
        description="A model of its own that starts as the reward model, or a second LoRA adapter.",
    )
    critic_warmup_rollouts: int = Field(0, ge=0, description="Rollouts from which only the critic learns.")

    kl_coef: float = Field(0.05, ge=0, description="Weight of the KL inside the reward; 0 leaves it out.")
    kl_estimator: Literal["k1", "k3"] = "k1"
    kl_target: float | None = Field(None, gt=0, description="KL of a completion to steer `kl_coef` towards.")
    kl_horizon: int = Field(10_000, ge=1, description="Episodes over which `kl_coef` adapts.")

    rewards: list[RewardSource] = Field([], description="Sources whose weighted scores are added.")
    score_normalization: Literal["none", "center", "running"] = Field(
        "none",
        description="Take off the mean score of the first rollout, or standardise by all scores so far.",
    )
    score_clip: float | None = Field(None, gt=0, description="Largest score, either way, after normalising.")
    missing_eos_penalty: float = Field(1.0, ge=0, description="Taken off the score of a cut-off completion.")
    length_penalty: float = Field(0.0, ge=0, description="Taken off the score for each token.")
    whiten_rewards: bool = False

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    gradient_checkpointing: bool = False
    lora: Lora | None = Field(None, description="Adapters; empty trains every weight.")
    num_processes: int = Field(
        1,
        ge=1,
        le=8,
        description="Processes that share the work, each on a GPU of its own where there are some.",
    )
    checkpoint_every: int = Field(20, ge=1, description="Optimizer steps between checkpoints.")
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _settings_go_together(self) -> Self:
        if self.top_p < 1:
            raise ValueError("top_p must be 1: else the KL is not that of the distributions sampled from.")
        if self.rollout_batch_size % self.num_mini_batches:
            raise ValueError(
                f"rollout_batch_size ({self.rollout_batch_size}) must be a multiple of num_mini_batches "
                f"({self.num_mini_batches})."
            )
        if self.critic == "adapter" and self.lora is None:
            raise ValueError("critic: adapter needs lora; set it, or choose critic: separate.")
        if self.lora and self.lora.load_in_4bit:
            raise ValueError("PPO does not train in 4 bits: leave load_in_4bit out, or use RLOO or GRPO.")
        if self.kl_target is not None and self.kl_coef == 0:
            raise ValueError("kl_target steers kl_coef by factors, so that 0 stays 0: raise kl_coef.")
        if self.max_completion_length >= self.max_length:
            raise ValueError(
                f"max_length ({self.max_length}) leaves no room for a prompt beside max_completion_length "
                f"({self.max_completion_length}). Raise it."
            )
        return self
