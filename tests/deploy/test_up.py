from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError

from deploy import stack
from deploy.management.commands import up


@pytest.fixture(autouse=True)
def var_dir(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_address_follows_from_host_and_port():
    environment = up.child_environment({}, "0.0.0.0", 8123)
    assert environment["PUBLIC_URL"] == environment["WORKER_API_URL"] == "http://127.0.0.1:8123"


def test_what_the_operator_set_is_kept():
    given = {"PUBLIC_URL": "https://rank.example", "SECRET_KEY": "of my own", "ALLOWED_HOSTS": "rank.example"}
    environment = up.child_environment(given, "127.0.0.1", 8000)
    assert environment["PUBLIC_URL"] == "https://rank.example"
    assert environment["SECRET_KEY"] == "of my own"
    assert environment["WORKER_API_URL"] == "http://127.0.0.1:8000", "workers here need no proxy"
    assert environment["ALLOWED_HOSTS"] == "rank.example,127.0.0.1"


def test_secret_key_is_made_once_and_is_the_owners_alone(var_dir):
    first = up.child_environment({}, "127.0.0.1", 8000)["SECRET_KEY"]
    again = up.child_environment({"SECRET_KEY": ""}, "127.0.0.1", 8000)["SECRET_KEY"]
    assert first == again
    assert len(first) > 40
    assert stat.S_IMODE((var_dir / "secret_key").stat().st_mode) == 0o600


def test_silent_database_is_one_sentence(monkeypatch):
    def refuse(*args, **kwargs):
        raise up.OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(up, "call_command", refuse)
    with pytest.raises(CommandError, match=r"does not answer \(connection refused\): start it, or correct"):
        up.migrate()


def test_ctrl_c_ends_the_web_process_and_the_dispatcher(tmp_path: Path) -> None:
    with stack.running(tmp_path / "a folder with spaces") as house:
        tree = psutil.Process(house.process.pid).children(recursive=True)
        assert house.child("deploy.serve") in tree
        assert house.child("dispatch") in tree
        link = f"{house.url}/setup?key={house.setup_key()}"
        deadline = time.monotonic() + 10
        while link not in house.log.read_text():
            assert time.monotonic() < deadline, house.log.read_text()
            time.sleep(0.05)
        started = time.monotonic()
        os.kill(house.process.pid, signal.SIGINT)
        assert house.process.wait(timeout=20) == 0
        assert time.monotonic() - started < 15
        _, alive = psutil.wait_procs(tree, timeout=2)
        assert alive == []
        assert not house.is_healthy()
