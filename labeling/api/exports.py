from __future__ import annotations

from django.http import StreamingHttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from labeling.api.base import ProjectView
from labeling.api.json_lines import MEDIA_TYPE, JsonLinesRenderer, stream_rows
from labeling.core.permissions import Permission
from labeling.selectors import labels

LINES = {(200, MEDIA_TYPE): OpenApiTypes.STR}


class ExportView(ProjectView):
    access = {"GET": Permission.LABELS_EXPORT}
    renderer_classes = [JSONRenderer, JsonLinesRenderer]


class JudgmentsExportView(ExportView):
    @extend_schema(operation_id="export_judgments", tags=["exports"], responses=LINES)
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Everybody's last word on every task, whole: one JSON object in each line."""
        rows = labels.judgments(project_id=self.project.pk)
        return stream_rows((_judgment(row) for row in rows), filename=f"{slug}-judgments.jsonl")


class ComparisonsExportView(ExportView):
    @extend_schema(operation_id="export_comparisons", tags=["exports"], responses=LINES)
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """The pairs that follow from the judgments, with an explicit prompt: one in each line.
        In a tie, chosen and rejected are merely the two sides."""
        rows = labels.comparisons(project_id=self.project.pk)
        return stream_rows((_comparison(row) for row in rows), filename=f"{slug}-comparisons.jsonl")


def _judgment(row: labels.JudgmentRow) -> dict[str, object]:
    fields = row._asdict()
    return {
        "judgment": fields.pop("id"),
        "prompt": fields.pop("prompt_messages"),
        "annotator": fields.pop("annotator_id"),
        **fields,
    }


def _comparison(row: labels.ComparisonRow) -> dict[str, object]:
    return {
        "prompt": row.prompt_messages,
        "chosen": row.winner_messages,
        "rejected": row.loser_messages,
        "tie": row.is_tie,
        "strength": row.strength,
        "comparison": row.comparison_id,
        "judgment": row.judgment_id,
        "prompt_id": row.prompt_id,
        "chosen_id": row.winner_id,
        "rejected_id": row.loser_id,
        "annotator": row.annotator_id,
        "split": row.split,
        "arm": row.arm,
        "licence": row.licence,
        "created_at": row.created_at,
        "from_edit": row.from_edit,
    }


urlpatterns = [
    path("projects/<slug:slug>/export/judgments", JudgmentsExportView.as_view()),
    path("projects/<slug:slug>/export/comparisons", ComparisonsExportView.as_view()),
]
