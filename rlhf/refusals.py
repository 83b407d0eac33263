"""What a spec asks of a model that the model cannot do, told before anything is queued.

What the spec alone decides is refused by the spec itself (rlhf/specs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlhf.model_config import ModelShape
from rlhf.specs import Spec


def refusals(spec: Spec, config: Mapping[str, Any]) -> list[str]:
    """One sentence for each reason why `spec` cannot work with the model of this config.json."""
    try:
        shape = ModelShape.read(config)
    except ValueError as problem:
        return [f"{problem}."]
    found = []
    limit, lora = shape.positions, getattr(spec, "lora", None)
    if lora and lora.r > shape.hidden:
        found.append(
            f"lora.r ({lora.r}) exceeds the hidden size of the model ({shape.hidden}): an adapter that large "
            "is no smaller than what it adapts. Lower it."
        )
    if config.get("quantization_config") and lora and lora.load_in_4bit:
        found.append(
            "The model is quantized already: leave load_in_4bit out, or start from its full weights."
        )
    if config.get("quantization_config") and hasattr(spec, "lora") and lora is None:
        found.append("The model is quantized, and quantized weights cannot be trained: use lora.")
    for name in ("max_completion_length", "max_new_tokens"):
        if limit and getattr(spec, name, 0) >= limit:
            found.append(
                f"{name} ({getattr(spec, name)}) leaves a prompt none of the {limit} positions of the model. "
                "Lower it."
            )
    if limit and not found and getattr(spec, "max_length", 0) > limit:
        found.append(
            f"max_length ({getattr(spec, 'max_length', 0)}) exceeds the {limit} positions of the model. "
            "Lower it."
        )
    return found
