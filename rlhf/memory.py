"""How much memory of one device a training needs, before it starts. No torch: the web side shows it.

    estimate("dpo", spec, config).total_bytes

Weights, gradients and AdamW's two moments follow from counting. Activations follow Korthikanti et al.
2022 (Reducing Activation Recomputation in Large Transformer Models): 34 bytes for each token, hidden unit
and layer in 16 bits, without attention matrices, which fused attention does not keep; with gradient
checkpointing the inputs of each layer, and one layer in full. Logits are not in it where TRL computes
log-probabilities in tiles. What the allocator, the device's context and kernels take comes on top:
`HEADROOM` is ours, and an estimate is right to within a fifth rather than to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rlhf.model_config import ModelShape

HEADROOM = 0.1
BYTES_4BIT = 0.516  # NF4 with doubly quantized constants: 4 + 0.127 bits (Dettmers et al. 2023, section 3)
ACTIVATION_BYTES = 34  # for each token, hidden unit and layer, in 16 bits
PAIRED = ("dpo", "reward")  # a row is two sequences
SAMPLING = ("rloo", "grpo", "ppo")


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one device, by what takes them."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    reference: int  # DPO and KTO need none: its log-probabilities are computed first, by the policy itself
    reward_model: int
    critic: int
    generation: int

    @property
    def total_bytes(self) -> int:
        return int(sum(asdict(self).values()) * (1 + HEADROOM))


def estimate(
    kind: str,
    spec: Any,
    config: Mapping[str, Any],
    *,
    reward_configs: Sequence[Mapping[str, Any] | None] = (None,),
    has_bfloat16: bool = True,
) -> Memory:
    """`spec` is a training spec of that kind, `config` the config.json of the model that is trained, and
    `reward_configs` those of the reward models that score it (None: one as large). `has_bfloat16` says
    whether the device computes in it, as GPUs do since 2020. Raises ValueError where a config does not
    say how large a model is."""
    shape = ModelShape.read(config)
    lora, is_16bit = spec.lora, has_bfloat16 and spec.dtype != "float32"
    wide = 2 if spec.dtype == "bfloat16" else 4
    # Members with adapters each pass the rows, on a backbone in the precision of what is trained.
    passes = spec.members if getattr(spec, "members_own", "heads") == "adapters" else 1
    frozen = wide if passes > 1 else 2 if is_16bit else 4
    if lora is None:
        trained, weights = shape.num_parameters, shape.num_parameters * wide
        trained_width = wide
    else:
        trained = passes * shape.num_lora_parameters(lora.r)
        base = BYTES_4BIT * _linear(shape) + frozen * (shape.num_parameters - _linear(shape))
        weights = int(base if lora.load_in_4bit else shape.num_parameters * frozen) + trained * 4
        trained_width = 4
    is_online, rows = kind in SAMPLING, spec.batch_size * (2 if kind in PAIRED else 1)
    tokens = passes * rows * spec.max_length
    rewards = [ModelShape.read(one).num_parameters if one else shape.num_parameters for one in reward_configs]
    return Memory(
        weights=weights,
        gradients=trained * trained_width,
        optimizer=2 * trained * trained_width,
        activations=_activations(shape, tokens, spec, width=frozen),
        # Cross-entropy keeps logits and their gradient in 32 bits; what compares sequences works in tiles.
        logits=8 * tokens * shape.vocabulary if kind == "sft" else 0,
        reference=shape.num_parameters * wide if kind in SAMPLING and lora is None else 0,
        reward_model=sum(rewards) * frozen if is_online else 0,
        critic=_critic(spec, weights, trained * trained_width) if kind == "ppo" else 0,
        generation=_key_values(shape, _rows_sampled(kind, spec) * spec.max_length, width=frozen)
        if is_online
        else 0,
    )


def _critic(spec: Any, weights: int, trained: int) -> int:
    """Gradient and two moments of what is trained; a critic of its own has weights too."""
    is_adapter = getattr(spec, "critic", "separate") == "adapter"
    return 3 * trained + (trained if is_adapter else weights)


def _rows_sampled(kind: str, spec: Any) -> int:
    """PPO samples its share of a rollout together, unless it is told to do less at a time."""
    if kind != "ppo":
        return int(spec.batch_size)
    share = -(-spec.rollout_batch_size // spec.num_processes)
    return min(share, spec.generation_batch_size or share)


def _linear(shape: ModelShape) -> int:
    return shape.layers * sum(rows * columns for rows, columns in shape.projections)


def _activations(shape: ModelShape, tokens: int, spec: Any, *, width: int) -> int:
    layer = tokens * shape.hidden * ACTIVATION_BYTES * width // 2
    if spec.gradient_checkpointing:
        return layer + shape.layers * tokens * shape.hidden * width
    return shape.layers * layer


def _key_values(shape: ModelShape, tokens: int, *, width: int) -> int:
    return 2 * shape.layers * tokens * shape.key_value_heads * shape.head_size * width
