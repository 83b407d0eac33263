"""News from our other processes, signed with the server's secret key."""

from __future__ import annotations

from django.core import signing
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.core import live
from labeling.core.api.views import ApiView
from labeling.core.errors import DomainError
from labeling.core.permissions import Access

MAX_BYTES = 1024 * 1024


class PlainTextParser(BaseParser):
    media_type = "text/plain"

    def parse(self, stream, media_type=None, parser_context=None) -> str:
        return stream.read(MAX_BYTES).decode()


class PublishView(ApiView):
    access = {"POST": Access.PUBLIC}  # the signature is the permission
    authentication_classes = ()
    parser_classes = (PlainTextParser,)

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        try:
            events = live.unsign(request.data)
        except (signing.BadSignature, TypeError, ValueError) as forged:
            raise DomainError(
                "This message is not signed by this server: check that SECRET_KEY is the same everywhere.",
                code="bad_signature",
            ) from forged
        if not live.serves_pages():  # or the news would go round in circles
            raise DomainError(
                "This process serves no live pages: point WORKER_API_URL at the one that does.",
                code="no_live_pages",
                status=503,
            )
        for event in events:
            live.publish(event.group, topic=event.topic, id=event.id)
        return Response(status=204)
