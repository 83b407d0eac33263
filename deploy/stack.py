"""A whole Plumbline of its own, in a private folder and on a free port: for the loop, for
measurements, and for the tests that kill its parts."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from deploy.processes import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 180
STOP_SECONDS = 30
# What names the person's own installation must not leak into a private one.
PRIVATE = (
    "DATABASE_URL", "REDIS_URL", "ARTIFACT_URL", "WORKDIR", "PUBLIC_URL", "WORKER_API_URL", "SECRET_KEY",
    "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "WEB_PROCESSES", "HOST", "PORT",
    "PLUMBLINE_URL", "PLUMBLINE_TOKEN",
)  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Stack:
    folder: Path
    port: int
    process: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "up.log"

    def is_healthy(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/api/health", timeout=2) as answer:
            return answer.status == 200
        return False

    def child(self, word: str) -> psutil.Process:
        """The supervised process whose command line holds `word`: deploy.serve or dispatch."""
        for process in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if word in " ".join(process.cmdline()):
                    return process
        raise LookupError(f"no {word} process is running")

    def setup_key(self) -> str:
        return wait_for_file(self.folder / "setup_key").read_text().strip()


def lay_database(target: Path) -> None:
    """An SQLite database with all tables and nobody in it, where there is none."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(laid_database(), target)


def laid_database() -> Path:
    """To be copied. Migrating takes ten seconds, so it is done once for the code there is."""
    files = [*sorted(ROOT.glob("[lr]*/**/*.py")), ROOT / "constraints.txt"]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    laid = ROOT / "var" / "migrated" / f"{digest}.sqlite3"
    if not laid.is_file():
        laid.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=laid.parent) as folder:
            made = Path(folder) / "made.sqlite3"
            environment = private_environment(Path(folder), DATABASE_URL=f"sqlite:///{made}")
            command = [sys.executable, "manage.py", "migrate", "-v0"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
            for old in laid.parent.glob("*.sqlite3"):
                old.unlink(missing_ok=True)
            made.replace(laid)
    return laid


def wait_for_file(path: Path, seconds: float = 10) -> Path:
    deadline = time.monotonic() + seconds
    while not path.is_file():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} did not appear")
        time.sleep(0.05)
    return path


def private_environment(folder: Path, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in PRIVATE}
    return {**inherited, "PLUMBLINE_VAR": str(folder), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Stack]:
    """Starts `manage.py up`, yields once it answers, stops it afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    if "DATABASE_URL" not in environment:
        lay_database(folder / "plumbline.sqlite3")
    port = free_port()
    with (folder / "up.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port)],
            cwd=ROOT,
            env=private_environment(folder, **environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
    stack = Stack(folder, port, process)
    try:
        wait_until_healthy(stack)
        yield stack
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_healthy(stack: Stack, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not stack.is_healthy():
        if stack.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Plumbline did not start; see the end of {stack.log}")
        time.sleep(0.1)
