"""API tokens: people's keys for scripts. The secret leaves once; a digest stays."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from labeling.core.errors import DomainError, NotFound
from labeling.core.models import ApiToken, User, all_scopes
from labeling.core.permissions import Scope
from labeling.core.prepared import Prepared
from labeling.core.services import audit

PREFIX = "pl_"
# Reads by token must not become writes: the time of use is kept to the minute.
USED_AT_PRECISION = timedelta(minutes=1)

_by_digest = Prepared(lambda digest: ApiToken.objects.select_related("user").filter(digest=digest))


def digest_of(secret: str) -> str:
    # The secret has 256 random bits, so a plain hash is enough and can be looked up by index:
    # nothing about a near miss shows in the timing.
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    now: datetime,
    scopes: Sequence[str] | None = None,
    project_slug: str = "",
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """The token and its secret, which cannot be read again. Without `scopes` it may do all that
    its owner may."""
    wanted = list(dict.fromkeys(scopes or all_scopes()))
    if unknown := sorted(set(wanted) - set(Scope)):
        raise DomainError(
            f"There is no scope “{unknown[0]}”: use {', '.join(Scope)}.", fields={"scopes": unknown}
        )
    if expires_at is not None and expires_at <= now:
        raise DomainError("The token would be dead at once: choose a later time.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:8],
        digest=digest_of(secret),
        scopes=wanted,
        project_slug=project_slug,
        expires_at=expires_at,
        created_at=now,
    )
    # Not its name: what people call their tokens may name themselves, and the log is for ever.
    data = {"prefix": token.prefix, "scopes": wanted, "project": project_slug}
    audit.record(actor=user, action="token.created", project_id=None, obj=token, data=data)
    return token, secret


@transaction.atomic
def revoke_token(*, user: User, token_id: int, now: datetime) -> None:
    changed = ApiToken.objects.filter(user=user, pk=token_id, revoked_at=None).update(revoked_at=now)
    if not changed:
        raise NotFound("You have no such token: it may be revoked already.")
    token = ApiToken.objects.get(pk=token_id)
    data = {"prefix": token.prefix}
    audit.record(actor=user, action="token.revoked", project_id=None, obj=token, data=data)


def authenticate(*, secret: str, now: datetime) -> ApiToken | None:
    """The live token with this secret, of someone who may still sign in."""
    token = _by_digest.first(digest=digest_of(secret))
    return token if token is not None and admit(token, now=now) else None


def admit(token: ApiToken, *, now: datetime) -> bool:
    """Whether it is live. Notes that it was used, to the minute."""
    is_over = token.expires_at is not None and token.expires_at <= now
    if token.revoked_at is not None or is_over or not token.user.is_active:
        return False
    if token.last_used_at is None or now - token.last_used_at >= USED_AT_PRECISION:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_AT_PRECISION)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return True
