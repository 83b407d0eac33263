"""The web process: pages and API on threads, WebSockets on the event loop, one port.

python -m deploy.serve --host 127.0.0.1 --port 8000
"""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys

PORT_IN_USE = 2  # exit code: starting again will not help


class PortError(Exception):
    """One sentence for the person at the terminal."""


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything slow is loaded, so that a taken one is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortError(
                f"Port {port} is in use: stop what uses it, or choose another with PORT={port + 1}."
            ) from None
        raise PortError(f"Cannot listen on {host} port {port} ({error.strerror}): choose another.") from None
    return listener


def add_address_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))


def serve(listener: socket.socket) -> None:
    """Returns after SIGINT or SIGTERM, when open requests have been answered."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
    import uvicorn

    from deploy.asgi import application

    config = uvicorn.Config(
        application,
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # settings decide which forwarded headers are believed
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listener])


def main() -> int:
    parser = argparse.ArgumentParser(description="Serve Plumbline's pages, API and live updates.")
    add_address_arguments(parser)
    options = parser.parse_args()
    try:
        listener = bind(options.host, options.port)
    except PortError as error:
        print(error, file=sys.stderr)
        return PORT_IN_USE
    serve(listener)
    return 0


if __name__ == "__main__":
    sys.exit(main())
