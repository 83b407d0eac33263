"""Who somebody is here that a provider has vouched for."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from labeling.core.errors import DomainError
from labeling.core.models import ApiToken, User
from labeling.core.services import audit


@transaction.atomic
def person_vouched_for(*, email: str | None, verified: bool, name: str, provider: str) -> User:
    """The account of someone who signs in by `provider` for the first time, made if need be.

    Only a verified address is believed. An account that has it already may have been made by
    someone who merely typed it, so its password and tokens die with the first such sign-in: the
    owner of the mailbox can set a new password by mail.
    """
    if not email or not verified:
        raise DomainError(
            "The provider did not confirm your e-mail address: confirm it there, then try again.",
            code="email_not_verified",
        )
    email = email.strip().lower()
    user = User.objects.select_for_update().filter(email=email).first()
    if user is None:
        if not settings.OIDC_SIGN_UP:
            raise DomainError("You have no account here yet: ask for an invitation.", code="no_account")
        user = User(email=email, name=(name or email.partition("@")[0])[:200])
        user.set_unusable_password()
        user.save(force_insert=True)
        audit.record(
            actor=None, action="user.created", project_id=None, obj=user, data={"provider": provider}
        )
        return user
    user.set_unusable_password()
    user.save(update_fields=["password"])
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    audit.record(actor=user, action="user.linked", project_id=None, obj=user, data={"provider": provider})
    return user
