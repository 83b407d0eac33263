"""A small real server of OpenAI's chat completions, whose replies follow from prompt and seed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


def completion(text: str | None, finish: str = "stop", **more: Any) -> Json:
    return {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}], **more}


@dataclass
class ChatServer:
    url: str
    # Given in turn instead of a reply: (status, headers, body).
    answers: list[tuple[int, dict[str, str], Json]] = field(default_factory=list)
    requests: list[Json] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    together: threading.Barrier | None = None  # requests wait here for each other
    most_at_once: int = 0


@contextmanager
def serve_chat() -> Iterator[ChatServer]:
    lock, under_way = threading.Lock(), [0]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                under_way[0] += 1
                served.most_at_once = max(served.most_at_once, under_way[0])
                served.requests.append(request)
                served.keys.append(self.headers["Authorization"])
                served.paths.append(self.path)
                status, headers, body = served.answers.pop(0) if served.answers else (200, {}, None)
            if body is None:
                said = f"{request['messages'][-1]['content'][:20]} {request['seed']}"
                body = completion(said, usage={"completion_tokens": 7})
            if served.together:
                served.together.wait(20)
            with lock:
                under_way[0] -= 1
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = ChatServer(f"http://127.0.0.1:{server.server_port}/v1")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
