"""A small real server that speaks the worker protocol, keeps files on disk, and can be made to fail.

It checks what the protocol promises and remembers everything it accepted, so that a test can ask what
a run reported. `stop` and `start` stand for an outage; `faults` decides about single requests.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

Json = dict[str, Any]
Answer = tuple[int, Json | Path]
# "drop": the request is never read. "lose": it is carried out, and the answer never arrives.
Fault = str | int | None


def describe_files(folder: Path, prefix: str = "") -> list[Json]:
    return [
        {
            "name": prefix + path.relative_to(folder).as_posix(),
            "size": path.stat().st_size,
            "sha256": sha256(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class ProtocolServer:
    """One run of `kind`, its models by registry id, and its snapshot."""

    root: Path
    kind: str
    spec: Json
    models: dict[str, Any]
    model_folders: dict[int, Path]
    snapshot_folder: Path | None = None
    critic_folder: Path | None = None
    heartbeat_seconds: float = 0.2

    attempt: int = 0
    token: str = ""
    state: str = "queued"
    cancel: bool = False
    last_seq: int = 0
    events: list[Json] = field(default_factory=list)  # as accepted, with their attempt
    checkpoint: Json | None = None
    finished: Json | None = None
    num_heartbeats: int = 0
    requests: list[str] = field(default_factory=list)
    faults: Callable[[str, str], Fault] = lambda method, path: None
    on_request: Callable[[str, str], None] = lambda method, path: None
    port: int = 0
    _httpd: Server | None = None
    _lock: Any = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def files(self) -> Path:
        return self.root / "files"

    def start(self) -> ProtocolServer:
        server = self

        class Bound(Handler):
            protocol = server

        self._httpd = Server(("127.0.0.1", self.port), Bound)
        self.port = self._httpd.server_address[1]
        threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._httpd:
            self._httpd.shutdown()
            self._httpd.server_close()
            self._httpd.hang_up()
            self._httpd = None

    def new_attempt(self) -> str:
        """What the dispatcher does when a worker died: the old token is dead, numbers start anew."""
        with self._lock:
            self.attempt += 1
            self.token = f"plr_{self.attempt}"
            self.last_seq = 0
            self.state = "starting"
        return self.token

    def metrics(self) -> dict[int, Json]:
        """Values by step, merged over attempts."""
        merged: dict[int, Json] = {}
        for event in self.of_type("metrics"):
            merged.setdefault(event["step"], {}).update(event["values"])
        return merged

    def metric_names(self) -> Iterator[tuple[int, str]]:
        """Every (step, name) that was ever reported: none may come twice."""
        for event in self.of_type("metrics"):
            for name in event["values"]:
                yield event["step"], name

    def of_type(self, kind: str) -> list[Json]:
        with self._lock:
            return [event for event in self.events if event["type"] == kind]

    def log(self) -> str:
        return "\n".join(event["line"] for event in self.of_type("log"))

    # What the addresses do

    def get_run(self, body: bytes, headers: Any) -> Answer:
        self.state = "running"
        last_step = max((event["step"] for event in self.of_type("metrics")), default=0)
        known = sorted({name for step, name in self.metric_names() if step == last_step})
        snapshot = None
        if self.snapshot_folder:
            files = describe_files(self.snapshot_folder)
            snapshot = {"id": 1, "kind": "preferences", "digest": "d", "files": files}
        return 200, {
            "id": 7,
            "kind": self.kind,
            "attempt": self.attempt,
            "spec": self.spec,
            "models": self.models,
            "snapshot": snapshot,
            "checkpoint": self.checkpoint,
            "last_seq": self.last_seq,
            "last_step": last_step,
            "last_step_metrics": known,
            "heartbeat_seconds": self.heartbeat_seconds,
        }

    def get_model_file(self, body: bytes, headers: Any, model: str, name: str) -> Answer:
        return 200, self.model_folders[int(model)] / name

    def get_critic_file(self, body: bytes, headers: Any, name: str) -> Answer:
        assert self.critic_folder
        return 200, self.critic_folder / name

    def get_snapshot_file(self, body: bytes, headers: Any, name: str) -> Answer:
        assert self.snapshot_folder
        return 200, self.snapshot_folder / name

    def get_file(self, body: bytes, headers: Any, name: str) -> Answer:
        return 200, self.files / name

    def put_file(self, body: bytes, headers: Any, name: str) -> Answer:
        digest = hashlib.sha256(body).hexdigest()
        if headers["X-SHA256"] != digest:
            return 400, {"code": "hash_mismatch", "message": "The file arrived damaged.", "fields": {}}
        target = self.files / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        return 201, {"name": name, "size": len(body), "sha256": digest}

    def post_events(self, body: bytes, headers: Any) -> Answer:
        batch = json.loads(body)
        assert batch["first_seq"] == batch["events"][0]["seq"]
        if batch["first_seq"] > self.last_seq + 1:
            expected = {"expected": self.last_seq + 1}
            return 409, {"code": "gap", "message": "Events are missing.", "fields": expected}
        for event in batch["events"]:
            if event["seq"] <= self.last_seq:
                continue
            assert event["seq"] == self.last_seq + 1
            self.last_seq = event["seq"]
            self.events.append({**event, "attempt": self.attempt})
            if event["type"] == "checkpoint":
                self._accept_checkpoint(event)
        return 200, {"last_seq": self.last_seq, "cancel": self.cancel}

    def _accept_checkpoint(self, event: Json) -> None:
        known = {file["name"]: file for file in describe_files(self.files)}
        self.checkpoint = {"step": event["step"], "files": [known[name] for name in event["files"]]}
        for folder in (self.files / "checkpoints").iterdir():
            if (
                folder.name != f"step-{event['step']}"
                and int(folder.name.removeprefix("step-")) < event["step"]
            ):
                shutil.rmtree(folder)

    def post_heartbeat(self, body: bytes, headers: Any) -> Answer:
        self.num_heartbeats += 1
        return 200, {"cancel": self.cancel}

    def post_finish(self, body: bytes, headers: Any) -> Answer:
        if self.finished is None:
            self.finished = json.loads(body)
            self.state = self.finished["state"]
        return 200, {"state": self.state}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.append(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """A stopped server answers on no connection, an open one neither."""
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # killed workers leave broken connections


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    protocol: ClassVar[ProtocolServer]
    routes: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", r"/api/worker/run", "get_run"),
        ("GET", r"/api/worker/models/(\d+)/files/(.+)", "get_model_file"),
        ("GET", r"/api/worker/critic/files/(.+)", "get_critic_file"),
        ("GET", r"/api/worker/snapshot/files/(.+)", "get_snapshot_file"),
        ("GET", r"/api/worker/files/(.+)", "get_file"),
        ("PUT", r"/api/worker/files/(.+)", "put_file"),
        ("POST", r"/api/worker/events", "post_events"),
        ("POST", r"/api/worker/heartbeat", "post_heartbeat"),
        ("POST", r"/api/worker/finish", "post_finish"),
    ]

    def handle_request(self) -> None:
        protocol = self.protocol
        protocol.on_request(self.command, self.path)
        fault = protocol.faults(self.command, self.path)
        if fault == "drop":
            return self._hang_up()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        protocol.requests.append(f"{self.command} {self.path}")
        if isinstance(fault, int):
            return self._send(fault, {"code": "fault", "message": "Injected.", "fields": {}})
        with protocol._lock:
            status, payload = self._route(body)
        if fault == "lose":
            return self._hang_up()
        return self._send(status, payload)

    do_GET = do_PUT = do_POST = handle_request

    def _route(self, body: bytes) -> Answer:
        protocol = self.protocol
        dead = self.headers.get("Authorization") != f"Bearer {protocol.token}"
        finished = protocol.finished is not None and not self.path.endswith("/finish")
        if dead or finished:
            return 401, {"code": "run_token_dead", "message": "This token is dead.", "fields": {}}
        for method, pattern, name in self.routes:
            match = re.fullmatch(pattern, self.path)
            if match and method == self.command:
                return getattr(protocol, name)(body, self.headers, *match.groups())
        return 404, {"code": "not_found", "message": "There is no such address.", "fields": {}}

    def _send(self, status: int, payload: Json | Path) -> None:
        if isinstance(payload, Path) and not payload.is_file():
            status, payload = 404, {"code": "not_found", "message": "There is no such file.", "fields": {}}
        data = payload.read_bytes() if isinstance(payload, Path) else json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *args: Any) -> None:
        pass
