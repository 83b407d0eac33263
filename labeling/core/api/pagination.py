"""Lists leave as `{"results": […], "next": cursor | null}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from drf_spectacular.utils import OpenApiParameter
from rest_framework import pagination, serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from labeling.core.errors import DomainError

PAGE_PARAMETERS = [
    OpenApiParameter("cursor", str, description="`next` of the page before; leave out for the first page."),
    OpenApiParameter("page_size", int, description="How many results to return, at most 200."),
]


class PageCursor(pagination.CursorPagination):
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering: str | Sequence[str] = "-id"

    def decode_cursor(self, request: Any) -> Any:
        try:
            return super().decode_cursor(request)
        except NotFound as bad:
            raise DomainError(
                "The cursor is not one of ours: start again without it.", code="bad_cursor"
            ) from bad

    def encode_cursor(self, cursor: Any) -> str:
        """The bare cursor: the client keeps its own address."""
        url = super().encode_cursor(cursor)
        return parse_qs(urlsplit(url).query)[self.cursor_query_param][0]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})


def page_of(serializer_class: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The serializer of one page, for the schema: `ProjectSerializer` → `ProjectPageSerializer`."""
    name = serializer_class.__name__.removesuffix("Serializer") + "PageSerializer"
    fields = {
        "results": serializer_class(many=True),
        "next": serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end."),
    }
    return type(name, (serializers.Serializer,), fields)
