"""What a spec asks of a model that the model cannot do, told before anything is queued.

What the spec alone decides is refused by the spec itself (rlhf/specs.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlhf.model_config import ModelShape
from rlhf.specs import Sampling, Spec, Training


def refusals(spec: Spec, config: Mapping[str, Any]) -> list[str]:
    """One sentence for each reason why `spec` cannot work with the model of this config.json."""
    try:
        shape = ModelShape.read(config)
    except ValueError as problem:
        return [f"{problem}."]
    found = []
    limit = shape.positions
    if isinstance(spec, Training):
        if spec.lora and spec.lora.r > shape.hidden:
            found.append(
                f"lora.r ({spec.lora.r}) exceeds the hidden size of the model ({shape.hidden}): an adapter "
                "that large is no smaller than what it adapts. Lower it."
            )
        if spec.lora and spec.lora.load_in_4bit and config.get("quantization_config"):
            found.append("The model is quantized already: leave load_in_4bit out, or start from its full weights.")
        if spec.lora is None and config.get("quantization_config"):
            found.append("The model is quantized, and quantized weights cannot be trained: use lora.")
        if limit and spec.max_length > limit and getattr(spec, "max_completion_length", 0) < limit:
            found.append(f"max_length ({spec.max_length}) exceeds the {limit} positions of the model. Lower it.")
        if limit and getattr(spec, "max_completion_length", 0) >= limit:
            found.append(
                f"max_completion_length ({getattr(spec, 'max_completion_length', 0)}) leaves no prompt any of "
                f"the {limit} positions of the model. Lower it."
            )
    if isinstance(spec, Sampling) and limit and spec.max_new_tokens >= limit:
        found.append(
            f"max_new_tokens ({spec.max_new_tokens}) leaves no prompt any of the {limit} positions of the "
            "model. Lower it."
        )
    return found
