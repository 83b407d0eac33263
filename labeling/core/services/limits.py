"""How often something may be tried. Counted before the try, so that parallel guesses count too.

Counts live in the cache: in Redis, shared by all web processes, or in this process where there is
no Redis. When Redis is away, each process counts for itself: nobody is locked out by an outage.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError

from labeling.core.errors import DomainError

logger = logging.getLogger(__name__)


class Limit(NamedTuple):
    name: str
    tries: int
    seconds: int


# Good tries are taken back: a whole lab may sign in from one address.
SIGN_IN = Limit("sign-in", tries=settings.LIMIT_SIGN_IN, seconds=300)
SIGN_IN_FROM_ADDRESS = Limit("sign-in-from", tries=settings.LIMIT_SIGN_IN_FROM_ADDRESS, seconds=300)
SETUP = Limit("setup", tries=20, seconds=300)
PASSWORD_CHANGE = Limit("password-change", tries=10, seconds=300)
SECOND_FACTOR = Limit("second-factor", tries=10, seconds=300)
ERASURE = Limit("erasure", tries=10, seconds=300)
PASSWORD_RESET = Limit("password-reset", tries=settings.LIMIT_PASSWORD_RESET, seconds=3600)
PASSWORD_RESET_FROM_ADDRESS = Limit(
    "password-reset-from", tries=settings.LIMIT_PASSWORD_RESET_FROM_ADDRESS, seconds=3600
)
# Following invitation links: who guesses them is stopped long before finding one.
INVITATION_FROM_ADDRESS = Limit("invitation-from", tries=settings.LIMIT_INVITATION_FROM_ADDRESS, seconds=300)

WINDOW_SECONDS = 60
# With Redis a process takes this part of a minute's writes at a time, so that nearly all of them
# are counted without asking it.
PARTS = 20
MAX_REMEMBERED = 10_000
REDIS_REST_SECONDS = 5


class TooManyTries(DomainError):
    code = "throttled"
    status = 429


def count(limit: Limit, *who: str) -> None:
    """Count one try by `who`; raise TooManyTries beyond the limit."""
    if _add(_key(limit, who), 1, timeout=limit.seconds) > limit.tries:
        minutes = -(-limit.seconds // 60)
        raise TooManyTries(
            f"Too many tries: wait up to {minutes} minutes and try again.",
            fields={"wait_seconds": limit.seconds},
        )


def forgive(limit: Limit, *who: str) -> None:
    """Take the last try back: it was a good one."""
    with suppress(ValueError):
        _counted(lambda cache: cache.decr(_key(limit, who)))


def forget(limit: Limit, *who: str) -> None:
    _counted(lambda cache: cache.delete(_key(limit, who)))


@dataclass(slots=True)
class _Writes:
    """One account's writes in one minute, as this process knows them."""

    window: int
    used: int = 0
    granted: int = 0


_writes: dict[int, _Writes] = {}
_writes_lock = threading.Lock()


def count_write(*, user_id: int, now: datetime) -> None:
    """Count one change by this account; raise TooManyTries beyond LIMIT_WRITES_PER_MINUTE."""
    limit = settings.LIMIT_WRITES_PER_MINUTE
    if not limit:
        return
    window, second = divmod(int(now.timestamp()), WINDOW_SECONDS)
    with _writes_lock:
        mine = _writes.get(user_id)
        if mine is None or mine.window != window:
            if len(_writes) >= MAX_REMEMBERED:
                _writes.clear()
            mine = _writes[user_id] = _Writes(window, granted=0 if settings.REDIS_URL else limit)
        mine.used += 1
        if mine.used <= mine.granted:
            return
        is_refused = mine.granted < 0 or not settings.REDIS_URL
    if not is_refused:
        part = max(1, limit // PARTS)
        taken = _add(f"limit:writes:{window}:{user_id}", part, timeout=2 * WINDOW_SECONDS)
        with _writes_lock:
            if taken - part < limit:
                mine.granted += part
                return
            mine.granted = -1  # what is left of this minute needs no more asking
    wait = WINDOW_SECONDS - second
    raise TooManyTries(
        f"This account sends changes faster than the server takes them: wait {wait} seconds and go on.",
        fields={"wait_seconds": wait},
    )


def forget_writes() -> None:
    """Of this process, for tests."""
    _writes.clear()


_redis_rests_until = 0.0


def _counted(operation: Callable[[Any], Any]) -> Any:
    """On the shared cache, or on this process's own while that is away."""
    global _redis_rests_until
    if time.monotonic() >= _redis_rests_until:
        try:
            result = operation(caches["default"])
        except (RedisError, OSError) as problem:
            if not _redis_rests_until:
                logger.warning("Redis does not answer (%s): each process counts tries for itself", problem)
            _redis_rests_until = time.monotonic() + REDIS_REST_SECONDS
        else:
            _redis_rests_until = 0.0
            return result
    return operation(caches["local"])


def _add(key: str, amount: int, *, timeout: int) -> int:
    """The count with `amount` added to it; it starts anew after `timeout` seconds."""

    def add(cache: Any) -> int:
        cache.add(key, 0, timeout=timeout)
        try:
            return cache.incr(key, amount)
        except ValueError:  # it ran out between the two calls
            return amount

    return _counted(add)


def _key(limit: Limit, who: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\n".join(who).encode(errors="replace")).hexdigest()
    return f"limit:{limit.name}:{digest}"
