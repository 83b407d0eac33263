"""People's logins: making them, signing in, and passwords."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import User
from labeling.core.services import audit, limits

logger = logging.getLogger(__name__)

# One thread: whether an address is known must not show in how long the answer takes.
_mailer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


@transaction.atomic
def create_user(
    *, email: str, name: str, password: str, actor: User | None = None, is_operator: bool = False
) -> User:
    user = User(email=email.strip().lower(), name=name.strip(), is_operator=is_operator)
    _check_password(password, user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as taken:
        raise Conflict(
            f"There is an account for {user.email} already: use another address.",
            code="email_taken",
            fields={"email": ["This address has an account."]},
        ) from taken
    audit.record(
        actor=actor, action="user.created", project_id=None, obj=user, data={"is_operator": is_operator}
    )
    return user


def check_credentials(*, email: str, password: str, address: str) -> User:
    """The person, or one refusal for every reason, which the audit log keeps. `address` is the
    caller's network address."""
    email = email.strip().lower()
    limits.count(limits.SIGN_IN, email, address)
    limits.count(limits.SIGN_IN_FROM_ADDRESS, address)
    user = authenticate(email=email, password=password)
    if not isinstance(user, User):
        # For an unknown address a row is written too, with nobody in it: what is known must not show
        # in how long the answer takes.
        known = User.objects.filter(email=email).first() or User()
        audit.record(
            actor=None, action="user.sign_in_failed", project_id=None, obj=known, data={"by": "password"}
        )
        raise DomainError(
            "The e-mail address or the password is wrong: try again, or reset the password.",
            code="wrong_credentials",
        )
    limits.forget(limits.SIGN_IN, email, address)
    limits.forgive(limits.SIGN_IN_FROM_ADDRESS, address)
    return user


@transaction.atomic
def rename(*, user: User, name: str) -> User:
    user.name = name.strip()
    user.save(update_fields=["name"])
    audit.record(actor=user, action="user.renamed", project_id=None, obj=user)
    return user


@transaction.atomic
def change_password(*, user: User, old: str, new: str) -> None:
    """Ends every other session of `user`; the caller keeps its own."""
    limits.count(limits.PASSWORD_CHANGE, str(user.pk))
    if not user.check_password(old):
        raise DomainError(
            "The old password is wrong: try again, or reset it by mail.",
            code="wrong_password",
            fields={"old": ["This is not your password."]},
        )
    _set_password(user, new, field="new")


def request_password_reset(*, email: str, address: str) -> Future[None] | None:
    """Mail a link if there is such an account. The caller cannot tell, not even by the clock."""
    email = email.strip().lower()
    limits.count(limits.PASSWORD_RESET, email)
    limits.count(limits.PASSWORD_RESET_FROM_ADDRESS, address)
    user = User.objects.filter(email=email, is_active=True).first()
    return _mailer.submit(_mail_reset_link, user) if user else None


@transaction.atomic
def confirm_password_reset(*, uid: str, token: str, password: str) -> User:
    user = _user_of(uid)
    if user is None or not default_token_generator.check_token(user, token):
        raise DomainError("This link is old or was used: ask for a new one.", code="bad_reset_link")
    _set_password(user, password, field="password")
    return user


def _set_password(user: User, password: str, *, field: str) -> None:
    _check_password(password, user, field=field)
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(actor=user, action="user.password_changed", project_id=None, obj=user)


def _check_password(password: str, user: User, *, field: str = "password") -> None:
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise DomainError(
            " ".join(weak.messages), code="weak_password", fields={field: weak.messages}
        ) from weak


def _mail_reset_link(user: User) -> None:
    query = urlencode(
        {
            "uid": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": default_token_generator.make_token(user),
        }
    )
    text = (
        f"Hello {user.name},\n\nsomeone asked for a new password for your Plumbline account. "
        f"If it was you, open this address:\n\n{settings.PUBLIC_URL}/reset-password?{query}\n\n"
        "If it was not you, do nothing: your password stays as it is.\n"
    )
    try:
        send_mail("Reset your Plumbline password", text, None, [user.email])
    except OSError as problem:
        logger.error("could not send the password mail: %s", problem)


def _user_of(uid: str) -> User | None:
    try:
        pk = int(urlsafe_base64_decode(uid))
    except ValueError:
        return None
    return User.objects.filter(pk=pk, is_active=True).first()
