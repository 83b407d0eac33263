"""The product as it is deployed and the bare server, each with a database of its own."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from deploy import stack
from deploy.private import stopped_afterwards
from deploy.processes import die_with_parent

THREADS = 8
# On PostgreSQL as for many annotators: a process for each core of a small machine, Redis between them.
# On SQLite as `manage.py up` serves it: one process.
PROCESSES = {"postgresql": 2, "sqlite": 1}
BARE_ON_GUNICORN = ["-m", "gunicorn", "-c", "python:benchmarks.bare.gunicorn_conf", "benchmarks.bare.wsgi"]


@dataclass
class House:
    """A database and the server on it; `module` is the script that fills and reads the database."""

    module: str
    folder: Path
    environment: Mapping[str, str]
    url: str = ""

    def ask(self, *words: object) -> Any:
        """What `python -m <module> WORDS…` prints."""
        done = subprocess.run(
            [sys.executable, "-m", self.module, *map(str, words)],
            cwd=stack.ROOT,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(done.stdout)


def house(module: str, folder: Path, **environment: str) -> House:
    folder.mkdir(parents=True, exist_ok=True)
    given = stack.private_environment(
        folder, WEB_THREADS=str(THREADS), SECRET_KEY="benchmark " * 6, LOG_LEVEL="WARNING", **environment
    )
    given.setdefault("DATABASE_URL", f"sqlite:///{folder / 'database.sqlite3'}")
    return House(module, folder, given)


def product(house: House) -> contextlib.AbstractContextManager[None]:
    """As docs/operating.md has it for many annotators."""
    return _served(house, ["-m", "deploy.http"])


def bare(house: House, *, on_granian: bool = False) -> contextlib.AbstractContextManager[None]:
    """On gunicorn's threads, or on the product's own server; as many processes and threads either way."""
    return _served(house, ["-m", "benchmarks.bare.http"] if on_granian else BARE_ON_GUNICORN)


@contextlib.contextmanager
def _served(house: House, command: Sequence[str]) -> Iterator[None]:
    port = stack.free_port()
    house.url = f"http://127.0.0.1:{port}"
    address = {"PORT": str(port), "PUBLIC_URL": house.url, "DJANGO_SETTINGS_MODULE": ""}
    environment = {**house.environment, **address}
    del environment["DJANGO_SETTINGS_MODULE"]
    with (house.folder / "server.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=stack.ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
    with stopped_afterwards(process, signal.SIGTERM):
        _wait_until_it_answers(house, process)
        yield


@contextlib.contextmanager
def up(house: House) -> Iterator[None]:
    """`manage.py up`, with its dispatcher."""
    with stack.running(house.folder, **house.environment) as running:
        house.url = running.url
        yield


def _wait_until_it_answers(house: House, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + stack.START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{house.url}/", timeout=5)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{house.module} did not start:\n{(house.folder / 'server.log').read_text()[-2000:]}")


def database_on(server_url: str, name: str) -> str:
    """A new, empty database there."""
    import psycopg

    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server_url.rpartition("/")[0] + f"/{name}"


def processes_of(database: str) -> dict[str, str]:
    return {"WEB_PROCESSES": str(PROCESSES[database])}
