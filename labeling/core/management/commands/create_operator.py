from __future__ import annotations

import argparse
import getpass
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.core.errors import DomainError
from labeling.core.services import accounts


class Command(BaseCommand):
    help = "Create an operator, who may create projects and see all of them."
    requires_system_checks = ["environment"]

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--password", help="Better in the environment: PLUMBLINE_OPERATOR_PASSWORD. Asked for otherwise."
        )

    def handle(self, *args: Any, email: str, name: str, password: str | None, **options: Any) -> None:
        secret = password or os.environ.get("PLUMBLINE_OPERATOR_PASSWORD")
        if not secret and sys.stdin.isatty():
            secret = getpass.getpass("Password: ")
        if not secret:
            raise CommandError("Give --password or set PLUMBLINE_OPERATOR_PASSWORD.")
        if "@" not in email:
            raise CommandError(f"{email!r} is not an e-mail address.")
        try:
            user = accounts.create_user(email=email, name=name, password=secret, is_operator=True)
        except DomainError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{user.email} is an operator now.")
