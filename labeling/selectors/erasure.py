"""What somebody wrote in their own words."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import QuerySet

from labeling.models import Annotator, Assignment, Judgment


class FreeText(NamedTuple):
    kind: str  # "comment" | "skip_reason"
    project: str
    id: str


def free_text_of(*, annotator_id: int) -> list[FreeText]:
    """Where there is free text of this person: by project, and the judgment's or assignment's id."""
    comments = Judgment.objects.filter(annotator=annotator_id).exclude(comment="")
    reasons = Assignment.objects.filter(annotator=annotator_id).exclude(skip_reason="")
    return [
        *_located("comment", comments, "project__slug"),
        *_located("skip_reason", reasons, "task__project__slug"),
    ]


def erased(*, pseudonym: str) -> Annotator | None:
    return Annotator.objects.filter(pseudonym=pseudonym, user=None).exclude(kind="imported").first()


def _located(kind: str, rows: QuerySet[Any], project: str) -> list[FreeText]:
    return [FreeText(kind, slug, str(pk)) for slug, pk in rows.order_by("pk").values_list(project, "pk")]
