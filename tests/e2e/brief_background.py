"""`manage.py background` with leases of seconds in the place of minutes, for tests that kill it."""

from __future__ import annotations

import os
from datetime import timedelta

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
django.setup()

from labeling.services import import_running, webhook_sending  # noqa: E402

import_running.LEASE = timedelta(seconds=2)
webhook_sending.CLAIM_MARGIN = timedelta(seconds=1)
call_command("background")
