"""One dispatcher per database acts; a second one waits until the first is gone."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta

import psutil
from django.db.models import Q

from rlhf.models import DispatcherLease

TTL = timedelta(seconds=15)
LEASE_ID = 1


def my_name() -> str:
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.0f}"


def take(*, holder: str, now: datetime) -> bool:
    """Take or renew the lease; False while another dispatcher holds it."""
    DispatcherLease.objects.get_or_create(pk=LEASE_ID, defaults={"expires_at": now})
    free = Q(holder=holder) | Q(holder="") | Q(expires_at__lt=now)
    if _set(free, holder, now):
        return True
    other = DispatcherLease.objects.get(pk=LEASE_ID).holder
    return _is_gone(other) and _set(Q(holder=other), holder, now)


def give_up(*, holder: str, now: datetime) -> None:
    DispatcherLease.objects.filter(pk=LEASE_ID, holder=holder).update(holder="", expires_at=now)


def _set(guard: Q, holder: str, now: datetime) -> bool:
    mine = DispatcherLease.objects.filter(guard, pk=LEASE_ID)
    return mine.update(holder=holder, expires_at=now + TTL) == 1


def _is_gone(holder: str) -> bool:
    """A neighbour on this machine that was killed need not be waited for."""
    host, pid, started_at = holder.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        return abs(psutil.Process(int(pid)).create_time() - int(started_at)) > 2
    except psutil.NoSuchProcess:
        return True
