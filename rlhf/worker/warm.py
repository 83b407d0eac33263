"""A process that has loaded the libraries of all kinds, and forks a worker for each run: it begins at once.

    python -m rlhf.worker.warm

It says "ready" on stdout, reads one request for each worker from stdin, a line of JSON with `environment`,
`folder` and `log`, and says "ended PID CODE" of each that is over, a negative code being a signal's. The
worker itself says "began PID", once it leads a session of its own. It ends with its stdin; workers go on.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import traceback
from typing import Any, NoReturn

from rlhf.worker.kinds import LIBRARIES
from rlhf.worker.main import live, load_libraries, sentence

STDIN, STDOUT, STDERR = 0, 1, 2
READ_BYTES = 65536


def main() -> None:
    try:
        load_libraries(*LIBRARIES)
    except ModuleNotFoundError as problem:
        sys.exit(f"rlhf.worker.warm: {sentence(problem)}")
    wakes, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _say("ready")
    unread = b""
    while True:
        readable, _, _ = select.select([STDIN, wakes], [], [])
        if wakes in readable:
            os.read(wakes, READ_BYTES)
            _tell_ended()
        if STDIN in readable:
            data = os.read(STDIN, READ_BYTES)
            if not data:
                return
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                if os.fork() == 0:
                    _become_worker(json.loads(line), inherited=(wakes, woken))


def _say(words: str) -> None:
    os.write(STDOUT, f"{words}\n".encode())


def _tell_ended() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def _become_worker(request: dict[str, Any], *, inherited: tuple[int, int]) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in inherited:
            os.close(descriptor)
        os.setsid()
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        _set_threads(int(os.environ["OMP_NUM_THREADS"]))
        log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        nothing = os.open(os.devnull, os.O_RDONLY)
        # Whoever asked is gone where nobody reads this: then nobody knows of this worker either.
        _say(f"began {os.getpid()}")
        for source, target in ((nothing, STDIN), (log, STDOUT), (log, STDERR)):
            os.dup2(source, target)
        live()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _set_threads(count: int) -> None:
    """What OMP_NUM_THREADS says to a process that starts."""
    import torch

    torch.set_num_threads(count)


if __name__ == "__main__":
    main()
