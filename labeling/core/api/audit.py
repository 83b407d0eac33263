"""Who did what to what: newest first, filtered, and as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core.api.csv import CSV, CSV_RENDERERS, stream_csv
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.api.serializers import AuditEventSerializer
from labeling.core.api.views import ApiView
from labeling.core.models import AuditEvent
from labeling.core.permissions import Access
from labeling.core.selectors.audit import listed_events

AuditEventPage = page_of(AuditEventSerializer)
HEADER = ["id", "at", "actor", "actor_id", "action", "object_type", "object_id", "data"]


class AuditFilterSerializer(serializers.Serializer):
    actor = serializers.IntegerField(required=False, min_value=1, max_value=2**62, help_text="A person's id.")
    action = serializers.CharField(
        required=False, max_length=80, help_text="Like `member.added`, or `member.` for all about members."
    )
    object_type = serializers.CharField(required=False, max_length=40)
    object_id = serializers.CharField(required=False, max_length=80)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False, help_text="Not included.")


def wanted_by(request: Request) -> dict[str, Any]:
    wanted = AuditFilterSerializer(data=request.query_params)
    wanted.is_valid(raise_exception=True)
    return wanted.validated_data


def as_csv(events: Iterable[AuditEvent], *, filename: str) -> StreamingHttpResponse:
    return stream_csv(HEADER, _rows(events), filename=filename)


def _rows(events: Iterable[AuditEvent]) -> Iterator[list[object]]:
    for event in events:
        row = AuditEventSerializer(event).data
        yield [json.dumps(row[name]) if name == "data" else row[name] for name in HEADER]


class AuditView(ApiView):
    access = {"GET": Access.OPERATOR}

    @extend_schema(
        operation_id="audit",
        tags=["people"],
        parameters=[AuditFilterSerializer, *PAGE_PARAMETERS],
        responses=AuditEventPage,
    )
    def get(self, request: Request) -> Response:
        """Who did what on this server, newest first: accounts, and every project."""
        return self.page(listed_events(**wanted_by(request)), AuditEventSerializer)


class AuditCsvView(ApiView):
    access = {"GET": Access.OPERATOR}
    renderer_classes = CSV_RENDERERS

    @extend_schema(
        operation_id="audit_csv", tags=["people"], parameters=[AuditFilterSerializer], responses=CSV
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        events = listed_events(**wanted_by(request)).order_by("id")
        return as_csv(events.iterator(chunk_size=2000), filename="audit.csv")
