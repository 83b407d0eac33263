"""Matrix products of linear layers on processors with AVX-512 that are not Intel's.

PyTorch leaves float32 products on a CPU to MKL, which uses AVX-512 on Intel's processors alone. oneDNN, which
PyTorch brings too, uses it wherever it is: `python -m benchmarks.training --only products` prints what that
gives. Where it is not, MKL is the faster one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAST_WIDTH = 64  # of a layer: smaller products take no time
LEAST_ROWS = 128  # fewer, as when one token after another is sampled, are not worth it
# oneDNN makes code for each number of rows and keeps it: few numbers must occur.
BLOCK = 64


class Linear(nn.Linear):
    """nn.Linear whose float32 products are oneDNN's."""

    def forward(self, input: Tensor) -> Tensor:
        many = input.numel() >= LEAST_ROWS * self.in_features
        single = input.dtype == self.weight.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
        if many and input.is_cpu and single:
            output: Tensor = _Product.apply(input.flatten(0, -2), self.weight, self.bias)
            return output.unflatten(0, input.shape[:-1])
        return functional.linear(input, self.weight, self.bias)


def use_onednn(model: nn.Module) -> None:
    """Gives the linear layers of `model` oneDNN's products where those are faster."""
    if not mkl_is_slow():
        return
    for module in model.modules():
        if type(module) is nn.Linear and min(module.weight.shape) >= LEAST_WIDTH:
            module.__class__ = Linear


@cache
def mkl_is_slow() -> bool:
    processor = Path("/proc/cpuinfo")
    return (
        torch.backends.mkl.is_available()
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and processor.is_file()
        and has_unused_instructions(processor.read_text(encoding="utf-8"))
    )


def has_unused_instructions(cpuinfo: str) -> bool:
    """Whether MKL leaves AVX-512 of this processor unused, which Linux describes so."""
    return "GenuineIntel" not in cpuinfo and "avx512f" in cpuinfo.split()


def multiply(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    """left @ right.T + bias by oneDNN: (N, In), (Out, In), (Out) -> (N, Out)."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise(left, right, bias, "none", [], "")
    return product


class _Product(torch.autograd.Function):
    """(N, In), (Out, In), (Out) or None -> (N, Out)."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(input, weight)
        return multiply(_in_blocks(input), weight, bias)[: len(input)]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        (input, weight), padded = ctx.saved_tensors, _in_blocks(gradient)
        for_input, for_weight, for_bias = ctx.needs_input_grad
        return (
            multiply(padded, weight.t())[: len(input)] if for_input else None,
            multiply(padded.t(), _in_blocks(input).t()) if for_weight else None,
            gradient.sum(0) if for_bias else None,
        )


def _in_blocks(rows: Tensor) -> Tensor:
    """With rows of zeros at the end."""
    missing = -len(rows) % BLOCK
    return functional.pad(rows, (0, 0, 0, missing)) if missing else rows
