"""How a trainer tells what it does. The worker reports to a server, a notebook to the console."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Reporter(Protocol):
    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Values after optimizer step `step`, under the names TRL gives them."""

    def progress(self, step: int, num_steps: int) -> None: ...

    def log(self, line: str) -> None: ...

    def environment(self, values: Mapping[str, Any]) -> None:
        """What must be known to repeat the run."""

    def checkpoint(self, step: int, folder: Path) -> None:
        """`folder` is complete and will not be written again; the reporter may delete it later."""

    def raise_if_cancelled(self) -> None:
        """Raises Cancelled once somebody asked the run to stop."""


class ConsoleReporter:
    """Prints, and keeps every checkpoint."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        print(f"step {step}: " + ", ".join(f"{name} {value:.4g}" for name, value in values.items()))

    def progress(self, step: int, num_steps: int) -> None:
        pass

    def log(self, line: str) -> None:
        print(line)

    def environment(self, values: Mapping[str, Any]) -> None:
        pass

    def checkpoint(self, step: int, folder: Path) -> None:
        print(f"step {step}: checkpoint in {folder}")

    def raise_if_cancelled(self) -> None:
        pass
