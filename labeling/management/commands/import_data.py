"""`manage.py import_data PROJECT FILE`: a file or folder of rows into a project, at once."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from labeling.core.errors import DomainError
from labeling.models import Project
from labeling.services import formats
from labeling.services.formats.base import Options
from labeling.services.import_texts import read_texts
from labeling.services.imports import ImportResult, import_records
from labeling.services.readers import opened

MAX_LINES_PRINTED = 20


class Command(BaseCommand):
    help = (
        "Import prompts, responses to rank, judgments or demonstrations from a .jsonl, .json, .csv, .tsv or "
        ".parquet file (.gz too), a .zip, or a folder saved by `datasets`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's slug")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--format",
            default="",
            metavar="NAME",
            help=f"of the rows, which is otherwise told by their keys: {', '.join(formats.BY_NAME)}",
        )
        parser.add_argument("--aspect", default="", help="ultrafeedback: rank by this rating, not the mean")
        parser.add_argument("--texts", type=Path, help="ukpconvarg: the file with the arguments")
        parser.add_argument("--dry-run", action="store_true", help="check and count, store nothing")
        parser.add_argument("--skip-bad-rows", action="store_true", help="leave bad rows out and tell them")
        parser.add_argument("--licence", default="", help="for rows that name none")
        parser.add_argument("--source", default="", help="for rows that name none")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            known = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True)[:10])
            raise CommandError(
                f"There is no project “{options['project']}”. Projects: {known or 'none yet'}."
            )
        try:
            texts = read_texts(options["texts"]) if options["texts"] else {}
            with opened(options["file"]) as records:
                result = import_records(
                    project=project,
                    records=records,
                    now=timezone.now(),
                    dry_run=options["dry_run"],
                    skip_bad_rows=options["skip_bad_rows"],
                    licence=options["licence"],
                    source=options["source"],
                    format=formats.named(options["format"]),
                    options=Options(aspect=options["aspect"], texts=texts),
                )
        except DomainError as refused:
            raise CommandError("\n".join(_explain(refused))) from refused
        except OSError as problem:
            raise CommandError(f"Cannot read {options['file']}: {problem.strerror}.") from problem
        self.stdout.write("\n".join(_report(result)))


def _explain(refused: DomainError) -> list[str]:
    errors = cast(list[dict[str, Any]], refused.fields.get("errors", []))
    lines = [f"  line {error['line']}: {error['message']}" for error in errors[:MAX_LINES_PRINTED]]
    return [refused.message, *lines]


def _report(result: ImportResult) -> list[str]:
    lines = [
        f"{result.rows} rows: {result.prompts_created} new prompts ({result.prompts_known} known), "
        f"{result.responses_created} new responses, {result.tasks_created} tasks queued, "
        f"{result.judgments_created} judgments, {result.num_errors} rows left out."
    ]
    lines += [f"  line {error.line}: {error.message}" for error in result.errors[:MAX_LINES_PRINTED]]
    if result.dry_run:
        lines.append("Dry run: nothing was stored.")
    return lines
