"""A PostgreSQL and a Redis of one's own, for tests and measurements.

Both listen on this machine only, keep their data in a temporary folder, and end with the process
that started them, even when it is killed.
"""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from deploy.processes import die_with_parent
from deploy.stack import free_port

START_SECONDS = 60


def wait_for_port(port: int, process: subprocess.Popen, name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{name} did not start on port {port}")


@contextlib.contextmanager
def stopped_afterwards(process: subprocess.Popen, stop: signal.Signals) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def postgres_bin() -> Path:
    """The folder of initdb and postgres; Debian keeps it off the PATH."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), reverse=True)
    found = places[0] if places else shutil.which("postgres")
    if not found:
        sys.exit("This needs PostgreSQL: run `make machine`, which installs it.")
    return Path(found).parent


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """The URL of an empty PostgreSQL. It refuses to run as root, so root lends it to `postgres`.

    `durable` waits for the disk at every commit, as an installation does."""
    owner = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="plumbline-pg-"))
    port = free_port()
    programs = postgres_bin()
    try:
        if owner:
            account = pwd.getpwnam(owner)
            os.chown(folder, account.pw_uid, account.pw_gid)
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            folder / "data",
            "-U",
            "plumbline",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        subprocess.run(initdb, check=True, capture_output=True, user=owner, cwd=folder)
        settings = ["-c", "max_connections=200", "-c", f"unix_socket_directories={folder}"]
        if not durable:
            # Only a crash of the whole machine could lose these rows, and nobody would miss them.
            settings += ["-c", "fsync=off"]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", "-h", "127.0.0.1", "-p", str(port), *settings],
                stdout=log,
                stderr=log,
                user=owner,
                cwd=folder,
                preexec_fn=partial(die_with_parent, signal.SIGINT),
            )
        with stopped_afterwards(process, signal.SIGINT):
            wait_for_port(port, process, "PostgreSQL")
            yield f"postgres://plumbline@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    program = shutil.which("redis-server")
    if not program:
        sys.exit("This needs Redis: run `make machine`, which installs it.")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="plumbline-redis-") as folder:
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
        with stopped_afterwards(process, signal.SIGTERM):
            wait_for_port(port, process, "Redis")
            yield f"redis://127.0.0.1:{port}/0"
