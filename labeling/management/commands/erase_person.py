from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from labeling.core.errors import DomainError
from labeling.core.models import User
from labeling.services import erasure


class Command(BaseCommand):
    help = "Delete a person's account. Their judgments stay, under a pseudonym."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--yes", action="store_true", help="It cannot be undone, and you know.")

    def handle(self, *args: Any, email: str, yes: bool, **options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}.")
        if not yes:
            raise CommandError(f"This deletes {email} for ever: say --yes to go on.")
        try:
            erased = erasure.erase_person(actor=None, user=user, now=timezone.now())
        except DomainError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"Erased. What they judged is under {erased.pseudonym}.")
        for text in erased.free_text:
            self.stdout.write(f"free text stays: {text.kind} {text.id} in {text.project}")
