from __future__ import annotations

import io
import json
from argparse import ArgumentParser
from datetime import datetime

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from deploy.management.commands.up import migrate
from labeling.core.errors import DomainError
from labeling.core.models import User
from labeling.core.services import accounts
from labeling.models import Project
from labeling.services import imports, members, projects
from rlhf.services import models, rounds

NAME, SLUG = "Support tone", "support-tone"
DESCRIPTION = "Which reply would you rather get from customer support?"
PASSWORD = "plumbline-demo"
OWNER = ("owner@example.com", "Olivia Owner")
MEMBERS = (
    ("annotator@example.com", "Ana Annotator", "annotator"),
    ("annotator2@example.com", "Ben Annotator", "annotator"),
    ("lead@example.com", "Lena Lead", "lead"),
    ("researcher@example.com", "Rita Researcher", "researcher"),
)


class Command(BaseCommand):
    help = "Fill an empty installation with a demo project. Run again, it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *, port: int, **options: object) -> None:
        migrate()
        try:
            seed(timezone.now())
        except DomainError as problem:
            raise CommandError(problem.message) from problem
        self.stdout.write(f"Demo accounts, all with the password {PASSWORD}:")
        for email, _, role in (*MEMBERS, (*OWNER, "owner")):
            self.stdout.write(f"    {role:11} {email}")


def seed(now: datetime) -> None:
    """The demo project, whole or not at all."""
    from fixtures import demo

    if Project.objects.filter(slug=SLUG).exists():
        return
    with transaction.atomic():
        owner = _account(*OWNER, is_operator=True)
        project = projects.create_project(
            actor=owner,
            name=NAME,
            description=DESCRIPTION,
            guidelines=demo.GUIDELINES,
            # The demo's small model often writes on until it is cut off.
            queue_rules={"hold_cut_off": False},
            now=now,
        )
        for email, name, role in MEMBERS:
            _account(email, name)
            members.add_member(actor=owner, project=project, email=email, role=role, now=now)
        rows = "\n".join(json.dumps(row) for row in demo.rows())
        imports.import_rows(project=project, stream=io.BytesIO(rows.encode()), actor=owner, now=now)
        folder = str(settings.BASE_DIR / "fixtures" / "base-model")
        models.register(project=project, name="base", kind="base", source=folder, user=owner, now=now)
        rounds.set_round_defaults(project=project, raw=demo.round_defaults(), user=owner)


def _account(email: str, name: str, *, is_operator: bool = False) -> User:
    known = User.objects.filter(email=email).first()
    return known or accounts.create_user(email=email, name=name, password=PASSWORD, is_operator=is_operator)
