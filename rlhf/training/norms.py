"""RMS norms of float32 models by torch's own function: the bits of transformers' modules, in fewer steps."""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def use_torch_norms(model: nn.Module) -> None:
    """For the norms of `model` that torch computes to the bit. Those of some families do more: add one to
    their weights, say."""
    for module in model.modules():
        if _is_plain(module):
            module.forward = types.MethodType(_forward, module)


def _forward(self: Any, hidden_states: Tensor) -> Tensor:
    if hidden_states.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
        return type(self).forward(self, hidden_states)
    return functional.rms_norm(hidden_states, self.weight.shape, self.weight, self.variance_epsilon)


@torch.no_grad()
def _is_plain(module: Any) -> bool:
    weight = getattr(module, "weight", None)
    if not hasattr(module, "variance_epsilon") or weight is None or weight.dtype != torch.float32:
        return False
    probe = torch.linspace(-2, 3, weight.numel(), device=weight.device)[None]
    return torch.equal(module(probe), _forward(module, probe))
