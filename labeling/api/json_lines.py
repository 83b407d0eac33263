"""Bodies that are read as a stream and not into memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

MEDIA_TYPE = "application/x-ndjson"
FILE_MEDIA_TYPE = "application/octet-stream"


class StreamParser(BaseParser):
    """Leaves the body in the stream: `request.data` is something to read from."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> IO[bytes]:
        return stream


class JsonLinesParser(StreamParser):
    media_type = MEDIA_TYPE


class FileParser(StreamParser):
    media_type = FILE_MEDIA_TYPE
