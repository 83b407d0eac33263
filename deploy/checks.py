"""Numbered system checks over the settings. Commands that start something ask for those of the environment
alone: the others are about the code, take a second, and `make check` asks them."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from deploy import env


@register("environment")
def environment(app_configs, **kwargs) -> list[CheckMessage]:
    found: list[CheckMessage] = [Error(problem, id="plumbline.E001") for problem in env.PROBLEMS]
    if settings.WEB_PROCESSES > 1 and not settings.REDIS_URL:
        found.append(
            Error(
                f"WEB_PROCESSES is {settings.WEB_PROCESSES} but REDIS_URL is empty: live updates would reach "
                "only some pages. Set REDIS_URL, or WEB_PROCESSES to 1.",
                id="plumbline.E002",
            )
        )
    if settings.EXECUTOR not in {"local"}:
        found.append(Error(f"EXECUTOR is {settings.EXECUTOR!r}: set it to local.", id="plumbline.E003"))
    return found


@register(deploy=True)
def secrets(app_configs, **kwargs) -> list[CheckMessage]:
    if settings.SECRET_KEY == settings.INSECURE_KEY:
        return [Warning("SECRET_KEY is the development key: set a long random one.", id="plumbline.W001")]
    return []
