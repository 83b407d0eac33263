"""What one turn of the loop is asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlhf.specs.common import ModelRef, Sampling, Spec
from rlhf.specs.online import GrpoTraining, PpoTraining, RlooTraining
from rlhf.specs.training import DpoTraining, KtoTraining, RewardTraining

# What can move the policy; each has its settings under its own name.
Method = Literal["dpo", "kto", "ppo", "rloo", "grpo"]


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
    judgments: int = Field(
        400,
        ge=1,
        description="New judgments to wait for before training; those of test prompts do not count.",
    )
    method: Method = "dpo"
    sample: RoundSampling = RoundSampling()
    reward: RewardTraining = RewardTraining()
    dpo: DpoTraining = DpoTraining()
    kto: KtoTraining = KtoTraining()
    ppo: PpoTraining = PpoTraining()
    rloo: RlooTraining = RlooTraining()
    grpo: GrpoTraining = GrpoTraining()
    evaluate: RoundEvaluation = RoundEvaluation()
    promote: Literal["when_better", "always", "never"] = "when_better"
    continue_with_next: bool = Field(
        True, description="Queue the new policy's samples as the next round, which then waits for labels."
    )
    seed: int = Field(0, ge=0)
