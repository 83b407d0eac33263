from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from labeling.core.models import Preferences, User


@transaction.atomic
def choose(*, user: User, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what is named in `chosen` beside the rest: all that this person chose."""
    kept, _ = Preferences.objects.select_for_update().get_or_create(user=user)
    kept.chosen = {**kept.chosen, **chosen}
    kept.save(update_fields=["chosen"])
    return kept.chosen
