"""What a researcher asks for: one pydantic model for each kind of run, and one for a round.

The web side validates with these before anything is queued, the worker reads them again, and
their JSON Schema draws the launch forms. No Django and no torch here.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

ModelRef = Annotated[
    str,
    Field(
        min_length=1,
        max_length=300,
        description="A registry version as `name@number`, a hub name, or a folder this server can read.",
    ),
]
SnapshotRef = Annotated[int, Field(ge=1, description="Id of a frozen snapshot of this project.")]
SplitName = Literal["train", "validation", "test"]


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Lora(Spec):
    """Train low-rank adapters instead of every weight (merged into the artifact at the end)."""

    r: int = Field(16, ge=1, le=512)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    target_modules: str | list[str] = "all-linear"


class Sampling(Spec):
    temperature: float = Field(1.0, gt=0, le=5)
    top_p: float = Field(1.0, gt=0, le=1)
    max_new_tokens: int = Field(64, ge=1, le=32_768)
    batch_size: int = Field(32, ge=1, description="Prompts generated together.")


class Training(Spec):
    """What every trainer shares."""

    learning_rate: float = Field(1e-5, gt=0)
    num_epochs: float = Field(1.0, gt=0)
    max_steps: int = Field(-1, ge=-1, description="Optimizer steps; -1 follows `num_epochs`.")
    batch_size: int = Field(16, ge=1, description="Rows in one forward pass.")
    gradient_accumulation_steps: int = Field(1, ge=1)
    max_length: int = Field(512, ge=8, description="Tokens of prompt and completion together.")
    warmup_ratio: float = Field(0.0, ge=0, lt=1)
    lr_scheduler: Literal["linear", "cosine", "constant", "constant_with_warmup"] = "linear"
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    gradient_checkpointing: bool = False
    lora: Lora | None = Field(None, description="Adapters; empty trains every weight.")
    log_every: int = Field(1, ge=1, description="Optimizer steps between metric points.")
    checkpoint_every: int = Field(20, ge=1, description="Optimizer steps between checkpoints.")
    seed: int = Field(0, ge=0)


class SftTraining(Training):
    learning_rate: float = Field(2e-5, gt=0)


class RewardTraining(Training):
    learning_rate: float = Field(1e-5, gt=0)
    loss: Literal["bradley_terry", "plackett_luce"] = Field(
        "bradley_terry", description="All pairs of a ranking, or the ranking as a whole."
    )
    ties: Literal["drop", "rao_kupper"] = Field(
        "drop", description="Whether pairs learn from ties, with a threshold that is learned too."
    )
    strength: Literal["ignore", "margin", "scale"] = Field(
        "ignore", description="How much better: a margin to reach, or a factor of the loss."
    )
    reliability: Literal["ignore", "weight", "smoothing", "marginal"] = Field(
        "marginal", description="What a snapshot's doubts about a judgment do to its loss."
    )
    batch_by: Literal["judgment", "prompt"] = Field(
        "judgment",
        description="What batch_size counts. By prompt, a response passes once for all judgments of it.",
    )
    members: int = Field(1, ge=1, le=32, description="Heads of an ensemble on one backbone.")
    combine: Literal["mean", "min", "mean_minus_variance"] = Field(
        "mean", description="One score out of the members'."
    )
    variance_penalty: float = Field(1.0, ge=0, description="Weight of the variance in mean_minus_variance.")
    center_on: Literal["responses", "chosen", "nothing"] = Field(
        "responses", description="The train responses whose mean score is zero in the end."
    )
    center_rewards_coefficient: float | None = Field(
        None, gt=0, description="Pulls the mean reward of a judgment to zero in training."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        is_listwise = self.loss == "plackett_luce"
        wrong = {
            "plackett_luce reads ties itself: leave ties at drop": is_listwise and self.ties != "drop",
            "plackett_luce reads no strength: set strength to ignore, or loss to bradley_terry": is_listwise
            and self.strength != "ignore",
            "plackett_luce has no smoothing: set reliability to marginal, weight or ignore": is_listwise
            and self.reliability == "smoothing",
            "with a margin the chances of a tie do not add up: set strength to scale, or ties to drop": (
                self.strength == "margin" and self.ties == "rao_kupper"
            ),
            f"combine {self.combine} needs an ensemble: set members to 2 or more": self.members == 1
            and self.combine != "mean",
        }
        for sentence, applies in wrong.items():
            if applies:
                raise PydanticCustomError("combination", sentence)
        return self


class DpoTraining(Training):
    learning_rate: float = Field(1e-6, gt=0)
    beta: float = Field(0.1, gt=0, description="Weight of staying near the reference model.")
    loss_type: Literal["sigmoid", "ipo", "hinge", "robust"] = "sigmoid"


class RlooTraining(Training):
    learning_rate: float = Field(1e-6, gt=0)
    beta: float = Field(0.05, ge=0, description="KL coefficient, inside the reward.")
    num_generations: int = Field(4, ge=2, description="Completions for one prompt.")
    temperature: float = Field(1.0, gt=0, le=5)
    max_completion_length: int = Field(64, ge=1)
    missing_eos_penalty: float = Field(
        1.0, ge=0, description="Taken off the reward of a completion that was cut off."
    )


class SftSpec(SftTraining):
    """Supervised fine-tuning on demonstrations, or on the chosen side of preferences."""

    kind: Literal["sft"] = "sft"
    model: ModelRef
    snapshot: SnapshotRef
    name: str = Field("policy", pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)


class RewardSpec(RewardTraining):
    """A reward model from a preferences or rankings snapshot, trained by TRL's RewardTrainer, extended."""

    kind: Literal["reward"] = "reward"
    model: ModelRef
    snapshot: SnapshotRef
    name: str = Field("reward", pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)


