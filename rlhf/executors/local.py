"""Workers as processes of this machine, one per GPU, or one at a time on CPU.

A worker has a session of its own: it outlives the dispatcher, and a restarted dispatcher finds
it again by process id and start time, which together name a process and never its successor.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
from django.conf import settings

from rlhf.executors import gpus
from rlhf.executors.base import Launch, Status, Submitted

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
    slot: int

    def __str__(self) -> str:
        return f"{self.pid}:{self.started_at:.2f}:{self.slot}"


class LocalExecutor:
    name = "local"
    ends_with_dispatcher = True

    def __init__(self, *, command: Sequence[str] | None = None) -> None:
        self._command = list(command or [sys.executable, "-m", "rlhf.worker"])
        self._devices = gpus.visible()
        self._num_slots = settings.LOCAL_SLOTS or len(self._devices) or 1
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._terminated_at: dict[str, float] = {}

    def num_free(self, active: Sequence[str]) -> int:
        return max(0, self._num_slots - len(active))

    def submit(self, launch: Launch, *, active: Sequence[str]) -> Submitted:
        taken = {parsed.slot for ref in active if (parsed := _parse(ref))}
        for ended in self._children.values():
            ended.poll()  # take the exit code of whoever finished, or it stays a zombie
        slot = next((slot for slot in range(self._num_slots) if slot not in taken), 0)
        num_threads = launch.num_threads or settings.LOCAL_THREADS or max(1, _num_cores() // self._num_slots)
        _workdir(launch.run_id).mkdir(parents=True, exist_ok=True)
        with self._log(launch.run_id, launch.attempt).open("ab") as log:
            child = subprocess.Popen(
                self._command,
                cwd=settings.BASE_DIR,
                env=self._environment(launch, slot, num_threads),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ref = str(_Ref(child.pid, _start_time(child.pid), slot))
        self._children[ref] = child
        return Submitted(ref, {"executor": "local", "num_threads": num_threads})

    def status(self, ref: str) -> Status:
        child = self._children.get(ref)
        if child is not None:
            exit_code = child.poll()
            return Status(alive=exit_code is None, exit_code=exit_code)
        return Status(alive=_process(ref) is not None)

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

    def _environment(self, launch: Launch, slot: int, num_threads: int) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in SECRETS and not name.startswith(SECRET_PREFIXES)
        }
        ours = {
            "PLUMBLINE_URL": settings.WORKER_API_URL,
            "PLUMBLINE_RUN_TOKEN": launch.token,
            "PLUMBLINE_WORKDIR": str(Path(settings.WORKDIR).absolute()),
            "OMP_NUM_THREADS": str(num_threads),
            "MKL_NUM_THREADS": str(num_threads),
            "PYTHONUNBUFFERED": "1",
        }
        if self._devices:
            ours["CUDA_VISIBLE_DEVICES"] = self._devices[slot % len(self._devices)]
        return {**inherited, **ours}


def _workdir(run_id: int) -> Path:
    return Path(settings.WORKDIR).absolute() / f"run-{run_id}"


def _num_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _parse(ref: str) -> _Ref | None:
    try:
        pid, started_at, slot = ref.split(":")
        return _Ref(int(pid), float(started_at), int(slot))
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
