"""Second factors: codes of an authenticator app, and recovery codes for when it is lost.

django-allauth makes, keeps and checks them; when they are asked for is decided here.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from django.conf import settings
from django.db import transaction

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import User
from labeling.core.services import audit, limits


class WrongCode(DomainError):
    code = "wrong_code"


def second_factor_missing(user: User) -> bool:
    """Whether this server asks a second factor of `user`, who has none."""
    asked = settings.SECOND_FACTOR == "everyone" or (
        settings.SECOND_FACTOR == "operators" and user.is_operator
    )
    return asked and not user.has_second_factor


def new_secret(*, user: User) -> str:
    """For an authenticator app. It counts once `enrol` has seen a code made with it."""
    if user.has_second_factor:
        raise Conflict("You have a second factor already: turn it off first.", code="second_factor_exists")
    return generate_totp_secret()


@transaction.atomic
def enrol(*, user: User, secret: str | None, code: str) -> list[str]:
    """Turn the second factor on; returns the recovery codes."""
    limits.count(limits.SECOND_FACTOR, str(user.pk))
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.has_second_factor:
        raise Conflict("You have a second factor already: turn it off first.", code="second_factor_exists")
    if secret is None:
        raise Conflict("Ask for a new secret first: this one is old.", code="no_secret")
    if not validate_totp_code(secret, code):
        raise _wrong_code()
    TOTP.activate(user, secret)
    codes = RecoveryCodes.activate(user).get_unused_codes()
    user.has_second_factor = True
    user.save(update_fields=["has_second_factor"])
    audit.record(actor=user, action="second_factor.enabled", project_id=None, obj=user)
    return codes


@transaction.atomic
def turn_off(*, user: User, code: str) -> None:
    check_code(user=user, code=code)
    _remove(user=user, actor=user)


@transaction.atomic
def reset(*, actor: User, user: User) -> None:
    """An operator's help for someone who lost the device and the recovery codes."""
    _remove(user=user, actor=actor)


@transaction.atomic
def new_recovery_codes(*, user: User, code: str) -> list[str]:
    """The old ones die."""
    check_code(user=user, code=code)
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    audit.record(actor=user, action="second_factor.codes_renewed", project_id=None, obj=user)
    return RecoveryCodes.activate(user).get_unused_codes()


def num_recovery_codes(*, user: User) -> int:
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(RecoveryCodes(kept).get_unused_codes()) if kept else 0


def check_code(*, user: User, code: str) -> None:
    """Raise unless `code` is the app's current one, not used yet, or an unused recovery code."""
    limits.count(limits.SECOND_FACTOR, str(user.pk))
    for kept in Authenticator.objects.filter(user=user):
        if kept.type == Authenticator.Type.TOTP and TOTP(kept).validate_code(code):
            break
        if kept.type == Authenticator.Type.RECOVERY_CODES and RecoveryCodes(kept).validate_code(code):
            audit.record(actor=user, action="second_factor.code_used", project_id=None, obj=user)
            break
    else:
        raise _wrong_code()
    limits.forgive(limits.SECOND_FACTOR, str(user.pk))


def _remove(*, user: User, actor: User) -> None:
    Authenticator.objects.filter(user=user).delete()
    user.has_second_factor = False
    user.save(update_fields=["has_second_factor"])
    audit.record(actor=actor, action="second_factor.disabled", project_id=None, obj=user)


def _wrong_code() -> WrongCode:
    return WrongCode(
        "The code is wrong or was used: wait for the next one and type that.",
        fields={"code": ["Not a current code."]},
    )
