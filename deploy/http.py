"""HTTP for many people, on as many processes as the machine has cores: `python -m deploy.http`.

Beside it runs uvicorn for /ws (docs/operating.md). The numbers are the same environment variables as
everywhere: HOST, PORT, WEB_PROCESSES, WEB_THREADS.
"""

from __future__ import annotations

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

# A thread that ends takes its database connection along: kept through a break.
IDLE_SECONDS = 600
# Open requests are answered before a process ends, within reason.
GRACE_SECONDS = 10


def serve(application: str = "deploy.wsgi:application") -> None:
    """Returns after SIGINT or SIGTERM, when open requests have been answered."""
    from deploy import settings

    Granian(
        application,
        address=settings.HOST,
        port=settings.PORT,
        interface=Interfaces.WSGI,
        websockets=False,
        workers=settings.WEB_PROCESSES,
        blocking_threads=settings.WEB_THREADS,
        blocking_threads_idle_timeout=IDLE_SECONDS,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
    ).serve()


if __name__ == "__main__":
    serve()
