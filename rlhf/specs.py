"""What a researcher asks for: one pydantic model for each kind of run, and one for a round.

The web side validates with these before anything is queued, the worker reads them again, and
their JSON Schema draws the launch forms. No Django and no torch here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

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
    """Train low-rank adapters instead of every weight (Hu et al. 2021)."""

    r: int = Field(16, ge=1, le=512)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    target_modules: str | list[str] = "all-linear"
    load_in_4bit: bool = Field(
        False, description="Frozen weights in 4 bits (QLoRA, Dettmers et al. 2023); needs a CUDA device."
    )


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
    save: Literal["merged", "adapter"] = Field(
        "merged", description="The artifact: a whole model, or only the adapter beside its base model."
    )
    log_every: int = Field(1, ge=1, description="Optimizer steps between metric points.")
    checkpoint_every: int = Field(20, ge=1, description="Optimizer steps between checkpoints.")
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _adapter_is_trained(self) -> Self:
        if self.save == "adapter" and self.lora is None:
            raise ValueError("save: adapter needs lora, since a full training has no adapter to save")
        return self


class WatchedTraining(Training):
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


class OnlineTraining(Training):
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
        if self.max_completion_length >= self.max_length:
            raise ValueError(
                f"max_length ({self.max_length}) leaves no room for a prompt beside max_completion_length "
                f"({self.max_completion_length}). Raise it."
            )
        return self


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


class KtoSpec(KtoTraining):
    """Kahneman-Tversky optimization on replies labeled desirable or not, or on preferences."""

    kind: Literal["kto"] = "kto"
    model: ModelRef
    snapshot: SnapshotRef
    name: str = Field("policy", pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)


class GrpoSpec(GrpoTraining):
    """Reinforcement learning with group-relative advantages, driven by a reward model."""

    kind: Literal["grpo"] = "grpo"
    model: ModelRef
    reward_model: ModelRef
    snapshot: SnapshotRef = Field(description="Prompts or preferences; their train prompts are used.")
    name: str = Field("policy", pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)


class RlooSpec(RlooTraining):
    """Reinforcement learning with leave-one-out baselines, driven by a reward model."""

    kind: Literal["rloo"] = "rloo"
    model: ModelRef
    reward_model: ModelRef
    snapshot: SnapshotRef = Field(description="Prompts or preferences; their train prompts are used.")
    name: str = Field("policy", pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)


class PpoSpec(PpoTraining):
    """Proximal policy optimization with a critic, driven by a reward model and other sources."""

    kind: Literal["ppo"] = "ppo"
    model: ModelRef
    reward_model: ModelRef | None = Field(None, description="May be empty where `rewards` has a source.")
    snapshot: SnapshotRef = Field(description="Prompts or preferences; their train prompts are used.")
    name: str = Field("policy", pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)


def judged(spec: Any) -> Any:
    if spec.best_of > 1 and not spec.reward_model:
        raise ValueError(f"best_of ({spec.best_of}) needs a reward_model that says which reply is best")
    return spec


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
    baselines: list[ModelRef] = Field(min_length=1, max_length=8)
    reward_model: ModelRef | None = None
    num_prompts: int = Field(200, ge=1, le=1_000_000)
    human_tasks: int = Field(100, ge=0, description="Blind tasks for people, shared over the baselines.")
    overlap: int = Field(1, ge=1, le=50)
    priority: int = Field(10, ge=-100, le=100)
    seed: int = Field(0, ge=0)
    best_of: int = Field(
        1, ge=1, le=64, description="Replies of `model` from which the reward model picks; baselines give one."
    )

    @model_validator(mode="after")
    def _best_is_judged(self) -> Self:
        return judged(self)


RunSpec = Annotated[
    SftSpec
    | RewardSpec
    | DpoSpec
    | KtoSpec
    | PpoSpec
    | RlooSpec
    | GrpoSpec
    | SampleSpec
    | EvaluateSpec,
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
    method: Literal["dpo", "kto", "ppo", "rloo", "grpo"] = "dpo"
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
