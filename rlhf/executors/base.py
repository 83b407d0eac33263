"""What the dispatcher asks of whatever runs workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Launch:
    """One attempt of one run. `num_threads`, of each process, is what an earlier attempt had: sums of
    floats depend on it, so a resumed run must get the same. The worker starts its processes itself; the
    executor sees to it that each has a GPU, where there are some."""

    run_id: int
    attempt: int
    token: str = field(repr=False)
    num_threads: int | None = None
    num_processes: int = 1


class CannotRun(Exception):
    """One sentence: this machine will never be able to run what was submitted."""


class Submitted(NamedTuple):
    ref: str  # finds the worker again, from another process too
    environment: Mapping[str, object]  # what the run's page records about the place


class Status(NamedTuple):
    alive: bool
    exit_code: int | None = None  # negative: the signal; null when nobody saw it end


class Executor(Protocol):
    name: str
    # Its workers are children of this machine, stopped when the dispatcher is told to stop.
    ends_with_dispatcher: bool

    def has_room(self, num_processes: int, active: Sequence[str]) -> bool:
        """Whether a worker of so many processes may be submitted beside those of the refs `active`. True
        also where no waiting would help: then `submit` raises CannotRun."""
        ...

    def submit(self, launch: Launch, *, active: Sequence[str]) -> Submitted: ...

    def status(self, ref: str) -> Status: ...

    def cancel(self, ref: str) -> None:
        """Ask the worker to stop; called again after a grace period, end it. Returns at once."""
        ...

    def logs(self, run_id: int, attempt: int, *, num_lines: int) -> list[str]:
        """The last lines the worker wrote."""
        ...

    def log_name(self, run_id: int, attempt: int) -> str:
        """Where an operator finds the whole log."""
        ...

    def clean(self, run_id: int, *, keep_logs: bool) -> None:
        """Remove what a finished run left on the machine."""
        ...

    def left_over(self) -> Sequence[int]:
        """Runs that still have something to clean."""
        ...
