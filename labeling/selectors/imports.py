"""Imports in the background, as their pages show them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from labeling.core.errors import NotFound
from labeling.models import ImportJob, ImportProblem, Project


def jobs(*, project_id: int) -> QuerySet[ImportJob]:
    return ImportJob.objects.filter(project=project_id).select_related("created_by")


def job_of(*, project: Project, job_id: int) -> ImportJob:
    job = jobs(project_id=project.pk).filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such import in this project.")
    return job


def problems(*, job: ImportJob) -> Iterator[tuple[int, str, str]]:
    """(line, message, the row as it stood), read as they are consumed."""
    rows = ImportProblem.objects.filter(job=job).order_by("line")
    return rows.values_list("line", "message", "raw").iterator(500)
