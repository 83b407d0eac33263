from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from labeling.core.errors import NotFound
from labeling.core.models import Preferences, User


def listed_users(*, search: str | None = None) -> QuerySet[User]:
    """Everybody, or those with `search` in their name or address."""
    found = User.objects.all()
    return found.filter(Q(name__icontains=search) | Q(email__icontains=search)) if search else found


def user_of(*, user_id: int) -> User:
    found = User.objects.filter(pk=user_id).first()
    if found is None:
        raise NotFound("There is no such person: the list may be old, reload it.")
    return found


def preferences_of(*, user: User) -> dict[str, Any]:
    kept = Preferences.objects.filter(user=user).first()
    return kept.chosen if kept else {}
