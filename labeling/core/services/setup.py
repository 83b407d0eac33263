"""The first administrator. Who holds the key written to the server's own folder owns the server."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import User
from labeling.core.services import accounts, limits


def setup_needed() -> bool:
    return not User.objects.exists()


def ensure_setup_key() -> str | None:
    """The key that POST /api/setup asks for, made on first call; None once there is a user."""
    if not setup_needed():
        return None
    path = _key_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    key = secrets.token_urlsafe(18)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
    return key


def set_up(*, email: str, name: str, password: str, setup_key: str, address: str) -> User:
    """Create the first operator, once. The key is removed when it has been used."""
    if not setup_needed():
        raise _already_set_up()
    limits.count(limits.SETUP, address)
    try:
        key = _key_path().read_text().strip()
    except FileNotFoundError as missing:
        raise DomainError(
            "No setup key was made yet: start the server with `manage.py up`, which prints it.",
            code="wrong_setup_key",
        ) from missing
    if not key or not hmac.compare_digest(key.encode(), setup_key.strip().encode()):
        raise DomainError(
            "The setup key is wrong: copy the one that `manage.py up` printed.",
            code="wrong_setup_key",
            fields={"setup_key": ["This is not the key."]},
        )
    user = _create_first(email=email, name=name, password=password)
    _key_path().unlink(missing_ok=True)
    return user


@transaction.atomic
def _create_first(*, email: str, name: str, password: str) -> User:
    # Any one row serves as the lock: two first administrators must not both find nobody here.
    ContentType.objects.select_for_update().filter(app_label="core", model="user").first()
    if not setup_needed():
        raise _already_set_up()
    return accounts.create_user(email=email, name=name, password=password, is_operator=True)


def _already_set_up() -> Conflict:
    return Conflict("This server has its administrator already: sign in.", code="already_set_up")


def _key_path() -> Path:
    return Path(settings.VAR_DIR) / "setup_key"
