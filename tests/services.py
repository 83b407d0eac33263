"""A private PostgreSQL and Redis for as long as a command runs.

    python -m tests.services test [PYTEST ARGUMENT…]     every test, on SQLite and on PostgreSQL
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

# Two lanes, one for each of two cores: pages and rules on SQLite; the two sides once more on PostgreSQL,
# then all that trains.
# Whoever only passes over what trains need not wait for its libraries.
ON_SQLITE = [
    *(f"--ignore=tests/{name}" for name in ("training", "worker", "benchmarks")),
    "-m", "not postgres and not training",
]  # fmt: skip
ON_POSTGRES = [
    "tests/labeling", "tests/rlhf", "tests/deploy/test_postgresql.py",
    "-m", "not training and not browser and not once", "-p", "no:cacheprovider",
]  # fmt: skip
TRAINING = ["-m", "training and not postgres", "-p", "no:cacheprovider"]
NOTHING_COLLECTED = 5


def pytest(arguments: list[str], output: IO[str] | None = None, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        env={**os.environ, **environment},
        stdout=output,
        stderr=output and subprocess.STDOUT,
        preexec_fn=die_with_parent,
    )


def run_every_test(arguments: list[str]) -> int:
    """What the second lane says is shown when the first has ended."""
    started = time.monotonic()
    with postgres() as database_url, redis() as redis_url, tempfile.TemporaryFile("w+") as said:
        first = pytest([*ON_SQLITE, *arguments], TEST_REDIS_URL=redis_url)
        codes = []
        for name, own, environment in (
            ("On PostgreSQL", ON_POSTGRES, {"DATABASE_URL": database_url}),
            ("Training", TRAINING, {}),
        ):
            print(f"\n{name}:", file=said, flush=True)
            second = pytest([*own, *arguments], said, TEST_REDIS_URL=redis_url, **environment)
            codes.append(second.wait())
        codes.append(first.wait())
        said.seek(0)
        shutil.copyfileobj(said, sys.stdout)
    print(f"tests took {time.monotonic() - started:.0f} s, both lanes together")
    # Who asks for some tests finds none of them in a lane.
    return max(0 if arguments and code == NOTHING_COLLECTED else code for code in codes)


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
