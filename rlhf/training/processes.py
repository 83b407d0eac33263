"""The processes of one run: one, or as many as `accelerate launch` or `torchrun` started."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from accelerate import PartialState
from accelerate.utils import gather_object

from rlhf.training.errors import Cancelled
from rlhf.training.reporting import Reporter

Item = TypeVar("Item")


class Processes:
    """Work is dealt out like cards, and collected in its old order: what all of them then know does not
    depend on how many they are."""

    def __init__(self) -> None:
        # PartialState joins the process group; it looks for a GPU, and falls back to gloo without one.
        state = PartialState(cpu=not torch.cuda.is_available())
        self.rank: int = state.process_index
        self.count: int = state.num_processes
        self.is_main: bool = state.is_main_process

    def share(self, items: Sequence[Item]) -> list[Item]:
        return list(items[self.rank :: self.count])

    def collect(self, mine: Sequence[Item]) -> list[Item]:
        """What `share` dealt out, and each process turned into something of its own, in order again."""
        if self.count == 1:
            return list(mine)
        parts = gather_object([list(mine)])
        together: list[Item] = [None] * sum(len(part) for part in parts)  # type: ignore[list-item]
        for rank, part in enumerate(parts):
            together[rank :: self.count] = part
        return together

    def sum_(self, tensors: Iterable[torch.Tensor]) -> None:
        """Each tensor becomes its sum over the processes, in place."""
        if self.count > 1:
            for handle in [dist.all_reduce(tensor, async_op=True) for tensor in tensors]:
                handle.wait()

    def wait(self) -> None:
        if self.count > 1:
            dist.barrier()

    def raise_if_cancelled(self, reporter: Reporter) -> None:
        """All at once, so that none waits for one that has left."""
        cancelled = False
        try:
            reporter.raise_if_cancelled()
        except Cancelled:
            cancelled = True
        if self.count > 1:
            flag = torch.tensor(int(cancelled), device="cuda" if torch.cuda.is_available() else "cpu")
            dist.all_reduce(flag)
            cancelled = bool(flag.item())
        if cancelled:
            raise Cancelled


class OnlyMain:
    """A reporter for the processes that nobody listens to."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def raise_if_cancelled(self) -> None:
        self._reporter.raise_if_cancelled()

    def _ignore(self, *args: Any, **kwargs: Any) -> None:
        pass

    metrics = progress = log = environment = checkpoint = _ignore
