"""How a processor is kept busy: which rows go through a model together, and two models at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any, TypeVar

import torch
from torch.nn.functional import pad

First = TypeVar("First")
Second = TypeVar("Second")

# Padded tokens of a pass on a CPU, which is hardly faster with more: their numbers leave its caches, short
# rows carry more padding, and all of it stays in memory until the backward pass.
CPU_TOKENS = 512


def passes(
    order: Sequence[int],
    lengths: Sequence[int] | Mapping[int, int],
    *,
    most_rows: int,
    device: torch.device,
    cpu_tokens: int | None = None,
) -> Iterator[list[int]]:
    """`order` cut into parts of at most `most_rows`, and on a CPU of `cpu_tokens` (None: CPU_TOKENS). It
    names rows, the longest first, and lengths[row] is the number of tokens of a row."""
    part: list[int] = []
    for row in order:
        is_full = len(part) == most_rows
        if device.type == "cpu" and part:
            is_full |= (len(part) + 1) * lengths[part[0]] > (cpu_tokens or CPU_TOKENS)
        if is_full:
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def of_like_length(attention_mask: torch.Tensor) -> list[tuple[list[int], int]]:
    """Which rows of a batch, padded on the right, go through a model together, and how many of its columns
    they take: on a CPU those of about the same length, so that little is padding, and else all of them."""
    num_rows, width = attention_mask.shape
    if attention_mask.device.type != "cpu":
        return [(list(range(num_rows)), width)]
    lengths = attention_mask.sum(1).tolist()
    order = sorted(range(num_rows), key=lambda row: -lengths[row])
    parts = passes(order, lengths, most_rows=num_rows, device=attention_mask.device)
    return [(part, lengths[part[0]]) for part in parts]


def logits_of(model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """[R, N] of a sequence classifier, for R texts [R, T] that are padded on the right."""
    parts = of_like_length(attention_mask)
    logits = [
        model(
            input_ids=input_ids[rows, :width], attention_mask=attention_mask[rows, :width], use_cache=False
        ).logits
        for rows, width in parts
    ]
    return _in_order(torch.cat(logits), parts)


def per_token(model: Any) -> Callable[..., Any]:
    """`model`, which has TRL's fused head, for batches that are padded on the right: its outputs of each
    token, [R, T - 1], are zero where there is no label, and so where these passes leave padding out."""

    def forward(**inputs: Any) -> Any:
        parts = of_like_length(inputs["attention_mask"])
        if len(parts) == 1 or "output_router_logits" in inputs:  # the experts' balance is of a whole batch
            return model(**inputs)
        width = inputs["attention_mask"].shape[1]
        outputs = [
            (
                model(
                    **{
                        name: value[rows, :columns] if isinstance(value, torch.Tensor) else value
                        for name, value in inputs.items()
                    }
                ),
                width - columns,
            )
            for rows, columns in parts
        ]
        fields = [name for name, value in outputs[0][0].items() if value.dim() == 2]
        return SimpleNamespace(
            **{
                name: _in_order(torch.cat([pad(found[name], (0, rest)) for found, rest in outputs]), parts)
                for name in fields
            }
        )

    return forward


def _in_order(values: torch.Tensor, parts: Sequence[tuple[Sequence[int], int]]) -> torch.Tensor:
    order = torch.tensor([row for rows, _ in parts for row in rows], device=values.device)
    return values[order.argsort()]


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


def shared_out(tasks: Iterable[Callable[[], First]]) -> list[First]:
    """The results of all, computed side by side: who is free takes the next, so that neither waits for the
    other. `tasks` may take time to make: this thread does that, while the other has begun with those that are
    there. Which of the two it was makes no difference to a result."""
    made = iter(tasks)
    ahead = list(islice(made, 1))  # on all of torch's threads, since nobody could begin yet
    results: dict[int, First] = {}
    left: SimpleQueue[tuple[int, Callable[[], First]] | None] = SimpleQueue()

    def make_and_work() -> None:
        try:
            for numbered in enumerate(chain(ahead, made)):
                left.put(numbered)
        finally:
            left.put(None)
            left.put(None)
        work()

    def work() -> None:
        while (numbered := left.get()) is not None:
            index, task = numbered
            results[index] = task()

    side_by_side(make_and_work, work)
    return [results[index] for index in range(len(results))]
