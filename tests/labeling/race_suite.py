"""The race suite again and again, until one of its tests fails.

    python -m tests.services postgres redis -- python -m tests.labeling.race_suite 20

runs it twenty times in a row on PostgreSQL; without `tests.services` on SQLite.
"""

from __future__ import annotations

import subprocess
import sys
import time

SUITE = [f"tests/labeling/test_{name}.py" for name in ("races", "queue_races", "steering_races")]


def run(times: int) -> int:
    """The exit code of the first run that fails, or 0."""
    for number in range(1, times + 1):
        started = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITE]
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.monotonic() - started
        print(f"{number}/{times}: {done.stdout.strip().splitlines()[-1]} ({seconds:.0f} s)", flush=True)
        if done.returncode:
            print(done.stdout)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
