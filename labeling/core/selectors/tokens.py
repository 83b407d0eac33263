from __future__ import annotations

from django.db.models import QuerySet

from labeling.core.models import ApiToken, User


def live_tokens(*, user: User) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=user, revoked_at=None)
