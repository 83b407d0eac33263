from __future__ import annotations

import socket
import subprocess
import sys
import time

import pytest

from deploy import serve


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_port_in_use_is_one_sentence_and_exit_code_2(taken_port):
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "deploy.serve", "--port", str(taken_port)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"Port {taken_port} is in use: stop what uses it, or choose another with PORT={taken_port + 1}."
    ]
    assert time.monotonic() - started < 5


def test_up_refuses_a_port_in_use_and_starts_nothing(taken_port, tmp_path, monkeypatch):
    monkeypatch.setenv("PLUMBLINE_VAR", str(tmp_path / "var"))
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", str(taken_port)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert f"Port {taken_port} is in use" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "var" / "plumbline.sqlite3").exists()


def test_address_of_another_machine_is_refused():
    with pytest.raises(serve.PortError, match=r"Cannot listen on 203\.0\.113\.7"):
        serve.bind("203.0.113.7", 0)
