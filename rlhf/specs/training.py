"""Settings of the trainers that learn from what people said or wrote."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from rlhf.specs.common import Lora, Spec


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


class PolicyTraining(Training):
    save: Literal["merged", "adapter"] = Field(
        "merged", description="The artifact: a whole model, or only the adapter beside its base model."
    )

    @model_validator(mode="after")
    def _adapter_is_trained(self) -> Self:
        if self.save == "adapter" and self.lora is None:
            raise ValueError("save: adapter needs lora, since a full training has no adapter to save")
        return self


class WatchedTraining(PolicyTraining):
    """Trainers whose loss on validation rows tells when to stop. The artifact is then the best of the
    evaluated steps, not the last."""

    eval_every: int | None = Field(
        None, ge=1, description="Optimizer steps between validations; empty validates only the end."
    )
    patience: int | None = Field(
        None, ge=1, description="Stop after this many validations in a row without a lower loss."
    )
    max_overfit: float | None = Field(
        None,
        gt=0,
        description="Stop once the validation loss is this far above its lowest while training loss fell.",
    )

    @model_validator(mode="after")
    def _stopping_needs_validation(self) -> Self:
        if self.eval_every is None and (self.patience or self.max_overfit):
            raise ValueError("patience and max_overfit need eval_every: say how often to validate")
        return self


class SftTraining(WatchedTraining):
    learning_rate: float = Field(2e-5, gt=0)
    packing: bool = Field(
        False, description="Several short rows in one sequence of max_length; they do not see each other."
    )
    loss_on: Literal["completion", "assistant"] = Field(
        "completion", description="Tokens learned: the last reply, or each turn of the assistant."
    )


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
    members: int = Field(1, ge=1, le=32, description="Reward models of an ensemble on one backbone.")
    members_own: Literal["heads", "adapters"] = Field(
        "heads",
        description="What members do not share: heads cost nothing; adapters, as `lora` sets them, differ "
        "more and cost a pass each.",
    )
    bootstrap: bool = Field(
        True,
        description="Members see the judgments of each prompt a random number of times, once in the mean; "
        "or all of them once, and differ by their first weights.",
    )
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
    def _weights_are_whole(self) -> Self:
        if self.lora and self.lora.load_in_4bit:
            raise PydanticCustomError(
                "combination", "load_in_4bit is for policies: train plain adapters for a reward model"
            )
        return self

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
            "members_own adapters needs an ensemble and lora: set members to 2 or more and lora to {}": (
                self.members_own == "adapters" and (self.members == 1 or self.lora is None)
            ),
        }
        for sentence, applies in wrong.items():
            if applies:
                raise PydanticCustomError("combination", sentence)
        return self


SMOOTHED_LOSSES = ("sigmoid", "robust", "exo_pair", "aot")


class DpoTraining(WatchedTraining):
    learning_rate: float = Field(1e-6, gt=0)
    beta: float = Field(0.1, gt=0, description="Weight of staying near the reference model.")
    loss_type: Literal[
        "sigmoid",
        "sigmoid_norm",
        "ipo",
        "hinge",
        "robust",
        "exo_pair",
        "nca_pair",
        "sppo_hard",
        "aot",
        "apo_zero",
        "apo_down",
        "discopop",
    ] = "sigmoid"
    label_smoothing: float = Field(
        0.0, ge=0, lt=0.5, description="Share of labels taken to be flipped; with sigmoid this is cDPO."
    )
    ld_alpha: float | None = Field(
        None, ge=0, le=1, description="Weight of tokens beyond the shorter reply's length; empty is 1."
    )
    sft_weight: float = Field(
        0.0, ge=0, description="Weight of an SFT loss on chosen replies, which keeps them likely."
    )

    @model_validator(mode="after")
    def _smoothing_is_used(self) -> Self:
        if self.label_smoothing and self.loss_type not in SMOOTHED_LOSSES:
            raise ValueError(
                f"loss_type {self.loss_type} ignores label_smoothing: use {', '.join(SMOOTHED_LOSSES)}, or 0"
            )
        if self.loss_type == "exo_pair" and not self.label_smoothing:
            raise ValueError("loss_type exo_pair needs label_smoothing above 0; its paper uses 0.001")
        return self


class KtoTraining(WatchedTraining):
    learning_rate: float = Field(1e-6, gt=0)
    beta: float = Field(0.1, gt=0, description="Weight of staying near the reference model.")
    loss_type: Literal["kto", "apo_zero_unpaired"] = "kto"
    desirable_weight: float | None = Field(
        None, gt=0, description="Weight of desirable replies; empty evens out how many there are."
    )
    undesirable_weight: float | None = Field(None, gt=0, description="The same for undesirable replies.")

    @model_validator(mode="after")
    def _kl_has_neighbours(self) -> Self:
        if self.loss_type == "kto" and self.batch_size < 2:
            raise ValueError("batch_size must be 2 or more: KTO measures the KL on replies of other rows")
        return self
