"""HTTP on threads beside WebSockets on the loop, on one port."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from functools import partial

import httpx
import pytest
from a2wsgi import WSGIMiddleware
from asgiref.sync import async_to_sync
from websockets.sync.client import connect

from deploy.stack import free_port, lay_database
from deploy.wsgi import with_known_length


@pytest.fixture
def echo(monkeypatch):
    """The application with a WSGI side that tells what it saw."""
    from deploy import asgi

    def app(environ, start_response):
        length, chunks = 0, 0
        while chunk := environ["wsgi.input"].read(64 * 1024):
            length, chunks = length + len(chunk), chunks + 1
        seen = {key: value for key, value in environ.items() if isinstance(value, str)}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({**seen, "length": length, "chunks": chunks}).encode()]

    monkeypatch.setattr(asgi, "http", WSGIMiddleware(with_known_length(app), workers=2))
    return asgi.application


def request(application, headers, body=()):
    chunks = iter(body)

    async def call():
        sent = []

        async def receive():
            chunk = next(chunks, None)
            return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": "/x",
            "query_string": b"",
            "headers": headers,
        }
        await application(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], json.loads(content)

    return async_to_sync(call)()


def test_headers_that_wsgi_could_confuse_are_dropped(echo):
    headers = [(b"host", b"x"), (b"x_forwarded_proto", b"https"), (b"x-real", b"1")]
    status, seen = request(echo, headers)
    assert status == 200
    assert "HTTP_X_FORWARDED_PROTO" not in seen
    assert seen["HTTP_X_REAL"] == "1"


def test_a_body_without_a_length_is_refused_instead_of_lost(echo):
    status, body = request(echo, [(b"transfer-encoding", b"chunked")], iter([b"data"]))
    assert (status, body["code"]) == (411, "length_required")


def test_uploads_are_read_as_they_come(echo):
    pulled = []

    def chunks():
        for number in range(200):
            pulled.append(number)
            yield b"x" * 50_000

    status, seen = request(echo, [(b"content-length", b"10000000")], chunks())
    assert (status, seen["length"], len(pulled)) == (200, 10_000_000, 200)
    assert seen["chunks"] > 100


def test_bodies_can_be_read_line_by_line(monkeypatch):
    from deploy import asgi

    def app(environ, start_response):
        lines = list(iter(partial(environ["wsgi.input"].readline, 1000), b""))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps([line.decode() for line in lines]).encode()]

    monkeypatch.setattr(asgi, "wsgi_application", app)
    monkeypatch.setattr(asgi, "http", WSGIMiddleware(asgi.with_readable_body, workers=1))
    length = [(b"content-length", b"9")]
    assert request(asgi.application, length, [b"on", b"e\ntw", b"o\n3"]) == (200, ["one\n", "two\n", "3"])


@pytest.fixture
def server(tmp_path):
    """The web process as it is deployed, with bob signed in to a project."""
    environment = {
        **os.environ,
        "PLUMBLINE_VAR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "deploy.settings",
    }
    port = free_port()
    environment["PUBLIC_URL"] = environment["WORKER_API_URL"] = f"http://127.0.0.1:{port}"
    lay_database(tmp_path / "db.sqlite3")
    process = subprocess.Popen([sys.executable, "-m", "deploy.serve", "--port", str(port)], env=environment)
    try:
        url = environment["PUBLIC_URL"]
        for _ in range(300):
            try:
                if httpx.get(f"{url}/api/health").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url, environment
    finally:
        process.terminate()
        process.wait(timeout=20)


def run(environment, program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{program}"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_one_port_serves_requests_and_live_updates(server):
    url, environment = server
    run(
        environment,
        "from labeling.core.services import accounts\n"
        "accounts.create_user(email='o@example.com', name='O', password='nine horses', is_operator=True)",
    )
    browser = httpx.Client(base_url=url)
    browser.get("/api/session")

    def post(path: str, body: dict) -> httpx.Response:
        headers = {"X-CSRFToken": browser.cookies["csrftoken"]}
        return browser.post(path, json=body, headers=headers).raise_for_status()

    post("/api/session", {"email": "o@example.com", "password": "nine horses"})
    slug = post("/api/projects", {"name": "Support"}).json()["slug"]

    cookie = f"sessionid={browser.cookies['sessionid']}"
    address = url.replace("http", "ws") + f"/ws/projects/{slug}"
    with connect(address, origin=url, additional_headers={"Cookie": cookie}) as page:
        run(environment, "from labeling.core import live; live.publish('project.1', topic='rounds', id=4)")
        heard = json.loads(page.recv(timeout=10))
        while heard["topic"] == "presence":  # of the one who listens here
            heard = json.loads(page.recv(timeout=10))
        assert (heard["type"], heard["topic"], heard["id"]) == ("changed", "rounds", 4)

        # Eight WSGI threads stay busy while the loop keeps answering.
        threads = [threading.Thread(target=browser.get, args=("/api/projects",)) for _ in range(30)]
        for thread in threads:
            thread.start()
        page.ping().wait(timeout=5)
        for thread in threads:
            thread.join()

    with httpx.Client(base_url=url) as client:
        chunked = client.post(
            "/api/session", content=iter([b"{}"]), headers={"Content-Type": "application/json"}
        )
        assert chunked.status_code == 411
        assert client.get("/api/nope").json()["code"] == "not_found"


def test_lifespan_marks_the_process_that_serves_pages():
    from deploy.asgi import application
    from labeling.core import live

    async def call():
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        during = []

        async def receive():
            return next(messages)

        async def send(message):
            during.append((message["type"], live._server_loop is asyncio.get_running_loop()))

        await application({"type": "lifespan"}, receive, send)
        return during

    during = async_to_sync(call)()
    assert during == [("lifespan.startup.complete", True), ("lifespan.shutdown.complete", True)]
    assert live._server_loop is None
