"""How often something may be tried. Counted before the try, so that parallel guesses count too."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import NamedTuple

from django.core.cache import cache

from labeling.core.errors import DomainError


class Limit(NamedTuple):
    name: str
    tries: int
    seconds: int


# Good tries are taken back: a whole lab may sign in from one address.
SIGN_IN = Limit("sign-in", tries=10, seconds=300)
SIGN_IN_FROM_ADDRESS = Limit("sign-in-from", tries=100, seconds=300)
SETUP = Limit("setup", tries=20, seconds=300)
PASSWORD_CHANGE = Limit("password-change", tries=10, seconds=300)
SECOND_FACTOR = Limit("second-factor", tries=10, seconds=300)
PASSWORD_RESET = Limit("password-reset", tries=5, seconds=3600)
INVITATION_FROM_ADDRESS = Limit("invitation-from", tries=100, seconds=300)
ERASURE = Limit("erasure", tries=10, seconds=300)
PASSWORD_RESET_FROM_ADDRESS = Limit("password-reset-from", tries=50, seconds=3600)


class TooManyTries(DomainError):
    code = "throttled"
    status = 429


def count(limit: Limit, *who: str) -> None:
    """Count one try by `who`; raise TooManyTries beyond the limit."""
    key = _key(limit, who)
    cache.add(key, 0, timeout=limit.seconds)
    try:
        tries = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        tries = 1
    if tries > limit.tries:
        minutes = -(-limit.seconds // 60)
        raise TooManyTries(
            f"Too many tries: wait up to {minutes} minutes and try again.",
            fields={"wait_seconds": limit.seconds},
        )


def forgive(limit: Limit, *who: str) -> None:
    """Take the last try back: it was a good one."""
    with suppress(ValueError):
        cache.decr(_key(limit, who))


def forget(limit: Limit, *who: str) -> None:
    cache.delete(_key(limit, who))


def _key(limit: Limit, who: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\n".join(who).encode(errors="replace")).hexdigest()
    return f"limit:{limit.name}:{digest}"
