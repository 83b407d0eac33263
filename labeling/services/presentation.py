"""In which order, and under which names, one annotator sees a task's responses."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from django.utils.crypto import salted_hmac

SALT = "labeling.presentation"


def presented_order(*, task_id: int, slot_no: int, hashes: Mapping[int, str]) -> list[int]:
    """A shuffle of the responses (`hashes`: of each one's text) that only the server's secret explains,
    the same whenever it is asked for.

    Each task has one secret order, which follows from the texts alone: who wrote them, and in which
    order they were stored, has no part in it. Slots come in twos: the odd one shows the order of the
    even one backwards, so any two responses are seen both ways round, and each further two start one
    place later, so that over 2K slots each of K responses takes each place twice (a Latin square and
    its mirror image).
    """
    order = sorted(hashes, key=lambda id: _place(task_id, hashes[id]))
    start = (slot_no // 2) % len(order)
    turned = order[start:] + order[:start]
    return turned[::-1] if slot_no % 2 else turned


def _place(task_id: int, text_hash: str) -> bytes:
    return salted_hmac(SALT, f"{task_id}:{text_hash}", algorithm="sha256").digest()


def random_key() -> str:
    """A response's name in one assignment; says nothing, and differs for every annotator."""
    return secrets.token_urlsafe(9)
