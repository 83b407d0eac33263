"""From known credentials to a session, by way of the second factor where there is one, and its end."""

from __future__ import annotations

import time

from django.contrib.auth import login, logout
from django.http import HttpRequest

from labeling.core.errors import DomainError
from labeling.core.models import User
from labeling.core.services import audit, second_factor

# The session's note of who gave the right password and still owes the code.
WAITING = "second_factor"
WAITING_SECONDS = 600
BACKEND = "django.contrib.auth.backends.ModelBackend"


def begin(request: HttpRequest, user: User, *, by: str, code: str = "") -> User | None:
    """Sign `user` in, or note that a code is needed and return None. `by` says what vouched for
    them: a password, an invitation, a provider's name."""
    if user.has_second_factor:
        if not code:
            request.session[WAITING] = {
                "user": user.pk,
                "by": by,
                "until": time.time() + WAITING_SECONDS,
                # Another password in the meantime makes this void.
                "hash": user.get_session_auth_hash(),
            }
            return None
        _check_code(user, code)
    request.session.pop(WAITING, None)
    _start(request, user, by)
    return user


def finish(request: HttpRequest, *, code: str) -> User:
    """Sign in whoever `begin` left waiting."""
    user = _waiting(request)
    if user is None:
        raise DomainError(
            "Nobody waits for a code here: sign in with your password first.", code="nobody_waiting"
        )
    _check_code(user, code)
    by = request.session.pop(WAITING)["by"]
    _start(request, user, by)
    return user


def end(request: HttpRequest) -> None:
    user = request.user
    logout(request)
    if isinstance(user, User):
        audit.record(actor=user, action="user.signed_out", project_id=None, obj=user)


def state_of(request: HttpRequest, user: User | None) -> str | None:
    """What is still missing: "needed" a code, "to_set_up" a second factor, or nothing."""
    if user is not None:
        return "to_set_up" if second_factor.second_factor_missing(user) else None
    return "needed" if _waiting(request) is not None else None


def _start(request: HttpRequest, user: User, by: str) -> None:
    login(request, user, backend=BACKEND)
    data = {"by": by, "second_factor": user.has_second_factor}
    audit.record(actor=user, action="user.signed_in", project_id=None, obj=user, data=data)


def _check_code(user: User, code: str) -> None:
    try:
        second_factor.check_code(user=user, code=code)
    except second_factor.WrongCode:
        audit.record(actor=None, action="user.sign_in_failed", project_id=None, obj=user, data={"by": "code"})
        raise


def _waiting(request: HttpRequest) -> User | None:
    note = request.session.get(WAITING)
    if not note or note["until"] < time.time():
        return None
    user = User.objects.filter(pk=note["user"], is_active=True).first()
    return user if user is not None and user.get_session_auth_hash() == note["hash"] else None
