"""Float32 products of a layer, by MKL and by oneDNN: forward, and both gradients."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor

from benchmarks.card.ground import ceiling
from benchmarks.figures import say_median
from rlhf.training.passes import CPU_TOKENS
from rlhf.training.products import multiply

SIZES = ((192, 512), (512, 1376))  # of a layer of the fixture's model, of the random one of 26M
ROUNDS, REPEATS = 9, 20
Multiply = Callable[[Tensor, Tensor], Tensor]


def by_mkl(left: Tensor, right: Tensor) -> Tensor:
    return left @ right.t()


LIBRARIES: list[Multiply] = [by_mkl, multiply] if torch.backends.mkldnn.is_available() else [by_mkl]


def show(*, threads: int) -> None:
    if multiply not in LIBRARIES:
        return
    torch.set_num_threads(threads)
    for width_in, width_out in SIZES:
        speeds: dict[Multiply, list[float]] = {function: [] for function in LIBRARIES}
        for _ in range(1 + ROUNDS):
            for function, found in speeds.items():
                found.append(layer_speed(function, CPU_TOKENS, width_in, width_out))
        mkl, onednn = ([speed / 1e9 for speed in found[1:]] for found in speeds.values())
        say_median(
            f"products of a layer from {width_in} to {width_out}, {CPU_TOKENS} rows, by oneDNN",
            onednn,
            "GFLOP/s",
            peer="MKL",
            peer_value=round(median(mkl), 1),
            ratio=round(median(a / b for a, b in zip(onednn, mkl, strict=True)), 3),
        )


def layer_speed(function: Multiply, rows: int, width_in: int, width_out: int) -> float:
    """Operations a second."""
    input, gradient = torch.randn(rows, width_in), torch.randn(rows, width_out)
    weight = torch.randn(width_out, width_in)
    started = time.perf_counter()
    for _ in range(REPEATS):
        function(input, weight)
        function(gradient, weight.t())
        function(gradient.t(), input.t())
    return 3 * REPEATS * 2 * rows * width_in * width_out / (time.perf_counter() - started)


def most(edge: int) -> float:
    """Operations a second of two square matrices, by whichever is faster."""
    cpu = torch.device("cpu")
    return max(ceiling(cpu, edge, dtype=torch.float32, multiply=function) for function in LIBRARIES)
