"""RMS norms and rotary positions of float32 models on a CPU: what transformers' modules say to the bit, and
gradients but for the order of their sums, in fewer steps, of which each goes through memory once."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

ROTATION = "apply_rotary_pos_emb"  # in transformers' file of a family

Rotation = Callable[..., tuple[Tensor, Tensor]]


def use_fewer_steps(model: nn.Module) -> None:
    """In the norms and rotations of `model` that come out the same. Those of some families do more: add one
    to their weights, say, or rotate neighbours."""
    for module in model.modules():
        if _is_plain_norm(module):
            module.forward = types.MethodType(_norm, module)
    for name in {type(module).__module__ for module in model.modules()}:
        family = sys.modules[name]
        rotation = getattr(family, ROTATION, None)
        if rotation is not None and not isinstance(rotation, _Rotation) and _is_plain_rotation(rotation):
            setattr(family, ROTATION, _Rotation(rotation))


def _is_computed_here(tensor: Tensor) -> bool:
    return tensor.is_cpu and tensor.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")


def _norm(self: Any, hidden_states: Tensor) -> Tensor:
    if not _is_computed_here(hidden_states):
        return type(self).forward(self, hidden_states)
    return functional.rms_norm(hidden_states, self.weight.shape, self.weight, self.variance_epsilon)


@torch.no_grad()
def _is_plain_norm(module: Any) -> bool:
    weight = getattr(module, "weight", None)
    if not hasattr(module, "variance_epsilon") or weight is None or weight.dtype != torch.float32:
        return False
    probe = torch.linspace(-2, 3, weight.numel(), device=weight.device)[None]
    return torch.equal(module(probe), _norm(module, probe))


class _Rotation:
    """In the place of a family's function, which stays for what is not plain."""

    def __init__(self, theirs: Rotation) -> None:
        self.theirs = theirs

    def __call__(
        self, q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, unsqueeze_dim: int = 1
    ) -> tuple[Tensor, Tensor]:
        is_whole = cos.shape[-1] == q.shape[-1]
        if unsqueeze_dim == 1 and is_whole and _is_computed_here(q) and _is_computed_here(cos):
            return _rotate(q, k, cos, sin)
        return self.theirs(q, k, cos, sin, unsqueeze_dim=unsqueeze_dim)


def _rotate(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    """(B, heads, T, D) each, by angles (B or 1, T, D): the two halves of D are the two coordinates."""
    cos, sin = cos.unsqueeze(2), half_negative(sin).unsqueeze(2)
    q, k = (rotated(states.transpose(1, 2), cos, sin) for states in (q, k))  # as they lie in memory
    return q.transpose(1, 2), k.transpose(1, 2)


def half_negative(sin: Tensor) -> Tensor:
    """As `rotated` wants it."""
    half = sin.shape[-1] // 2
    return torch.cat([-sin[..., :half], sin[..., half:]], dim=-1)


def rotated(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """(..., D): the two halves of D are two coordinates, and the first half of `sin` is negative."""
    return (states * cos).add_(states.roll(states.shape[-1] // 2, -1) * sin)


@torch.no_grad()
def _is_plain_rotation(rotation: Rotation) -> bool:
    q, k, cos, sin = torch.linspace(-2, 3, 4 * 2 * 3 * 8).sin().view(4, 1, 2, 3, 8)
    try:
        theirs = rotation(q, k, cos[:, 0], sin[:, 0])
    except (TypeError, RuntimeError):  # it wants other arguments
        return False
    return all(map(torch.equal, theirs, _rotate(q, k, cos[:, 0], sin[:, 0])))
