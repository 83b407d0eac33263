"""A private PostgreSQL and Redis for as long as a command runs.

    python -m tests.services test [PYTEST ARGUMENT…]     every test, on SQLite and then on PostgreSQL
    python -m tests.services [postgres] [redis] -- COMMAND

COMMAND sees DATABASE_URL and TEST_REDIS_URL. Both servers listen on this machine only, keep their
data in a temporary folder, and end with this process even when it is killed.
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
from typing import IO

from deploy.processes import die_with_parent
from deploy.stack import free_port

START_SECONDS = 60
ON_POSTGRES = [
    "tests/labeling", "tests/rlhf", "-m", "not training and not browser", "-p", "no:cacheprovider",
]  # fmt: skip


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
        sys.exit("These tests need PostgreSQL: run `make machine`, which installs it.")
    return Path(found).parent


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty PostgreSQL. It refuses to run as root, so root lends it to `postgres`."""
    owner = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="plumbline-pg-"))
    port = free_port()
    programs = postgres_bin()
    try:
        if owner:
            account = pwd.getpwnam(owner)
            os.chown(folder, account.pw_uid, account.pw_gid)
        initdb = [programs / "initdb", "-D", folder / "data", "-U", "plumbline", "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*initdb, "--no-sync"],
            check=True,
            capture_output=True,
            user=owner,
            cwd=folder,
        )
        # fsync off: only a crash of the whole machine could lose these rows, and nobody would miss them.
        settings = ["-c", "fsync=off", "-c", "max_connections=200", "-c", f"unix_socket_directories={folder}"]
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
        sys.exit("These tests need Redis: run `make machine`, which installs it.")
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


def pytest(arguments: list[str], output: IO[str] | None = None, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        env={**os.environ, **environment},
        stdout=output,
        stderr=output and subprocess.STDOUT,
        preexec_fn=die_with_parent,
    )


def run_every_test(arguments: list[str]) -> int:
    """On SQLite everything but what only PostgreSQL can show, and beside it the two sides once more on
    PostgreSQL; what the second says is shown when the first has ended."""
    started = time.monotonic()
    with postgres() as database_url, redis() as redis_url, tempfile.TemporaryFile("w+") as said:
        on_postgres = pytest(
            [*ON_POSTGRES, *arguments],
            said,
            TEST_REDIS_URL=redis_url,
            DATABASE_URL=database_url,
        )
        on_sqlite = pytest(["-m", "not postgres", *arguments], TEST_REDIS_URL=redis_url)
        codes = [on_sqlite.wait(), on_postgres.wait()]
        said.seek(0)
        print("\nOn PostgreSQL:")
        shutil.copyfileobj(said, sys.stdout)
    print(f"tests took {time.monotonic() - started:.0f} s, SQLite and PostgreSQL together")
    return max(codes)


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["test"]:
        return run_every_test(arguments[1:])
    if "--" not in arguments or not set(arguments[: arguments.index("--")]) <= {"postgres", "redis"}:
        print("usage: python -m tests.services [postgres] [redis] -- COMMAND", file=sys.stderr)
        return 2
    split = arguments.index("--")
    environment = dict(os.environ)
    with contextlib.ExitStack() as stack:
        if "postgres" in arguments[:split]:
            environment["DATABASE_URL"] = stack.enter_context(postgres())
        if "redis" in arguments[:split]:
            environment["TEST_REDIS_URL"] = stack.enter_context(redis())
        return subprocess.call(arguments[split + 1 :], env=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
