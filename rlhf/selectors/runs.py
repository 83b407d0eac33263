"""Reading runs, and what they reported."""

from __future__ import annotations

import json
from io import TextIOWrapper
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from labeling.core.errors import NotFound
from rlhf import storage
from rlhf.models import MetricPoint, Run, RunFile, RunLogLine

MAX_POINTS = 5000
MAX_LINES = 1000
RELATED = ("project", "created_by", "produced_model__parent", "produced_model__project", "round_step__round")


def of_project(*, project_id: int, kind: str | None = None, state: str | None = None) -> QuerySet[Run]:
    runs = Run.objects.filter(project_id=project_id).select_related(*RELATED)
    if kind:
        runs = runs.filter(kind=kind)
    if state:
        runs = runs.filter(state=state)
    return runs


def get(*, run_id: int) -> Run:
    found = Run.objects.filter(pk=run_id).select_related(*RELATED).first()
    if found is None:
        raise unknown(run_id)
    return found


def unknown(run_id: int) -> NotFound:
    return NotFound(f"There is no run {run_id} that you can open: take one from the project's list.")


def by_token(*, digest: str) -> Run | None:
    return Run.objects.filter(token_digest=digest).select_related("project").first() if digest else None


def metrics(*, run: Run, after_id: int) -> QuerySet[MetricPoint]:
    return run.metric_points.filter(pk__gt=after_id).order_by("pk")[:MAX_POINTS]


def log_lines(*, run: Run, after_id: int) -> QuerySet[RunLogLine]:
    return run.log_lines.filter(pk__gt=after_id).order_by("pk")[:MAX_LINES]


def file(*, run: Run, name: str) -> RunFile:
    found = None if "\x00" in name else run.files.filter(name=name).first()
    if found is None:
        raise NotFound(f"Run {run.pk} has no file {name!r}.")
    return found


def samples(*, run: Run, offset: int, limit: int) -> list[dict[str, Any]]:
    """Rows of what its model wrote; empty until it was sent."""
    stored = run.files.filter(name="responses.jsonl").first()
    if stored is None:
        return []
    with storage.open_file(stored.path) as raw, TextIOWrapper(raw, encoding="utf-8") as lines:
        return [json.loads(line) for line in islice(lines, offset, offset + limit)]
