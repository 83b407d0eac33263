"""Tell open pages that something changed. A message carries no data and may be lost; whoever
gets one asks the API. `publish` is called inside `transaction.on_commit`.

Three ways out, chosen per process: with Redis, straight to the channel layer; in the web
process without Redis, onto the server's event loop, because the in-memory layer is not
thread-safe; in any other process, a signed POST to the web process.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from channels.layers import get_channel_layer
from django.conf import settings
from django.core import signing

logger = logging.getLogger(__name__)

SIGNING_SALT = "labeling.core.live"
POST_TIMEOUT_SECONDS = 2.0
MAX_PENDING = 1000
MAX_AGE_SECONDS = 60
# The first news leaves at once; what comes within this time after it leaves together. A hundred
# annotators make hundreds of the same news a second, and pages read no faster than this.
REST_SECONDS = 0.25


class Event(NamedTuple):
    group: str
    topic: str
    id: int | None


Resolver = Callable[[Any, int], bool]
_resolvers: dict[str, Resolver] = {}
_server_loop: asyncio.AbstractEventLoop | None = None
_sequence: dict[str, int] = {}


def publish(group: str, *, topic: str, id: int | None = None) -> None:
    """Queue the news for `group` ("project.<id>", "run.<id>"); never raises, never waits."""
    _outbox.add(Event(group, topic, id))


def register_group(prefix: str, resolver: Resolver) -> None:
    """`resolver(user, id)` says whether `user` may listen to "<prefix>.<id>". It may raise
    NotFound or Forbidden to say more than no."""
    _resolvers[prefix] = resolver


def may_listen(*, user: Any, prefix: str, id: int) -> bool:
    return _resolvers[prefix](user, id)


def attach_server_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """Called by the web process when its event loop starts (and with None when it ends)."""
    global _server_loop
    _server_loop = loop


def serves_pages() -> bool:
    """Whether pages can be reached from this process without asking another one."""
    return bool(settings.REDIS_URL) or (_server_loop is not None and _server_loop.is_running())


def sign(events: Sequence[Event]) -> str:
    return signing.dumps([list(event) for event in events], salt=SIGNING_SALT)


def unsign(text: str) -> list[Event]:
    """The events of a signed body; raises `signing.BadSignature`."""
    return [Event(*fields) for fields in signing.loads(text, salt=SIGNING_SALT, max_age=MAX_AGE_SECONDS)]


class Outbox:
    """Pending events, each at most once, emptied by one daemon thread per process."""

    def __init__(self) -> None:
        self._hurry = threading.Event()
        self._pending: dict[Event, None] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._busy = False

    def add(self, event: Event) -> None:
        with self._wake:
            if event in self._pending and self._pid == os.getpid():
                return
            if len(self._pending) >= MAX_PENDING:
                self._pending.pop(next(iter(self._pending)))
            self._pending[event] = None
            self._start()
            self._wake.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until all is delivered or given up; False when time ran out."""
        deadline = time.monotonic() + timeout
        self._hurry.set()
        try:
            with self._wake:
                while (self._pending or self._busy) and time.monotonic() < deadline:
                    self._wake.wait(0.05)
                return not (self._pending or self._busy)
        finally:
            self._hurry.clear()

    def _start(self) -> None:
        # A forked child inherits the object but not the thread.
        if self._thread is None or self._pid != os.getpid():
            self._pid, self._busy = os.getpid(), False
            self._thread = threading.Thread(target=self._run, name="live-outbox", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        lost = False
        while True:
            with self._wake:
                while not self._pending:
                    self._wake.wait()
                events = list(self._pending)
                self._pending.clear()
                self._busy = True
            try:
                _deliver(events, loop)
                lost = False
            except Exception as problem:
                # Said once per outage, and not at all where no server runs: pages ask again by themselves.
                quiet = lost or "Connection refused" in str(problem)
                logger.log(
                    logging.DEBUG if quiet else logging.WARNING,
                    "open pages were not told at once (%s); they refresh by themselves",
                    problem,
                )
                lost = True
            with self._wake:
                self._busy = False
                self._wake.notify_all()
            self._hurry.wait(REST_SECONDS)


def _deliver(events: list[Event], loop: asyncio.AbstractEventLoop) -> None:
    if settings.REDIS_URL:
        loop.run_until_complete(asyncio.wait_for(_send_by_redis(events), POST_TIMEOUT_SECONDS))
    elif _server_loop is not None and _server_loop.is_running():
        asyncio.run_coroutine_threadsafe(send_to_layer(events), _server_loop).result(POST_TIMEOUT_SECONDS)
    else:
        _post(events)


async def send_to_layer(events: Sequence[Event]) -> None:
    """On the server's loop. The number is given here, so that a message dropped later leaves a gap."""
    for event in events:
        _sequence[event.group] = _sequence.get(event.group, 0) + 1
        await _group_send(event, _sequence[event.group])


async def _send_by_redis(events: Sequence[Event]) -> None:
    client = _redis(asyncio.get_running_loop(), settings.REDIS_URL)
    for event in events:
        await _group_send(event, await client.incr(f"plumbline:live:{event.group}"))


@functools.lru_cache(maxsize=1)
def _redis(loop: asyncio.AbstractEventLoop, url: str) -> Any:
    """Kept, since opening a connection costs more than all that is said over it."""
    from redis import asyncio as redis

    return redis.from_url(url)


async def _group_send(event: Event, seq: int) -> None:
    message = {"type": "changed", "topic": event.topic, "id": event.id, "seq": seq}
    await get_channel_layer().group_send(event.group, message)


def _post(events: list[Event]) -> None:
    request = urllib.request.Request(
        f"{settings.WORKER_API_URL}/api/internal/publish",
        data=sign(events).encode(),
        headers={"Content-Type": "text/plain"},
        method="POST",
    )
    with _opener.open(request, timeout=POST_TIMEOUT_SECONDS) as response:
        response.read()


# The web process is a neighbour: never ask a proxy for it.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_outbox = Outbox()
# A short-lived command still delivers what it said last.
atexit.register(lambda: _outbox.flush(1.0))
