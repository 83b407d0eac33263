from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import sys
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import OperationalError

from deploy import serve
from deploy.supervisor import Child, Supervisor
from labeling.core.services import setup


class Command(BaseCommand):
    help = "Run Plumbline: the web process and the dispatcher, each started again when it dies."
    requires_system_checks = ["environment"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        serve.add_address_arguments(parser)

    def handle(self, *, host: str, port: int, **options: object) -> None:
        try:
            serve.bind(host, port).close()
        except serve.PortError as error:
            raise CommandError(str(error), returncode=serve.PORT_IN_USE) from None
        migrate()
        environment = child_environment(os.environ, host, port)
        manage = str(settings.BASE_DIR / "manage.py")
        web = [sys.executable, "-m", "deploy.serve", "--host", host, "--port", str(port)]
        Supervisor(
            children=[Child("web", web), Child("dispatcher", [sys.executable, manage, "dispatch"])],
            environment=environment,
            say=self.say,
        ).run(
            is_ready=lambda: is_healthy(local_host(host), port),
            announce=lambda: self.announce(environment["PUBLIC_URL"]),
        )
        self.say("stopped")

    def say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()

    def announce(self, url: str) -> None:
        self.say(f"Plumbline is on {url} (Ctrl-C stops it)")
        if not (settings.FRONTEND_DIST / "index.html").is_file():
            self.say("The pages are not built, only the API answers: run `make setup`, then start again.")
        key = setup.ensure_setup_key()
        if key:
            self.say(f"Nobody has an account yet: make the first one on {url}/setup?key={key}")


def migrate() -> None:
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise CommandError(
            f"The database does not answer ({reason}): start it, or correct DATABASE_URL."
        ) from None


def local_host(host: str) -> str:
    """Where this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)


def child_environment(given: os._Environ[str] | dict[str, str], host: str, port: int) -> dict[str, str]:
    """`given`, plus what follows from the address. Workers on this machine come by the short way,
    not through whatever stands in front of PUBLIC_URL."""
    local = local_host(host)
    environment = {
        "PUBLIC_URL": f"http://{local}:{port}",
        "WORKER_API_URL": f"http://{local}:{port}",
        **given,
    }
    if environment.get("ALLOWED_HOSTS"):
        environment["ALLOWED_HOSTS"] += f",{local}"
    if not environment.get("SECRET_KEY"):
        environment["SECRET_KEY"] = secret_key(settings.VAR_DIR / "secret_key")
    environment["PYTHONPATH"] = os.pathsep.join(
        part for part in (str(settings.BASE_DIR), given.get("PYTHONPATH")) if part
    )
    return environment


def secret_key(path: Path) -> str:
    """Made once for this installation, readable by its owner only."""
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


def is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=2)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
