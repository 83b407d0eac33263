"""`manage.py background`: imports, webhooks and mail without a dispatcher."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.services import background, import_running


class Command(BaseCommand):
    help = "Import, send webhooks and mail in the background, as the dispatcher does. Stop it with Ctrl-C."
    requires_system_checks = ["environment"]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do what is due, then end.")

    def handle(self, *, once: bool, **options: Any) -> None:
        stopping = threading.Event()
        if once:
            while background.run_due(now=timezone.now(), stop=stopping.is_set):
                pass
            import_running.let_go()
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        background.run_forever(stop=stopping.is_set, wait=stopping.wait)
