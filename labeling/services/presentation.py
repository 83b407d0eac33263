"""In which order, and under which names, one annotator sees a task's responses."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.utils.crypto import salted_hmac

SALT = "labeling.presentation"


def presented_order(*, task_id: int, slot_no: int, response_ids: Sequence[int]) -> list[int]:
    """A shuffle that only the server's secret explains, the same whenever it is asked for.

    Each task has one secret order. Slots come in twos: the odd one shows the order of the even
    one backwards, so any two responses are seen both ways round, and each further two start one
    place later, so positions even out as well.
    """
    order = sorted(
        response_ids, key=lambda id: salted_hmac(SALT, f"{task_id}:{id}", algorithm="sha256").digest()
    )
    start = (slot_no // 2) % len(order)
    turned = order[start:] + order[:start]
    return turned[::-1] if slot_no % 2 else turned


def _place(task_id: int, response_id: int) -> bytes:
    return salted_hmac(SALT, f"{task_id}:{response_id}", algorithm="sha256").digest()


def random_key() -> str:
    """A response's name in one assignment; says nothing, and differs for every annotator."""
    return secrets.token_urlsafe(9)
