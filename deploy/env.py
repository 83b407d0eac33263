"""Typed environment variables. A bad value falls back to its default and is remembered, so that
one system check can list every one of them instead of the first traceback."""

from __future__ import annotations

import os

PROBLEMS: list[str] = []


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    raw = text(name).lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    PROBLEMS.append(f"{name} is {raw!r}: set it to 1 or 0.")
    return default


def integer(name: str, default: int, *, low: int, high: int) -> int:
    raw = text(name)
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        PROBLEMS.append(f"{name} is {raw!r}: set it to a whole number from {low} to {high}.")
        return default
    if not low <= value <= high:
        PROBLEMS.append(f"{name} is {value}: set it to a whole number from {low} to {high}.")
        return default
    return value


def choice(name: str, default: str, *, choices: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in choices:
        PROBLEMS.append(f"{name} is {value!r}: set it to {', '.join(choices[:-1])} or {choices[-1]}.")
        return default
    return value


def items(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def url(name: str, default: str, *, schemes: tuple[str, ...]) -> str:
    value = text(name, default)
    if value and value.partition("://")[0] not in schemes:
        wanted = ", ".join(f"{scheme}://" for scheme in schemes)
        PROBLEMS.append(f"{name} is not usable: start it with one of {wanted}.")
        return default
    return value
