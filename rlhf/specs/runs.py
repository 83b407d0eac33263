"""What each kind of run is asked for."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rlhf.specs.common import ModelName, ModelRef, Sampling, Served, SnapshotRef, Spec, SplitName
from rlhf.specs.online import GrpoTraining, PpoTraining, RlooTraining
from rlhf.specs.training import DpoTraining, KtoTraining, RewardTraining, SftTraining


class SftSpec(SftTraining):
    """Supervised fine-tuning on demonstrations, or on the chosen side of preferences."""

    kind: Literal["sft"] = "sft"
    model: ModelRef
    snapshot: SnapshotRef
    name: ModelName = "policy"


class RewardSpec(RewardTraining):
    """A reward model from a preferences or rankings snapshot, trained by TRL's RewardTrainer, extended."""

    kind: Literal["reward"] = "reward"
    model: ModelRef
    snapshot: SnapshotRef
    name: ModelName = "reward"


class DpoSpec(DpoTraining):
    """Direct preference optimization on a preferences snapshot."""

    kind: Literal["dpo"] = "dpo"
    model: ModelRef
    snapshot: SnapshotRef
    name: ModelName = "policy"


class KtoSpec(KtoTraining):
    """Kahneman-Tversky optimization on replies labeled desirable or not, or on preferences."""

    kind: Literal["kto"] = "kto"
    model: ModelRef
    snapshot: SnapshotRef
    name: ModelName = "policy"


class GrpoSpec(GrpoTraining):
    """Reinforcement learning with group-relative advantages, driven by a reward model."""

    kind: Literal["grpo"] = "grpo"
    model: ModelRef
    reward_model: ModelRef
    snapshot: SnapshotRef = Field(description="Prompts or preferences; their train prompts are used.")
    name: ModelName = "policy"


class RlooSpec(RlooTraining):
    """Reinforcement learning with leave-one-out baselines, driven by a reward model."""

    kind: Literal["rloo"] = "rloo"
    model: ModelRef
    reward_model: ModelRef
    snapshot: SnapshotRef = Field(description="Prompts or preferences; their train prompts are used.")
    name: ModelName = "policy"


class PpoSpec(PpoTraining):
    """Proximal policy optimization with a critic, driven by a reward model and other sources."""

    kind: Literal["ppo"] = "ppo"
    model: ModelRef
    reward_model: ModelRef | None = Field(None, description="May be empty where `rewards` has a source.")
    critic_from: ModelRef | None = Field(
        None, description="A policy that PPO made, whose critic this one starts as; empty: see `critic`."
    )
    snapshot: SnapshotRef = Field(description="Prompts or preferences; their train prompts are used.")
    name: ModelName = "policy"

    @model_validator(mode="after")
    def _something_scores(self) -> Self:
        if not self.reward_model and not self.rewards:
            raise ValueError("nothing scores the completions: name a reward_model, or a source in rewards")
        return self


def judged(spec: Any) -> Any:
    if spec.best_of > 1 and not spec.reward_model:
        raise ValueError(f"best_of ({spec.best_of}) needs a reward_model that says which reply is best")
    return spec


class SampleSpec(Sampling):
    """Let a model answer prompts and put the answers into the ranking queue."""

    kind: Literal["sample"] = "sample"
    model: ModelRef
    endpoint: Served = None
    num_prompts: int = Field(200, ge=1, le=1_000_000)
    splits: list[SplitName] = Field(["train", "validation"], min_length=1)
    responses_per_prompt: int = Field(2, ge=2, le=9, description="Responses ranked together.")
    overlap: int = Field(1, ge=1, le=50, description="Judgments wanted for each task.")
    priority: int = Field(0, ge=-100, le=100)
    seed: int = Field(0, ge=0)
    best_of: int = Field(1, ge=1, le=64, description="Sampled for each response; the best one is kept.")
    reward_model: ModelRef | None = Field(None, description="Says which is best.")

    @model_validator(mode="after")
    def _best_is_judged(self) -> Self:
        return judged(self)


class EvaluateSpec(Sampling):
    """Compare a model with others on prompts never trained on: blind tasks for people, and the
    reward model's view beside them."""

    kind: Literal["evaluate"] = "evaluate"
    model: ModelRef
    endpoint: Served = None
    baselines: list[ModelRef] = Field(min_length=1, max_length=8)
    reward_model: ModelRef | None = None
    num_prompts: int = Field(200, ge=1, le=1_000_000)
    human_tasks: int = Field(100, ge=0, description="Blind tasks for people, shared over the baselines.")
    overlap: int = Field(1, ge=1, le=50)
    priority: int = Field(10, ge=-100, le=100)
    seed: int = Field(0, ge=0)
    best_of: int = Field(
        1,
        ge=1,
        le=64,
        description="Replies of `model` from which the reward model picks; baselines give one.",
    )

    @model_validator(mode="after")
    def _best_is_judged(self) -> Self:
        return judged(self)


RunSpec = Annotated[
    SftSpec | RewardSpec | DpoSpec | KtoSpec | PpoSpec | RlooSpec | GrpoSpec | SampleSpec | EvaluateSpec,
    Field(discriminator="kind"),
]


SPECS: dict[str, type[Spec]] = {
    "sft": SftSpec,
    "reward": RewardSpec,
    "dpo": DpoSpec,
    "kto": KtoSpec,
    "rloo": RlooSpec,
    "grpo": GrpoSpec,
    "ppo": PpoSpec,
    "sample": SampleSpec,
    "evaluate": EvaluateSpec,
}