class DpoSpec(DpoTraining):
    """Direct preference optimization on a preferences snapshot."""

    kind: Literal["dpo"] = "dpo"
    model: ModelRef
    snapshot: SnapshotRef
    name: str = Field("policy", pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)


class RlooSpec(RlooTraining):
    """Reinforcement learning with leave-one-out baselines, driven by a reward model."""

    kind: Literal["rloo"] = "rloo"
    model: ModelRef
    reward_model: ModelRef
    snapshot: SnapshotRef = Field(description="Prompts or preferences; their train prompts are used.")
    name: str = Field("policy", pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)


class SampleSpec(Sampling):
    """Let a model answer prompts and put the answers into the ranking queue."""

    kind: Literal["sample"] = "sample"
    model: ModelRef
    num_prompts: int = Field(200, ge=1, le=1_000_000)
    splits: list[SplitName] = Field(["train", "validation"], min_length=1)
    responses_per_prompt: int = Field(2, ge=2, le=9, description="Responses ranked together.")
    overlap: int = Field(1, ge=1, le=50, description="Judgments wanted for each task.")
    priority: int = Field(0, ge=-100, le=100)
    seed: int = Field(0, ge=0)


class EvaluateSpec(Sampling):
    """Compare a model with others on prompts never trained on: blind tasks for people, and the
    reward model's view beside them."""

    kind: Literal["evaluate"] = "evaluate"
    model: ModelRef
    baselines: list[ModelRef] = Field(min_length=1, max_length=8)
    reward_model: ModelRef | None = None
    num_prompts: int = Field(200, ge=1, le=1_000_000)
    human_tasks: int = Field(100, ge=0, description="Blind tasks for people, shared over the baselines.")
    overlap: int = Field(1, ge=1, le=50)
    priority: int = Field(10, ge=-100, le=100)
    seed: int = Field(0, ge=0)


RunSpec = Annotated[
    SftSpec | RewardSpec | DpoSpec | RlooSpec | SampleSpec | EvaluateSpec, Field(discriminator="kind")
]

SPECS: dict[str, type[Spec]] = {
    "sft": SftSpec,
    "reward": RewardSpec,
    "dpo": DpoSpec,
    "rloo": RlooSpec,
    "sample": SampleSpec,
    "evaluate": EvaluateSpec,
}


class RoundSampling(Sampling):
    responses_per_prompt: int = Field(2, ge=2, le=9)
    overlap: int = Field(1, ge=1, le=50)


class RoundEvaluation(Sampling):
    num_prompts: int = Field(200, ge=1)
    human_judgments: int = Field(
        100, ge=0, description="Blind judgments to wait for; 0 trusts the reward model's view."
    )


class RoundSpec(Spec):
    """One turn of the loop. A field may be changed until the step that reads it has started."""

    policy: ModelRef = Field(description="The model to improve; it also answers the sampled prompts.")
    base: ModelRef | None = Field(None, description="What win rates are against; empty: the first policy.")
    judgments: int = Field(400, ge=1, description="New judgments to wait for before training.")
    method: Literal["dpo", "rloo"] = "dpo"
    sample: RoundSampling = RoundSampling()
    reward: RewardTraining = RewardTraining()
    dpo: DpoTraining = DpoTraining()
    rloo: RlooTraining = RlooTraining()
    evaluate: RoundEvaluation = RoundEvaluation()
    promote: Literal["when_better", "always", "never"] = "when_better"
    continue_with_next: bool = Field(
        True, description="Queue the new policy's samples as the next round, which then waits for labels."
    )
    seed: int = Field(0, ge=0)
