"""Keeps a few child processes alive until it is told to stop, and leaves none behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy.processes import die_with_parent

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
STOP_SECONDS = 15.0
TICK_SECONDS = 0.2


@dataclass
class Child:
    """One command. After each death it waits twice as long to start, until it has lived a while."""

    name: str
    command: list[str]
    process: subprocess.Popen | None = None
    delay_seconds: float = FIRST_DELAY_SECONDS
    started_at: float = 0.0
    start_at: float = 0.0  # when it is due again, by time.monotonic()

    def start(self, environment: Mapping[str, str], now: float) -> None:
        # A session of its own: Ctrl-C reaches the supervisor alone, which then ends all in order.
        self.process = subprocess.Popen(
            self.command, env=dict(environment), start_new_session=True, preexec_fn=die_with_parent
        )
        self.started_at = now

    def note_death(self, now: float) -> float:
        """Forget the dead process; returns the seconds until it is started again."""
        if now - self.started_at >= HEALTHY_SECONDS:
            self.delay_seconds = FIRST_DELAY_SECONDS
        wait = self.delay_seconds
        self.process, self.start_at = None, now + wait
        self.delay_seconds = min(wait * 2, LONGEST_DELAY_SECONDS)
        return wait


@dataclass
class Supervisor:
    children: list[Child]
    environment: Mapping[str, str]
    say: Callable[[str], None]
    stopping: bool = False

    def run(self, *, is_ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Returns after SIGINT or SIGTERM, with every child ended. `announce` once `is_ready`."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop_requested)
        announced = False
        try:
            while not self.stopping:
                self.tick(time.monotonic())
                if not announced and is_ready():
                    announce()
                    announced = True
                time.sleep(TICK_SECONDS)
        finally:
            self.stop()

    def tick(self, now: float) -> None:
        for child in self.children:
            if child.process is None:
                if now >= child.start_at:
                    child.start(self.environment, now)
            elif (code := child.process.poll()) is not None:
                kill_group(child.process.pid, signal.SIGKILL)  # nothing it started may linger
                wait = child.note_death(now)
                self.say(f"{child.name} ended ({describe_exit(code)}); starting it again in {wait:g} s")

    def stop(self) -> None:
        alive = [child.process for child in self.children if child.process is not None]
        for process in alive:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in alive:
            try:
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say("a process did not stop in time and is killed")
            kill_group(process.pid, signal.SIGKILL)
            process.wait()

    def _stop_requested(self, number: int, frame: object) -> None:
        self.stopping = True


def kill_group(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def describe_exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"
