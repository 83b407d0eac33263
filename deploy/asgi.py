"""One port for everything: WebSockets by Channels on the event loop, HTTP by the WSGI
application on threads beside it."""

from __future__ import annotations

import asyncio
import io
from typing import Any

from a2wsgi import WSGIMiddleware

from deploy.wsgi import application as wsgi_application

# Django is set up now.
# isort: split
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.urls import re_path

from labeling.consumers import NoSuchSocket, ProjectConsumer, RunConsumer
from labeling.core import live

Scope = dict[str, Any]

websockets = AllowedHostsOriginValidator(
    AuthMiddlewareStack(
        URLRouter(
            [
                re_path(r"^ws/projects/(?P<slug>[-\w]+)$", ProjectConsumer.as_asgi()),
                re_path(r"^ws/runs/(?P<run_id>\d{1,18})$", RunConsumer.as_asgi()),
                re_path(r"^.*$", NoSuchSocket.as_asgi()),
            ]
        )
    )
)


class Body(io.RawIOBase):
    """a2wsgi's own body answers `readline(limit)` with nothing until something else has read."""

    def __init__(self, received: Any) -> None:
        self._received = received

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._received.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def with_readable_body(environ: Scope, start_response: Any) -> Any:
    environ["wsgi.input"] = io.BufferedReader(Body(environ["wsgi.input"]))
    return wsgi_application(environ, start_response)


http = WSGIMiddleware(with_readable_body, workers=settings.WEB_THREADS)  # type: ignore[arg-type]


async def application(scope: Scope, receive: Any, send: Any) -> None:
    match scope["type"]:
        case "websocket":
            await websockets(scope, receive, send)
        case "http":
            await _http(scope, receive, send)
        case "lifespan":
            live.attach_server_loop(asyncio.get_running_loop())
            try:
                await http(scope, receive, send)  # type: ignore[arg-type]
            finally:
                live.attach_server_loop(None)


async def _http(scope: Scope, receive: Any, send: Any) -> None:
    headers = scope["headers"]
    # WSGI cannot tell X_Forwarded_Proto from X-Forwarded-Proto: only a proxy may set the latter.
    scope = {**scope, "headers": [(name, value) for name, value in headers if b"_" not in name]}
    await http(scope, receive, send)  # type: ignore[arg-type]
