"""A private PostgreSQL and Redis for as long as a command runs.

    python -m tests.services test [PYTEST ARGUMENT…]     every test, on SQLite and then on PostgreSQL
    python -m tests.services [postgres] [redis] -- COMMAND

COMMAND sees DATABASE_URL and TEST_REDIS_URL.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from typing import IO

from deploy.private import postgres, redis
from deploy.processes import die_with_parent

ON_POSTGRES = [
    "tests/labeling", "tests/rlhf", "tests/deploy/test_postgresql.py",
    "-m", "not training and not browser", "-p", "no:cacheprovider",
]  # fmt: skip


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
