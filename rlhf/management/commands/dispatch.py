from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from labeling.services.background import run_forever
from rlhf.executors import LocalExecutor
from rlhf.services.dispatcher import Dispatcher

INTERVAL_SECONDS = 0.5
STOP_SECONDS = 5.0


class Command(BaseCommand):
    help = (
        "Start queued runs, watch the running ones and move rounds on; beside that, import, send webhooks "
        "and mail. Stop it with Ctrl-C."
    )
    requires_system_checks = ["environment"]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Look once, leave the workers running.")
        parser.add_argument(
            "--until-idle", action="store_true", help="End when no run is queued or running any more."
        )

    def handle(self, *, once: bool, until_idle: bool, **options: Any) -> None:
        executor = LocalExecutor()
        dispatcher = Dispatcher(executor)
        if once:
            dispatcher.step(now=timezone.now())
            return
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        background = threading.Thread(
            target=run_forever, kwargs={"stop": stopping.is_set, "wait": stopping.wait}, daemon=True
        )
        background.start()
        executor.warm_up()
        while not stopping.is_set():
            close_old_connections()
            moved = dispatcher.step(now=timezone.now())
            if until_idle and not moved and dispatcher.is_idle():
                break
            stopping.wait(INTERVAL_SECONDS)
        stopping.set()
        dispatcher.stop(now=timezone.now)
        executor.close()
        # A batch or a request under way may end; what is cut off is repeated by whoever comes next.
        background.join(STOP_SECONDS)
