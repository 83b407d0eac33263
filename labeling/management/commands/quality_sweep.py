"""`manage.py quality_sweep [PROJECT]`: compute figures that are old and apply the rules, once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from labeling.core.errors import NotFound
from labeling.models import Project
from labeling.selectors.projects import id_of
from labeling.services.quality_sweep import sweep, sweep_all, want


class Command(BaseCommand):
    help = "Look at the quality of every project with new judgments, or of one project, and apply its rules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", nargs="?", help="a project's slug; its figures are computed anew")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["project"] is None:
            self.stdout.write(f"Looked at {sweep_all(now=now)} projects with new judgments.")
            return
        try:
            project = Project.objects.get(pk=id_of(slug=options["project"]))
        except NotFound as unknown:
            raise CommandError(unknown.message) from unknown
        want(project=project)
        done = sweep(project=project, now=now)
        if done is None:
            raise CommandError("Another sweep of this project is under way: wait for it to end.")
        self.stdout.write(f"{project.slug}: figures computed, {done.num_events} rules acted.")
