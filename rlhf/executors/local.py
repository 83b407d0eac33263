"""Workers as processes of this machine, one per GPU, or one at a time on CPU. A run of several processes
takes as many GPUs; on CPU it is one run like any other, and its processes share the cores.

A worker is forked by a process that has loaded its libraries (warm.py), where one is ready, or else
started. It has a session of its own: it outlives the dispatcher, and a restarted dispatcher finds
it again by process id and start time, which together name a process and never its successor.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
from django.conf import settings

from rlhf.executors import gpus
from rlhf.executors.base import CannotRun, Launch, Status, Submitted
from rlhf.executors.warm import Forked, Warm

WORKER = [sys.executable, "-m", "rlhf.worker"]
GRACE_SECONDS = 6.0
TAIL_BYTES = 64 * 1024
# Start times read by two processes differ when the clock is set in between.
START_TIME_TOLERANCE_SECONDS = 2.0
# A worker runs model code from elsewhere; it must not find the server's keys in its environment.
SECRETS = frozenset(
    {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ARTIFACT_URL", "DJANGO_SETTINGS_MODULE", "PLUMBLINE_TOKEN"}
)
SECRET_PREFIXES = ("AWS_", "EMAIL_", "PG", "POSTGRES", "PLUMBLINE_OPERATOR")


class _Ref(NamedTuple):
    pid: int
    started_at: float
    slots: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.pid}:{self.started_at:.2f}:{'+'.join(map(str, self.slots))}"


class LocalExecutor:
    name = "local"
    ends_with_dispatcher = True

    def __init__(self, *, command: Sequence[str] | None = None) -> None:
        self._command = list(command or WORKER)
        self._devices = gpus.visible()
        self._num_slots = settings.LOCAL_SLOTS or len(self._devices) or 1
        self._warm: Warm | None = None
        self._children: dict[str, subprocess.Popen[bytes] | Forked] = {}
        self._terminated_at: dict[str, float] = {}

    def warm_up(self) -> None:
        """Have libraries loaded before a run asks for them. Not beside GPUs, which a process must not have
        looked for before it is told which are its own, and not on macOS, whose libraries cannot be forked."""
        can_fork = sys.platform == "linux" and not self._devices
        if settings.LOCAL_WARM and can_fork and self._command == WORKER:
            environment = {**_inherited(), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
            self._warm = Warm(folder=settings.BASE_DIR, environment=environment)

    def close(self) -> None:
        if self._warm:
            self._warm.close()

    def has_room(self, num_processes: int, active: Sequence[str]) -> bool:
        wanted = self._slots_wanted(num_processes)
        return wanted > self._most or len(self._free(active)) >= wanted

    def _slots_wanted(self, num_processes: int) -> int:
        return num_processes if self._devices else 1

    @property
    def _most(self) -> int:
        """Slots that one run can have: each a device of its own, since processes share none."""
        return min(self._num_slots, len(self._devices) or 1)

    def _free(self, active: Sequence[str]) -> list[int]:
        """A free slot of each device. One that is not known to have a process is counted as taken, too."""
        parsed = [_parse(ref) for ref in active]
        taken = {slot for ref in parsed if ref for slot in ref.slots}
        free = [slot for slot in range(self._num_slots) if slot not in taken]
        free = free[: max(0, len(free) - parsed.count(None))]
        return list({slot % self._most: slot for slot in reversed(free)}.values())[::-1]

    def submit(self, launch: Launch, *, active: Sequence[str]) -> Submitted:
        slots = self._choose(launch.num_processes, active)
        for ended in self._children.values():
            ended.poll()  # take the exit code of whoever finished, or it stays a zombie
        num_threads = launch.num_threads or settings.LOCAL_THREADS or self._share(launch.num_processes)
        _workdir(launch.run_id).mkdir(parents=True, exist_ok=True)
        child = self._start(
            self._environment(launch, slots, num_threads), self._log(launch.run_id, launch.attempt)
        )
        ref = str(_Ref(child.pid, _start_time(child.pid), slots))
        self._children[ref] = child
        return Submitted(ref, {"executor": "local", "num_threads": num_threads})

    def _start(self, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes] | Forked:
        folder = settings.BASE_DIR
        forked = self._warm and self._warm.fork(folder=folder, environment=environment, log=log)
        if forked:
            return forked
        with log.open("ab") as file:
            return subprocess.Popen(
                self._command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _choose(self, num_processes: int, active: Sequence[str]) -> tuple[int, ...]:
        wanted = self._slots_wanted(num_processes)
        if wanted > self._most:
            raise CannotRun(
                f"The run wants {num_processes} processes with a GPU each, and this machine has {self._most} "
                "for runs: lower num_processes."
            )
        return tuple(self._free(active)[:wanted]) or (0,)

    def _share(self, num_processes: int) -> int:
        slots = self._slots_wanted(num_processes)
        return max(1, _num_cores() * slots // self._num_slots // num_processes)

    def status(self, ref: str) -> Status:
        child = self._children.get(ref)
        if child is None or (isinstance(child, Forked) and not child.is_watched):
            return Status(alive=_process(ref) is not None)
        exit_code = child.poll()
        return Status(alive=exit_code is None, exit_code=exit_code)

    def cancel(self, ref: str) -> None:
        parsed = _parse(ref)
        if parsed is None or not self.status(ref).alive:
            return
        now = time.monotonic()
        asked_at = self._terminated_at.setdefault(ref, now)
        overdue = now - asked_at > GRACE_SECONDS
        if asked_at == now or overdue:
            try:
                # The session's leader is its group's: processes that the worker started end with it.
                os.killpg(parsed.pid, signal.SIGKILL if overdue else signal.SIGTERM)
            except ProcessLookupError:
                return

    def logs(self, run_id: int, attempt: int, *, num_lines: int) -> list[str]:
        try:
            with self._log(run_id, attempt).open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - TAIL_BYTES))
                return file.read().decode(errors="replace").splitlines()[-num_lines:]
        except OSError:
            return []

    def log_name(self, run_id: int, attempt: int) -> str:
        return str(self._log(run_id, attempt))

    def clean(self, run_id: int, *, keep_logs: bool) -> None:
        workdir = _workdir(run_id)
        if not keep_logs:
            shutil.rmtree(workdir, ignore_errors=True)
            return
        for path in workdir.iterdir() if workdir.is_dir() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix != ".log":
                path.unlink(missing_ok=True)

    def left_over(self) -> list[int]:
        names = [
            path.name.removeprefix("run-") for path in Path(settings.WORKDIR).glob("run-*") if path.is_dir()
        ]
        return sorted(int(name) for name in names if name.isdecimal())

    def _log(self, run_id: int, attempt: int) -> Path:
        return _workdir(run_id) / f"attempt-{attempt}.log"

    def _environment(self, launch: Launch, slots: Sequence[int], num_threads: int) -> dict[str, str]:
        ours = {
            "PLUMBLINE_URL": settings.WORKER_API_URL,
            "PLUMBLINE_RUN_TOKEN": launch.token,
            "PLUMBLINE_WORKDIR": str(Path(settings.WORKDIR).absolute()),
            "OMP_NUM_THREADS": str(num_threads),
            "MKL_NUM_THREADS": str(num_threads),
            "PYTHONUNBUFFERED": "1",
        }
        if self._devices:
            ours["CUDA_VISIBLE_DEVICES"] = ",".join(self._devices[n % len(self._devices)] for n in slots)
        return {**_inherited(), **ours}


def _inherited() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name not in SECRETS and not name.startswith(SECRET_PREFIXES)
    }


def _workdir(run_id: int) -> Path:
    return Path(settings.WORKDIR).absolute() / f"run-{run_id}"


def _num_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _parse(ref: str) -> _Ref | None:
    try:
        pid, started_at, slots = ref.split(":")
        return _Ref(int(pid), float(started_at), tuple(map(int, slots.split("+"))))
    except ValueError:  # not one of ours: no process is to be found by it
        return None


def _start_time(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:  # ended already; whoever has the number next started later
        return 0.0


def _process(ref: str) -> psutil.Process | None:
    """The living process that `ref` names, or None when it ended or its number was given away."""
    parsed = _parse(ref)
    if parsed is None:
        return None
    try:
        process = psutil.Process(parsed.pid)
        same = abs(process.create_time() - parsed.started_at) <= START_TIME_TOLERANCE_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None
