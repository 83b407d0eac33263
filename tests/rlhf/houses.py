"""A web server with a database of its own, and dispatchers that tests start and kill."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from deploy import stack
from rlhf.client import Client
from tests.rlhf.factories import base_model

ROOT = Path(__file__).resolve().parents[2]
SCRIPTED_DISPATCH = Path(__file__).with_name("scripted_dispatch.py")
PASSWORD = "a horse that counts to nine"
STEPS = 12


class House:
    """A web server with its own database; dispatchers are started by the tests."""

    def __init__(self, folder: Path, **environment: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = stack.free_port()
        self.url = url = f"http://127.0.0.1:{self.port}"
        self.environment = stack.private_environment(
            folder, PUBLIC_URL=url, SECRET_KEY="a key that workers must not see", **environment
        )
        self.environment["PLUMBLINE_OPERATOR_PASSWORD"] = PASSWORD
        if own := database_of_its_own():
            self.environment |= own
            self.manage("migrate", "-v0")
        else:
            stack.lay_database(folder / "plumbline.sqlite3")
        self.manage("create_operator", "--email", "olga@example.com", "--name", "Olga")
        self.web = self.start("-m", "deploy.serve", "--port", str(self.port))
        self.client = Client(url, retry_seconds=60).login("olga@example.com", PASSWORD)
        self.client.post("/api/projects", {"slug": "support", "name": "Support"})
        self.client.patch("/api/projects/support/queue", {"hold_cut_off": False})
        rows = [{"prompt": f"{n}?", "chosen": f"Yes {n}", "rejected": "No"} for n in range(20)]
        self.client.import_rows("support", rows)
        self.snapshot = self.client.post("/api/projects/support/snapshots", {"kind": "preferences"})["id"]

    def stop(self) -> None:
        self.web.terminate()
        self.web.wait(timeout=30)

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, check=True)

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        environment = {**self.environment, "PYTHONPATH": str(ROOT), **more}
        return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment)

    @contextmanager
    def dispatcher(
        self, *arguments: str, program: tuple[str, ...] = (str(SCRIPTED_DISPATCH),), **more: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        process = self.start(*program, *arguments, **more)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)

    def launch(self) -> int:
        spec = {
            "kind": "reward",
            "model": base_model(self.folder),
            "snapshot": self.snapshot,
            "max_steps": STEPS,
            "checkpoint_every": 3,
        }
        return self.client.post("/api/projects/support/runs", spec)["id"]

    def run(self, number: int) -> dict[str, Any]:
        return self.client.get(f"/api/runs/{number}")

    def wait(self, number: int, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        return wait_for(lambda: self.run(number), condition)

    def steps(self, number: int) -> list[int]:
        points = self.client.get(f"/api/runs/{number}/metrics")["points"]
        return [point["step"] for point in points]

    def words(self, number: int) -> list[str]:
        return [line["line"] for line in self.client.get(f"/api/runs/{number}/logs")["lines"]]

    def worker_pid(self, number: int) -> int:
        said = [re.match(r"pid (\d+) ", line) for line in self.words(number)]
        return int([match for match in said if match][-1][1])


def database_of_its_own() -> dict[str, str]:
    """Where the tests run on PostgreSQL, a house does too; otherwise it has SQLite in its folder."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        return {}
    name = f"house_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return {"DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl()}


def wait_for(
    look: Callable[[], dict[str, Any]],
    condition: Callable[[dict[str, Any]], bool],
    seconds: float = 90,
    every: float = 0.2,
) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while not condition(found := look()):
        assert time.monotonic() < deadline, json.dumps(found, indent=1)
        time.sleep(every)
    return found
