"""What trainers report, on its way to the server; and the server's wish to stop, on its way back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from rlhf.client.http import ApiError
from rlhf.training.errors import Cancelled
from rlhf.worker.protocol import Json, RunApi
from rlhf.worker.spool import Spool

PROGRESS_EVERY_SECONDS = 0.5
MAX_LINE = 2000


class ServerReporter:
    """A trainer's Reporter. Metrics that an earlier attempt reported are left out, so that a resumed
    run reports none twice; at the last known step by name, since closing metrics may still be owed."""

    def __init__(
        self,
        api: RunApi,
        spool_path: Path,
        *,
        last_seq: int,
        last_step: int,
        last_step_metrics: Iterable[str],
        heartbeat_seconds: float,
    ) -> None:
        self._api = api
        self.cancelled = threading.Event()
        self._stopped = threading.Event()
        self.spool = Spool(spool_path, api, last_seq=last_seq, on_answer=self._read_answer)
        # What this disk holds of the same attempt may not have reached the server yet.
        spooled = self.spool.metrics_found
        self._last_step = max(last_step, *spooled, 0)
        self._known = spooled.get(self._last_step, set()) | set(
            last_step_metrics if last_step == self._last_step else ()
        )
        self._environment: dict[str, Any] = {}
        self._progress_at = 0.0
        self._last_line = ""
        self.on_checkpoint: Callable[[int, Path], None] = lambda step, folder: None
        threading.Thread(target=self._beat, args=(heartbeat_seconds,), name="heartbeat", daemon=True).start()

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        kept = {key: value if math.isfinite(value) else None for key, value in values.items()}
        if step == self._last_step:
            kept = {key: value for key, value in kept.items() if key not in self._known}
        if kept and step >= self._last_step:
            self.spool.add("metrics", step=step, values=kept)

    def progress(self, step: int, num_steps: int) -> None:
        now = time.monotonic()
        if step >= num_steps or now - self._progress_at >= PROGRESS_EVERY_SECONDS:
            self._progress_at = now
            self.spool.add("progress", step=step, num_steps=num_steps)

    def log(self, line: str) -> None:
        line = line.strip()[:MAX_LINE]
        if line and line != self._last_line:
            self._last_line = line
            self.spool.add("log", line=line)

    def environment(self, values: Mapping[str, Any]) -> None:
        self._environment.update(values)
        self.spool.add("environment", values=self._environment)

    def checkpoint(self, step: int, folder: Path) -> None:
        self.on_checkpoint(step, folder)

    def raise_if_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled

    def close(self) -> None:
        self._stopped.set()
        self.spool.close()

    def _read_answer(self, answer: Json) -> None:
        if answer.get("cancel"):
            self.cancelled.set()

    def _beat(self, seconds: float) -> None:
        """Through an outage too: the run goes on, and is known to be alive as soon as it ends."""
        while not self._stopped.wait(seconds):
            try:
                self._read_answer(self._api.heartbeat())
            except ApiError:
                continue
