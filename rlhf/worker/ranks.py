"""The other processes of a run that several share, started by the first one on its own machine.

The first is the worker itself, and it alone talks to the server. The others (`python -m rlhf.worker.ranks`)
are told what to do on their standard input and train along. They end when it ends, since then that input
does; one that dies ends it too, so that whoever started the worker sees one death and tries again.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from rlhf.training.errors import Cancelled, TrainingError
from rlhf.worker.protocol import Json

EXIT_SAID = 10  # the reason is in the process's error file
LOOK_EVERY_SECONDS = 0.1
# How long the first process may take to notice by itself what another one ended with.
GRACE_SECONDS = 10.0
COMMAND = (sys.executable, "-m", "rlhf.worker.ranks")


class Ranks:
    """Processes 1 to `count` - 1 beside this one, which becomes number 0. `on_failure` is called with a
    sentence when one of them says why it failed and this one does not; `on_death` when one is gone.
    Both are called from a thread of their own, and must end this process."""

    def __init__(
        self,
        job: Json,
        count: int,
        folder: Path,
        *,
        on_failure: Callable[[str], None],
        on_death: Callable[[str], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._job, self._count, self._folder = job, count, folder
        self._on_failure, self._on_death = on_failure, on_death
        self._command = list(command)
        self._children: list[subprocess.Popen[str]] = []
        self._over = threading.Event()

    def __enter__(self) -> Self:
        if self._count > 1:
            self._folder.mkdir(parents=True, exist_ok=True)
            shared = {"WORLD_SIZE": str(self._count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": _free_port()}
            for rank in range(1, self._count):
                self._children.append(self._start(rank, {**os.environ, **shared, **_numbers(rank)}))
            os.environ.update(shared | _numbers(0))
            threading.Thread(target=self._watch, name="ranks", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """After a success the others are at their ends too; after anything else nobody waits for them."""
        self._over.set()
        deadline = time.monotonic() + (GRACE_SECONDS if kind is None else 0)
        for child in self._children:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def has_lost_one(self) -> bool:
        """Whether what just went wrong here is that another process died: it may take a moment to show."""
        deadline = time.monotonic() + GRACE_SECONDS / 2
        while self._children and time.monotonic() < deadline:
            codes = [child.poll() for child in self._children]
            if any(code not in (None, 0, EXIT_SAID) for code in codes):
                return True
            if None not in codes:
                return False
            time.sleep(LOOK_EVERY_SECONDS)
        return False

    def _start(self, rank: int, environment: dict[str, str]) -> subprocess.Popen[str]:
        error_file(self._folder, rank).unlink(missing_ok=True)
        child = subprocess.Popen(self._command, stdin=subprocess.PIPE, env=environment, text=True)
        assert child.stdin is not None
        child.stdin.write(json.dumps({**self._job, "folder": str(self._folder)}) + "\n")
        child.stdin.flush()
        return child

    def _watch(self) -> None:
        while not self._over.wait(LOOK_EVERY_SECONDS):
            for rank, child in enumerate(self._children, start=1):
                code = child.poll()
                if code == EXIT_SAID:
                    if not self._over.wait(GRACE_SECONDS):
                        self._on_failure(error_file(self._folder, rank).read_text(encoding="utf-8"))
                    return
                if code:
                    self._on_death(f"Process {rank + 1} of {self._count} ended with exit code {code}.")
                    return


def error_file(folder: Path, rank: int) -> Path:
    return folder / f"rank-{rank}.error"


def _numbers(rank: int) -> dict[str, str]:
    return {"RANK": str(rank), "LOCAL_RANK": str(rank)}


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Nobody:
    """A reporter for a process that nobody listens to."""

    def raise_if_cancelled(self) -> None:
        """The first process asks, and tells all."""

    def _ignore(self, *args: Any, **kwargs: Any) -> None:
        pass

    metrics = progress = log = environment = checkpoint = _ignore


def main() -> int:
    # The first process decides what a signal to the group means.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    try:
        _train(job)
    except Cancelled:
        pass
    except Exception as error:
        from rlhf.worker.main import sentence

        if not isinstance(error, TrainingError):
            traceback.print_exc()
        said = str(error) if isinstance(error, TrainingError) else sentence(error)
        error_file(Path(job["folder"]), int(os.environ["RANK"])).write_text(said, encoding="utf-8")
        return EXIT_SAID
    return 0


def _end_with_the_first() -> None:
    sys.stdin.read()
    os._exit(1)


def _train(job: Json) -> None:
    from rlhf.worker.inputs import Inputs
    from rlhf.worker.kinds import Execution, train
    from rlhf.worker.main import load_libraries
    from rlhf.worker.protocol import RunApi, Settings

    settings = Settings.from_environment()
    load_libraries(job["run"]["kind"])
    # The first process has fetched everything already; this one finds it.
    inputs = Inputs(RunApi(settings), settings.cache)
    resume_from = Path(job["resume_from"]) if job["resume_from"] else None
    output_dir = Path(job["folder"]) / f"rank-{os.environ['RANK']}"
    train(Execution(job["run"], inputs, output_dir, resume_from, Nobody(), settings.cache))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
