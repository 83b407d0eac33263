"""Two processes that take turns: each does one piece of work when it is told to, and says what it cost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MIB = 2**20


def peak_mib() -> float:
    """The most memory this process has had resident, in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert found
        return int(found[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB  # bytes, on macOS


class Channel:
    """The worker's end. What libraries print goes to standard error."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self._began = 0.0

    def wait(self) -> None:
        """Until the next turn; the process ends when there is none."""
        if sys.stdin.readline().strip() != "go":
            self._out.flush()
            os._exit(0)  # in the middle of somebody's training loop
        self._began = time.perf_counter()

    def done(self, **facts: float) -> None:
        seconds = time.perf_counter() - self._began
        self.tell(seconds=seconds, peak_mib=peak_mib(), **facts)

    def tell(self, **facts: float) -> None:
        print(json.dumps(facts), file=self._out, flush=True)


class Worker:
    """The other end. `first_on_path` is searched for modules before all else."""

    def __init__(
        self, module: str, arguments: Sequence[str], *, threads: int, first_on_path: Path | None = None
    ) -> None:
        self._log = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115
        path = os.pathsep.join(str(one) for one in (first_on_path, ROOT) if one)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def read(self) -> Mapping[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._log.seek(0)
            raise RuntimeError(f"A worker ended with {code}:\n{self._log.read()[-2000:]}")
        return json.loads(line)

    def turn(self) -> Mapping[str, Any]:
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self.read()

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
