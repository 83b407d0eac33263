"""A private PostgreSQL and Redis for as long as a command runs.

    python -m tests.services test [PYTEST ARGUMENT…]     every test, on SQLite and on PostgreSQL
    python -m tests.services [postgres] [redis] -- COMMAND

COMMAND sees DATABASE_URL and TEST_REDIS_URL.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from deploy.private import postgres, redis
from deploy.processes import die_with_parent

FOLDERS_THAT_TRAIN = ("tests/training", "tests/worker", "tests/benchmarks")
FOLDERS_OF_THE_WHOLE = ("tests/rlhf", "tests/e2e")  # of which some train
REQUESTS_MADE_UP = "tests/test_schema.py"
ELSEWHERE = [f"--ignore={path}" for path in (*FOLDERS_THAT_TRAIN, "tests/e2e", REQUESTS_MADE_UP)]
# Two at a time on two cores, the longest first. A lane collects no more than it runs: whoever only passes
# over what trains need not wait for its libraries.
LANES = {
    "In the browser": ["tests/e2e", "-m", "not postgres and not training"],
    "Training": [*FOLDERS_THAT_TRAIN, "-m", "not postgres"],
    "On SQLite": [*ELSEWHERE, "-m", "not postgres and not training"],
    "On PostgreSQL": [
        "tests/labeling", "tests/rlhf", "tests/deploy/test_postgresql.py",
        "-m", "not training and not browser and not once",
    ],
    "Training by the whole product": [*FOLDERS_OF_THE_WHOLE, "-m", "training and not postgres"],
    "Made-up requests": [REQUESTS_MADE_UP],
}  # fmt: skip
AT_A_TIME = 2
NOTHING_COLLECTED = 5


def run_every_test(arguments: list[str]) -> int:
    """What a lane says is shown when it has ended."""
    started = time.monotonic()
    with postgres() as database_url, redis() as redis_url, ThreadPoolExecutor(AT_A_TIME) as pool:

        def run(name: str) -> int:
            databases = {"DATABASE_URL": database_url} if name == "On PostgreSQL" else {}
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *LANES[name], *arguments],
                env={**os.environ, "TEST_REDIS_URL": redis_url, **databases},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,
                text=True,
            )
            print(f"\n{name}, ended after {time.monotonic() - started:.0f} s:\n{done.stdout}", flush=True)
            return done.returncode

        codes = list(pool.map(run, LANES))
    print(f"tests took {time.monotonic() - started:.0f} s, all lanes together")
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
