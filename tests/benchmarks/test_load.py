"""The bench can be believed: its book finds what is wrong, and its driver counts what was answered."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import driver
from benchmarks.load.ledger import Ledger


def a_book() -> Ledger:
    book = Ledger()
    for number in range(3):
        book.handed_out(f"prompt {number}", f"assignment {number}")
        book.acknowledged(f"key {number}", number, f"prompt {number}")
    return book


STORED = [[f"key {number}", number, f"prompt {number}"] for number in range(3)]


@pytest.mark.parametrize(
    ("stored", "wrong"),
    [
        (STORED, {}),
        (STORED[:2], {"lost": 1}),
        ([*STORED[:2], ["key 2", 7, "prompt 2"]], {"lost": 1}),
        ([*STORED, ["key 9", 9, "prompt 2"]], {"stored twice": 1, "stored but not acknowledged": 1}),
        ([*STORED, ["key 9", 9, "prompt 9"]], {"stored but not acknowledged": 1}),
    ],
)
def test_the_book_is_compared_with_the_database(stored, wrong):
    assert a_book().close(stored) == wrong


def test_a_task_handed_out_twice_and_a_refusal_are_written_down():
    book = a_book()
    book.handed_out("prompt 1", "assignment 1")  # the same again, after a reload
    book.handed_out("prompt 1", "assignment 8")
    book.refused(500)
    assert book.close(STORED) == {"handed out twice": 1, "answered with 500": 1}


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[int] = set()

    def do_POST(self) -> None:
        self.connections.add(self.client_address[1])
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps({"path": self.path, "body": json.loads(body), "long": "x" * 100_000}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words: object) -> None:
        pass


def test_the_driver_keeps_its_connections_and_counts_every_answer():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    pairs = []

    def annotator(number, stop):
        while not stop():
            for kind in ("next", "submit"):
                body = json.dumps({"number": number}).encode()
                status, answer = yield kind, driver.post(url, f"/{kind}", "", body)
                assert status == 201
                assert json.loads(answer)["path"] == f"/{kind}"
                assert json.loads(answer)["body"] == {"number": number}
            pairs.append(number)

    segment = driver.run(
        url, lambda stop: [annotator(number, stop) for number in range(3)], seconds=0.5, warm_up=0.1
    )
    server.shutdown()
    assert set(pairs) == {0, 1, 2}
    assert len(Echo.connections) == 3
    assert 0 < segment.pairs_per_second * 0.5 <= len(pairs)
    assert 0 < segment.milliseconds("next", 0.5) <= segment.milliseconds("next", 0.95)
    assert 0 < segment.cpu_share <= 1.1
