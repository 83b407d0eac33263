"""A real HTTP server whose answers a test scripts, one after the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ScriptedServer:
    """Answers in order: (status, body) or (status, body, headers); None drops the connection
    after the request was read. The last answer repeats."""

    url: str = ""
    answers: list[Any] = field(default_factory=lambda: [(200, {})])
    received: list[Received] = field(default_factory=list)

    def next_answer(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    script = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.received.append(Received(self.command, self.path, dict(self.headers), body))
            answer = script.next_answer()
            if answer is None:
                self.close_connection = True
                self.connection.close()
                return
            status, payload, *rest = answer
            data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            self.send_response(status)
            for name, value in (rest[0] if rest else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

        def log_message(self, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    serve: Callable[[], None] = lambda: httpd.serve_forever(poll_interval=0.02)  # noqa: E731
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield script
    httpd.shutdown()
    httpd.server_close()
