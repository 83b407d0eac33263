"""Fields of an import's row: their types and limits, and what is wrong with one in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labeling.messages import BadContent, check_storable, kind_of


def short(value: Mapping[str, Any], name: str, limit: int = 200) -> str:
    text = value.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise BadContent(f"{name} must be text, not {kind_of(text)}.")
    if len(text) > limit:
        raise BadContent(f"{name} is longer than {limit} characters: shorten it.")
    check_storable(text, what=name)
    return text


def words(value: Mapping[str, Any], name: str) -> list[str]:
    given = value.get(name)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(word, str) for word in given):
        raise BadContent(f"{name} must be a list of words.")
    if len(given) > 100 or any(len(word) > 100 for word in given):
        raise BadContent(f"{name} may hold 100 words of 100 characters.")
    check_storable(given, what=name)
    return given


def whole(value: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    number = value.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise BadContent(f"{name} must be a whole number from {low} to {high}.")
    return number
