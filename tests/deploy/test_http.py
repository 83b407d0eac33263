"""HTTP on several processes, as docs/operating.md has it for many annotators."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from deploy.private import redis
from deploy.stack import free_port, lay_database, private_environment
from tests.waiting import until


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    given = private_environment(folder, HOST="127.0.0.1", WEB_PROCESSES="2", WEB_THREADS="2")
    given["DATABASE_URL"] = f"sqlite:///{folder / 'house.sqlite3'}"
    lay_database(folder / "house.sqlite3")
    with redis() as given["REDIS_URL"]:
        yield given


@pytest.fixture
def served(environment):
    """The server's process, and a client of it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.http"],
        env={**environment, "PORT": str(port), "PUBLIC_URL": url},
        start_new_session=True,
    )
    try:
        with httpx.Client(base_url=url, timeout=30) as client:
            until(lambda: answers(client))
            yield process, client
    finally:
        with contextlib.suppress(ProcessLookupError):  # after a process of it died, it ends slowly
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=40)


def answers(client):
    with contextlib.suppress(httpx.TransportError):
        return client.get("/api/health").status_code == 200
    return False


def test_a_process_that_dies_is_started_again(served):
    process, client = served
    before = [child.pid for child in psutil.Process(process.pid).children()]
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    until(lambda: answers(client))

    def both_work():
        now = {child.pid for child in psutil.Process(process.pid).children()}
        return len(now) == 2 and before[0] not in now

    until(both_work)
    until(lambda: answers(client))


def test_bodies_are_read_whole_and_refused_without_a_length(served):
    _, client = served
    cookie = client.get("/api/session").cookies["csrftoken"]
    headers = {"X-CSRFToken": cookie, "Content-Type": "application/json"}
    said = client.post("/api/session", json={"email": "nobody", "password": "x" * 100_000}, headers=headers)
    assert said.status_code == 400, said.text  # read to its end, and refused for what it says
    chunked = client.post("/api/session", content=iter([b"{}"]), headers=headers)
    assert (chunked.status_code, chunked.json()["code"]) == (411, "length_required")


def test_sigterm_ends_it_after_the_open_request(served):
    process, client = served
    body = b'{"email": "a@example.com", "password": "p"}'
    head = f"POST /api/session HTTP/1.1\r\nHost: {client.base_url.netloc.decode()}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.base_url.port)) as connection:
        connection.sendall(head.encode() + body[:10])
        time.sleep(1)  # until a process has taken it
        process.terminate()
        time.sleep(0.5)
        connection.sendall(body[10:])
        connection.settimeout(30)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 4"), answer[:200]
    assert b'"message"' in answer
    assert process.wait(timeout=40) == 0
