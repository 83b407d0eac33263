"""Workers that begin at once, forked by a process that has loaded their libraries (rlhf/worker/warm.py)."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

logger = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "rlhf.worker.warm")
BEGIN_SECONDS = 10.0
READ_BYTES = 65536


class Forked:
    """A worker as its Popen would show it."""

    def __init__(self, pid: int, warm: Warm) -> None:
        self.pid = pid
        self._warm = warm

    @property
    def is_watched(self) -> bool:
        """False where nobody is left who will say how it ended."""
        return self.poll() is not None or self._warm.is_alive

    def poll(self) -> int | None:
        self._warm.listen()
        return self._warm.exit_codes.get(self.pid)


class Warm:
    """The process, and what it has said. `exit_codes` are of the workers that ended, by process id."""

    def __init__(self, *, folder: Path, environment: Mapping[str, str]) -> None:
        self.exit_codes: dict[int, int] = {}
        self._began: list[int] = []
        self._is_ready = False
        self._unread = b""
        self._process = subprocess.Popen(
            COMMAND,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._answers.fileno(), False)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, *, folder: Path, environment: Mapping[str, str], log: Path) -> Forked | None:
        """A worker that has begun; None where it must be started in another way, now or ever."""
        self.listen()
        if not self._is_ready:
            return None
        request = {"environment": dict(environment), "folder": str(folder), "log": str(log)}
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        except OSError:
            self.close()
            return None
        deadline = time.monotonic() + BEGIN_SECONDS
        while not self._began and self._is_ready and (left := deadline - time.monotonic()) > 0:
            select.select([self._answers], [], [], left)
            self.listen()
        if not self._began:
            logger.warning("The process that forks workers does not answer: workers start without it.")
            self.close()  # a worker that begins later finds no reader, and ends
            return None
        return Forked(self._began.pop(), self)

    def listen(self) -> None:
        """Take in what was said, without waiting."""
        while not self._answers.closed:
            try:
                data = os.read(self._answers.fileno(), READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                self._is_ready = False
                return
            *lines, self._unread = (self._unread + data).split(b"\n")
            for line in lines:
                self._hear(line.decode().split())

    def _hear(self, words: list[str]) -> None:
        match words:
            case ["ready"]:
                self._is_ready = True
            case ["began", pid]:
                self.exit_codes.pop(int(pid), None)  # of an earlier process with that number
                self._began.append(int(pid))
            case ["ended", pid, code]:
                self.exit_codes[int(pid)] = int(code)

    def close(self) -> None:
        """End the process; workers that it forked go on."""
        self._is_ready = False
        self._process.kill()
        self._process.wait()
        self._answers.close()
        with contextlib.suppress(OSError):
            self._requests.close()
