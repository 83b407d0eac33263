"""`make check`: everything that can be said of the code without running the product.

Every check runs even when one before it failed; the exit code is 0 only when all passed.
"""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
import time
from pathlib import Path

from deploy.bootstrap import FRONTEND, ROOT, find_or_install_node, node_env

PY = sys.executable
SCHEMA = FRONTEND / "src" / "api" / "openapi.yaml"
CATALOGS = FRONTEND / "src" / "locales"
FRESH = ROOT / "var" / "check"
MANAGE = [PY, "manage.py"]
LAYERS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

PYTHON_CHECKS = {
    "lint": [PY, "-m", "ruff", "check", "."],
    "formatting": [PY, "-m", "ruff", "format", "--check", "."],
    "types": [PY, "-m", "mypy"],
    "layers": [PY, "-c", LAYERS],
    "settings": [*MANAGE, "check"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "API schema": [
        *MANAGE,
        "spectacular",
        "--validate",
        "--fail-on-warn",
        "--file",
        str(FRESH / "openapi.yaml"),
    ],
}
FRONTEND_CHECKS = {
    "frontend lint": ["npm", "run", "lint"],
    "frontend types": ["npm", "run", "typecheck"],
    "frontend tests": ["npm", "test"],
    "API types": ["npm", "run", "schema", "--", "--check"],
    "words": ["npm", "run", "words"],
}


def passes(name: str, command: list[str], cwd: Path = ROOT, env: dict[str, str] | None = None) -> bool:
    """Runs quietly; what a failing command said is shown whole."""
    started = time.monotonic()
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    word = "ok" if done.returncode == 0 else "FAILED"
    print(f"{name:16} {word:6} {time.monotonic() - started:5.1f} s", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def is_up_to_date(name: str, kept: Path, fresh: Path) -> bool:
    if kept.is_file() and fresh.is_file() and filecmp.cmp(kept, fresh, shallow=False):
        return True
    print(f"{name:16} FAILED {kept.relative_to(ROOT)} is out of date: run `make schema` and commit it")
    return False


def catalogs() -> dict[Path, str]:
    return {path: path.read_text() for path in CATALOGS.glob("*/*.po")}


def words_are_extracted(before: dict[Path, str]) -> bool:
    """Extracting writes the catalogs anew: whatever it changed was not committed. That each message is
    translated is looked at by the frontend's tests."""
    if catalogs() == before:
        return True
    print(
        f"{'words':16} FAILED {CATALOGS.relative_to(ROOT)} was out of date: fill in what is empty, commit it"
    )
    return False


def main() -> int:
    FRESH.mkdir(parents=True, exist_ok=True)
    words = catalogs()
    node = find_or_install_node()
    env = node_env(node)
    good = [passes(name, command) for name, command in PYTHON_CHECKS.items()]
    good += [
        passes(name, [str(node / command[0]), *command[1:]], FRONTEND, env)
        for name, command in FRONTEND_CHECKS.items()
    ]
    good.append(is_up_to_date("API schema", SCHEMA, FRESH / "openapi.yaml"))
    good.append(words_are_extracted(words))
    print("all checks passed" if all(good) else f"{good.count(False)} checks failed")
    return 0 if all(good) else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
