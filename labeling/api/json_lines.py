"""JSON Lines in and out, a line at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.http import StreamingHttpResponse
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

MEDIA_TYPE = "application/x-ndjson"


class JsonLinesParser(BaseParser):
    """Leaves the body in the stream: `request.data` is something to read lines from."""

    media_type = MEDIA_TYPE

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> IO[bytes]:
        return stream


class JsonLinesRenderer(JSONRenderer):
    """Lets a caller ask for JSON Lines; a refusal is still one JSON object."""

    media_type = MEDIA_TYPE
    format = "jsonl"


def stream_rows(rows: Iterable[Mapping[str, Any]], *, filename: str) -> StreamingHttpResponse:
    lines = (json.dumps(row, ensure_ascii=False, cls=JSONEncoder) + "\n" for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingHttpResponse(lines, content_type=MEDIA_TYPE, headers=headers)
