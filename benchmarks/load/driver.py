"""Many annotators on one thread: each is a generator that yields requests, each has one connection.

The server shares this machine's cores, so the driver must be cheap: one epoll loop, no HTTP
library. It measures its own share of a core.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE_SECONDS = 60
# Kind of request ("next", "submit"), and its bytes; answered with status and body.
Annotator = Generator[tuple[str, bytes], tuple[int, bytes], None]


@dataclass
class Segment:
    """What happened between the warm-up and the end."""

    seconds: float = 0.0
    cpu_share: float = 0.0
    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def pairs_per_second(self) -> float:
        return len(self.latencies["submit"]) / self.seconds

    def milliseconds(self, kind: str, quantile: float) -> float:
        ordered = sorted(self.latencies[kind])
        return 1000 * ordered[min(len(ordered) - 1, int(quantile * len(ordered)))]


def post(url: str, path: str, headers: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Line:
    """One annotator's connection, with the answer that is coming in on it."""

    def __init__(self, url: str, annotator: Annotator) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.annotator = annotator
        self.kind = ""
        self.sent_at = 0.0
        self._received = b""

    def start(self) -> None:
        self._send(next(self.annotator))

    def _send(self, request: tuple[str, bytes]) -> None:
        self.kind, content = request
        self.sent_at = time.perf_counter()
        self.socket.sendall(content)

    def read(self) -> tuple[int, bytes] | None:
        """The whole answer, once it is here."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server hung up in the middle of a request")
        self._received += piece
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return None
        self._received = b""
        return int(head[9:12]), body

    def answer(self, answer: tuple[int, bytes]) -> bool:
        """Hand the answer on; False when the annotator has gone home."""
        try:
            self._send(self.annotator.send(answer))
        except StopIteration:
            return False
        return True


def run(
    url: str,
    annotators: Callable[[Callable[[], bool]], Iterable[Annotator]],
    *,
    seconds: float,
    warm_up: float,
) -> Segment:
    """Let all work for `warm_up + seconds`; each finishes the pair at hand. `annotators` is given a
    function that says whether it is time to stop."""
    begin = time.perf_counter() + warm_up
    end = begin + seconds
    segment = Segment(seconds=seconds)
    lines = [Line(url, one) for one in annotators(lambda: time.perf_counter() >= end)]
    cpu, clock = time.thread_time(), time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.start()
        while selector.get_map():
            ready = selector.select(PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer within {PATIENCE_SECONDS} s")
            for key, _ in ready:
                line = key.data
                answer = line.read()
                if answer is None:
                    continue
                now = time.perf_counter()
                if begin <= now <= end:
                    segment.latencies[line.kind].append(now - line.sent_at)
                if not line.answer(answer):
                    selector.unregister(line.socket)
                    line.socket.close()
    segment.cpu_share = (time.thread_time() - cpu) / (time.perf_counter() - clock)
    return segment
