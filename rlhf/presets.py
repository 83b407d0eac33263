"""Settings to start from, for models of four sizes. Data only: a page offers them, a script reads them.

    RewardSpec(model=…, snapshot=…, **preset("1b", "reward").settings)

Each preset says where its numbers are from. What a source does not give is left to the field's default,
and rows of one forward pass are chosen so that, times the accumulation, they make the source's batch on
one device: with n devices divide gradient_accumulation_steps by n.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Size = Literal["small", "1b", "8b", "70b-lora"]

N_PLUS = (
    "Huang et al. 2024, The N+ Implementation Details of RLHF with PPO, and its code, "
    "vwxyzjn/summarize_from_feedback_details (Pythia 1B on TL;DR)"
)
TULU = "Lambert et al. 2024, Tülu 3, by the commands in open-instruct docs/tulu3.md"
LORA = (
    "Schulman et al. 2025, LoRA Without Regret, as TRL's docs/source/lora_without_regret.md gives it: all "
    "linear layers, rank 256 for SFT and 1 to 32 for RL, about ten times the rate of full training, batches "
    "below 32"
)
KTO_DOCS = (
    "TRL's docs/source/kto_trainer.md: beta 0.1, rates from 5e-7 to 5e-6 and for most models up to 1e-6"
)
DEEPSEEK = "Shao et al. 2024, DeepSeekMath, section 4.2 (7B): rate 1e-6, KL coefficient 0.04"
TRL_DEFAULT = "TRL 1.16's own defaults (RLOOConfig: rate 1e-6, beta 0.05)"
OURS = "ours, untuned: small models take rates a hundred times those of large ones, as tests/training shows"


class Preset(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Size
    kind: str
    settings: dict[str, Any]
    source: str


def _lora(r: int) -> dict[str, Any]:
    return {"r": r, "alpha": 32, "target_modules": "all-linear"}


_ONE_EPOCH = {"num_epochs": 1.0}
_ROWS_64 = {"batch_size": 8, "gradient_accumulation_steps": 8}
_ROWS_128 = {"batch_size": 4, "gradient_accumulation_steps": 32, "gradient_checkpointing": True}
_ROWS_16 = {"batch_size": 2, "gradient_accumulation_steps": 8, "gradient_checkpointing": True}
_N_PLUS_STEP = {"learning_rate": 3e-6, "lr_scheduler": "cosine", **_ONE_EPOCH}
_PPO = {
    "num_ppo_epochs": 4,
    "num_mini_batches": 1,
    "cliprange": 0.2,
    "vf_coef": 0.1,
    "lam": 0.95,
    "gamma": 1.0,
}

PRESETS: tuple[Preset, ...] = tuple(
    Preset(size=size, kind=kind, settings=settings, source=source)
    for size, kind, settings, source in (
        ("small", "sft", {"learning_rate": 1e-3, "batch_size": 16, "max_length": 256}, OURS),
        ("small", "reward", {"learning_rate": 5e-4, "batch_size": 16, "max_length": 256}, OURS),
        ("small", "dpo", {"learning_rate": 1e-4, "batch_size": 16, "max_length": 256}, OURS),
        ("small", "kto", {"learning_rate": 1e-4, "batch_size": 16, "max_length": 256}, OURS),
        ("small", "rloo", {"learning_rate": 1e-4, "batch_size": 32, "max_length": 256}, OURS),
        ("small", "grpo", {"learning_rate": 1e-4, "batch_size": 32, "max_length": 256}, OURS),
        ("small", "ppo", {"learning_rate": 1e-4, "rollout_batch_size": 64, "max_length": 256, **_PPO}, OURS),
        # N+: AdamW, no warm-up, 8 devices x 1 row x 8 steps of accumulation in sft.py and reward.py.
        ("1b", "sft", {**_N_PLUS_STEP, **_ROWS_64}, N_PLUS),
        ("1b", "reward", {**_N_PLUS_STEP, **_ROWS_64}, N_PLUS),
        (
            "1b",
            "dpo",
            {"learning_rate": 1e-6, "beta": 0.1, **_ROWS_64},
            "TRL 1.16's own defaults (DPOConfig)",
        ),
        ("1b", "kto", {"learning_rate": 1e-6, "beta": 0.1, **_ROWS_64}, KTO_DOCS),
        ("1b", "rloo", {"learning_rate": 1e-6, "beta": 0.05, **_ROWS_64}, TRL_DEFAULT),
        ("1b", "grpo", {"learning_rate": 1e-6, "beta": 0.04, **_ROWS_64}, DEEPSEEK),
        ("1b", "ppo", {"learning_rate": 3e-6, "kl_coef": 0.05, "temperature": 0.7, **_PPO}, N_PLUS),
        (
            "8b",
            "sft",
            {
                "learning_rate": 5e-6,
                "warmup_ratio": 0.03,
                "num_epochs": 2.0,
                "max_length": 4096,
                "packing": True,  # ours: it changes no loss, only what padding costs
                **_ROWS_128,
            },
            TULU,
        ),
        # 32 rows to a device; how many devices the command ran on it does not say.
        ("8b", "reward", {"learning_rate": 3e-6, "max_length": 2048, **_ONE_EPOCH, **_ROWS_128}, TULU),
        (
            "8b",
            "dpo",
            {
                "learning_rate": 5e-7,
                "beta": 5.0,
                "loss_type": "sigmoid_norm",
                "warmup_ratio": 0.1,
                "max_length": 2048,
                **_ONE_EPOCH,
                **_ROWS_128,
            },
            TULU,
        ),
        ("8b", "kto", {"learning_rate": 5e-7, "beta": 0.1, "max_length": 2048, **_ROWS_128}, KTO_DOCS),
        (
            "8b",
            "rloo",
            {
                "learning_rate": 1e-6,
                "beta": 0.05,
                "max_length": 2048,
                "max_completion_length": 1024,
                **_ROWS_128,
            },
            TRL_DEFAULT,
        ),
        (
            "8b",
            "grpo",
            {
                "learning_rate": 1e-6,
                "beta": 0.04,
                "max_length": 2048,
                "max_completion_length": 1024,
                **_ROWS_128,
            },
            DEEPSEEK,
        ),
        (
            "8b",
            "ppo",
            {
                "learning_rate": 3e-7,
                "kl_coef": 0.05,
                "temperature": 1.0,
                "max_length": 4096,
                "max_completion_length": 2048,
                "gradient_checkpointing": True,
            },
            TULU,
        ),
        # Tülu 3's rates for 70B (SFT 2e-6, DPO 2e-7, RL 1e-7), times ten for adapters.
        (
            "70b-lora",
            "sft",
            {
                "learning_rate": 2e-5,
                "warmup_ratio": 0.03,
                "num_epochs": 2.0,
                "max_length": 4096,
                "packing": True,
                "lora": _lora(256),
                **_ROWS_16,
            },
            f"{TULU}; {LORA}",
        ),
        (
            "70b-lora",
            "reward",
            {"learning_rate": 3e-5, "max_length": 2048, "lora": _lora(32), **_ONE_EPOCH, **_ROWS_16},
            f"{TULU} (8B); {LORA}",
        ),
        (
            "70b-lora",
            "dpo",
            {
                "learning_rate": 2e-6,
                "beta": 5.0,
                "loss_type": "sigmoid_norm",
                "warmup_ratio": 0.1,
                "max_length": 2048,
                "lora": _lora(32),
                **_ONE_EPOCH,
                **_ROWS_16,
            },
            f"{TULU}; {LORA}",
        ),
        (
            "70b-lora",
            "kto",
            {"learning_rate": 5e-6, "beta": 0.1, "max_length": 2048, "lora": _lora(32), **_ROWS_16},
            f"{KTO_DOCS}; {LORA}",
        ),
        (
            "70b-lora",
            "rloo",
            {
                "learning_rate": 1e-5,
                "beta": 0.05,
                "max_length": 2048,
                "max_completion_length": 1024,
                "lora": _lora(16),
                **_ROWS_16,
            },
            f"{TRL_DEFAULT}; {LORA}",
        ),
        (
            "70b-lora",
            "grpo",
            {
                "learning_rate": 1e-5,
                "beta": 0.04,
                "max_length": 2048,
                "max_completion_length": 1024,
                "lora": _lora(16),
                **_ROWS_16,
            },
            f"{DEEPSEEK}; {LORA}",
        ),
        (
            "70b-lora",
            "ppo",
            {
                "learning_rate": 1e-6,
                "kl_coef": 0.07,
                "warmup_ratio": 0.1,
                "temperature": 1.0,
                "max_length": 4096,
                "max_completion_length": 2048,
                "gradient_checkpointing": True,
                "lora": _lora(16),
            },
            f"{TULU}; {LORA}",
        ),
    )
)


def preset(size: Size, kind: str) -> Preset:
    return next(one for one in PRESETS if (one.size, one.kind) == (size, kind))
