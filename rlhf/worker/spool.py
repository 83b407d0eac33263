"""Events on disk first, on the server when it answers.

Each event gets the next number of this attempt. A batch is sent again until it is acknowledged, and
the server ignores numbers it knows, so an outage or a lost answer neither loses nor repeats one.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from rlhf.client.http import ApiError
from rlhf.worker.protocol import Json, RunApi

BATCH_EVENTS = 500
BATCH_BYTES = 512_000
SEND_EVERY_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 10.0


class Spool:
    """Thread-safe. Memory does not grow with an outage: what waits is in the file."""

    def __init__(self, path: Path, api: RunApi, *, last_seq: int, on_answer: Callable[[Json], None]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._api = api
        self._on_answer = on_answer
        self._changed = threading.Condition()
        self._closing = False
        self._fault: ApiError | None = None
        self._draining = False
        written, self.metrics_found = _read_back(path)
        self._seq = max(written, last_seq)  # the server may know more than this disk
        self._acknowledged = last_seq
        self._file = path.open("ab")
        self._thread = threading.Thread(target=self._send_forever, name="events", daemon=True)
        self._thread.start()

    def add(self, kind: str, **fields: Any) -> None:
        with self._changed:
            self._seq += 1
            event = {"seq": self._seq, "at": datetime.now(UTC).isoformat(), "type": kind, **fields}
            self._file.write(json.dumps(event).encode() + b"\n")
            self._file.flush()
            self._changed.notify_all()

    def drain(self, seconds: float | None = None) -> bool:
        """Wait until the server has everything; however long that takes when `seconds` is None."""
        with self._changed:
            self._draining = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._fault or self._acknowledged >= self._seq, timeout=seconds)
            self._draining = False
            if self._fault:
                raise self._fault
            return self._acknowledged >= self._seq

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout=5)
        self._file.close()

    def _send_forever(self) -> None:
        delay = SEND_EVERY_SECONDS
        with self._path.open("rb") as reader:
            while self._wait_for_events():
                batch = _read_batch(reader, after=self._acknowledged)
                try:
                    answer = self._api.send_events(batch[0]["seq"], batch)
                except ApiError as error:
                    reader.seek(0)
                    if error.code == "gap" and "expected" in error.fields:
                        self._acknowledge(int(error.fields["expected"]) - 1)
                    elif error.is_unreachable or error.status == 500:
                        delay = min(delay * 2, MAX_BACKOFF_SECONDS)
                    else:
                        self._give_up(error)
                        return
                else:
                    delay = SEND_EVERY_SECONDS
                    self._acknowledge(int(answer["last_seq"]))
                    self._on_answer(answer)
                self._pause(delay)

    def _wait_for_events(self) -> bool:
        """False once this spool is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._acknowledged < self._seq)
            return not self._closing

    def _pause(self, seconds: float) -> None:
        """Gather events for the next batch; not while somebody waits for the last of them."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._draining, timeout=seconds)

    def _acknowledge(self, seq: int) -> None:
        with self._changed:
            self._acknowledged = seq
            self._changed.notify_all()

    def _give_up(self, error: ApiError) -> None:
        print(f"The server refuses the events of this run: {error}", file=sys.stderr, flush=True)
        with self._changed:
            self._fault = error
            self._changed.notify_all()


def _read_batch(reader: BinaryIO, *, after: int) -> list[Json]:
    """The next events after number `after`; there is at least one."""
    batch: list[Json] = []
    size = 0
    while len(batch) < BATCH_EVENTS and size < BATCH_BYTES:
        line = reader.readline()
        if not line.endswith(b"\n"):  # the end, or a line still being written
            reader.seek(-len(line), 1)
            break
        event = json.loads(line)
        if event["seq"] > after:
            batch.append(event)
            size += len(line)
    return batch


def _read_back(path: Path) -> tuple[int, dict[int, set[str]]]:
    """(last number, names of metrics by step) of what an earlier process of the same attempt wrote.
    A line it was killed in is cut off."""
    found: dict[int, set[str]] = {}
    if not path.is_file():
        return 0, found
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if len(whole) < len(text):
        path.write_bytes(whole)
    events = [json.loads(line) for line in whole.splitlines()]
    for event in events:
        if event["type"] == "metrics":
            found.setdefault(event["step"], set()).update(event["values"])
    return (events[-1]["seq"] if events else 0), found
