"""Exports: labels as they stand now, in the form someone needs, while labeling goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from labeling.core.errors import DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Project
from labeling.selectors import exports as selectors
from labeling.selectors.exports import Filters
from labeling.selectors.labels import TRAINING_ARMS
from labeling.services.export_files import TYPED, WRITERS
from labeling.services.export_kinds import KINDS, Kind
from labeling.services.export_rows import Row


@dataclass(frozen=True, slots=True)
class Export:
    kind: Kind
    rows: Iterator[Row]
    style: str
    file_format: str
    chunks: Iterator[bytes]

    @property
    def media_type(self) -> str:
        return WRITERS[self.file_format][0]


def export(
    *,
    project: Project,
    kind: str,
    file_format: str = "jsonl",
    style: str = "",
    filters: Filters | None = None,
    actor: User | None = None,
    now: datetime,
) -> Export:
    """An export that is read from the database as `chunks` are taken; its cut is made here."""
    wanted = _kind(kind)
    style = style or wanted.styles[0]
    if style not in wanted.styles:
        raise DomainError(
            f"{kind} come as {' or '.join(wanted.styles)}, not as {style}.", fields={"style": ["Unknown."]}
        )
    if file_format not in WRITERS or (file_format in TYPED and not wanted.columns):
        formats = [one for one in WRITERS if wanted.columns or one not in TYPED]
        raise DomainError(
            f"{kind} cannot be written as {file_format}: use {', '.join(formats)}.",
            fields={"format": ["Unknown."]},
        )
    rows = _rows(project, wanted, style, filters or Filters(), now)
    data = {"kind": kind, "format": file_format, "style": style}
    audit.record(actor=actor, action="export.started", project_id=project.pk, obj=project, data=data)
    return Export(wanted, rows, style, file_format, WRITERS[file_format][1](rows, wanted, style))


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise NotFound(f"There is no export of {name}: ask for one of {', '.join(KINDS)}.")
    return KINDS[name]


def _rows(project: Project, kind: Kind, style: str, filters: Filters, now: datetime) -> Iterator[Row]:
    if kind.trains and not filters.arms:
        filters = replace(filters, arms=TRAINING_ARMS)
    until = selectors.cut(project_id=project.pk, now=now)
    read = {
        "judgment": selectors.judged,
        "demonstration": selectors.demonstrations,
        "prompt": selectors.prompts,
    }[kind.of]
    found = read(project_id=project.pk, filters=filters, until=until)
    return (row for one in found for row in kind.rows(one, style))
