"""What a spec asks of a model that the model cannot do, told before anything is queued.

What the spec alone decides is refused by the spec itself (rlhf/specs).
"""

from __future__ import annotations

from collections.abc import Sequence

from rlhf.model_config import ModelFiles, ModelShape
from rlhf.specs import PpoTraining, RewardTraining, Spec


def refusals(spec: Spec, model: ModelFiles, reward_models: Sequence[ModelFiles] = ()) -> list[str]:
    """One sentence for each reason why `spec` cannot work with these models. What a model's files do not
    say is no reason."""
    return [*_sizes(spec, model), *_weights(spec, model), *_heads(spec, model, reward_models)]


def _sizes(spec: Spec, model: ModelFiles) -> list[str]:
    try:
        shape = ModelShape.read(model.config)
    except ValueError:
        return []
    found = []
    limit, lora = shape.positions, getattr(spec, "lora", None)
    if lora and lora.r > shape.hidden:
        found.append(
            f"lora.r ({lora.r}) exceeds the hidden size of the model ({shape.hidden}): an adapter that large "
            "is no smaller than what it adapts. Lower it."
        )
    for name in ("max_completion_length", "max_new_tokens"):
        if limit and getattr(spec, name, 0) >= limit:
            found.append(
                f"{name} ({getattr(spec, name)}) leaves a prompt none of the {limit} positions of the model. "
                "Lower it."
            )
    asked = getattr(spec, "max_length", 0) if "max_length" in spec.model_fields_set else 0
    if limit and not found and asked > limit:
        found.append(f"max_length ({asked}) exceeds the {limit} positions of the model. Lower it.")
    return found


def _weights(spec: Spec, model: ModelFiles) -> list[str]:
    lora, is_quantized = getattr(spec, "lora", None), bool(model.config.get("quantization_config"))
    if is_quantized and lora and lora.load_in_4bit:
        return ["The model is quantized already: leave load_in_4bit out, or start from its full weights."]
    if is_quantized and hasattr(spec, "lora") and lora is None:
        return ["The model is quantized, and quantized weights cannot be trained: use lora."]
    return []


def _heads(spec: Spec, model: ModelFiles, reward_models: Sequence[ModelFiles]) -> list[str]:
    found = []
    if any(one.config.get("architectures") and one.num_reward_labels is None for one in reward_models):
        found.append("A reward model has no reward head: choose one made by a reward run.")
    members = model.num_reward_labels
    if isinstance(spec, RewardTraining) and members not in (None, spec.members):
        found.append(
            f"The model is a reward model of {members} members already: set members to {members}, or start "
            "from a model without a reward head."
        )
    if isinstance(spec, PpoTraining) and model.pad_also_ends:
        found.append(
            "The model's PAD token also ends replies, so that PPO could not tell their ends from padding: "
            "give its tokenizer a PAD of its own."
        )
    return found
