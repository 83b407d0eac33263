"""Work that nobody waits for: imports, webhooks, mails, and a look at the queues.

The dispatcher's process runs it in a thread; several may run at once, since every job claims what it
does by a guarded UPDATE. A process killed anywhere is followed by the next, and repeats at most what
is known by its id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from labeling.services import import_running, notifications, quality_sweep, queue_watch, webhook_sending

logger = logging.getLogger(__name__)
Job = Callable[..., bool]

IDLE_SECONDS = 1.0
# Each does a bounded piece of work and says whether there was any.
JOBS: tuple[Job, ...] = (
    webhook_sending.send_due,
    notifications.send_due,
    queue_watch.watch,
    import_running.run_due,
    webhook_sending.forget_old,
    notifications.forget_old,
    quality_sweep.sweep_due,
)
_known_problems: dict[Job, str] = {}


def run_due(*, now: datetime, stop: Callable[[], bool]) -> bool:
    """Each job once; True when any had something to do. One that fails does not keep the others."""
    moved = False
    for job in JOBS:
        if stop():
            break
        moved |= _guarded(job, now, stop)
    return moved


def run_forever(*, stop: Callable[[], bool], wait: Callable[[float], object]) -> None:
    """Until `stop()`. `wait(seconds)` returns early when it is time to stop."""
    while not stop():
        close_old_connections()
        if not run_due(now=timezone.now(), stop=stop):
            wait(IDLE_SECONDS)
    import_running.let_go()
    connection.close()


def _guarded(job: Job, now: datetime, stop: Callable[[], bool]) -> bool:
    try:
        moved = job(now=now, stop=stop)
    except Exception as problem:
        if _known_problems.get(job) != repr(problem):
            _known_problems[job] = repr(problem)
            logger.exception("%s: trying again", job.__module__)
        if isinstance(problem, OperationalError):
            connection.close()
        return False
    _known_problems.pop(job, None)
    return moved
