"""How a processor is kept busy: which rows go through a model together, and two models at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

First = TypeVar("First")
Second = TypeVar("Second")

# Padded tokens of a pass on a CPU, which is hardly faster with more: their numbers leave its caches, short
# rows carry more padding, and all of it stays in memory until the backward pass.
CPU_TOKENS = 256


def passes(
    order: Sequence[int], lengths: Sequence[int], *, most_rows: int, device: torch.device
) -> Iterator[list[int]]:
    """`order` cut into parts of at most `most_rows`. It names rows, the longest first, and lengths[row] is
    the number of tokens of a row."""
    part: list[int] = []
    for row in order:
        is_full = len(part) == most_rows
        if device.type == "cpu" and part:
            is_full |= (len(part) + 1) * lengths[part[0]] > CPU_TOKENS
        if is_full:
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def side_by_side(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """The results of both, each computed on half of torch's threads, where there are two: to divide the work
    once leaves less to wait for than to divide each product. They must share nothing that either writes."""
    num_threads, keeps_graph = torch.get_num_threads(), torch.is_grad_enabled()
    if num_threads < 2:
        return first(), second()

    def beside() -> Second:
        torch.set_num_threads(num_threads // 2)  # of this thread
        with torch.set_grad_enabled(keeps_graph):
            return second()

    try:
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(beside)
            torch.set_num_threads(num_threads // 2)
            return first(), other.result()
    finally:
        torch.set_num_threads(num_threads)
