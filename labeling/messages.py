"""Conversations as lists of messages: what is well formed, what it hashes to, what people see of it.

A message is `{"role", "content", …}`; tool calls and reasoning may ride along for training.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

ROLES = ("system", "user", "assistant", "tool")
EXTRA_KEYS = {"name", "tool_calls", "tool_call_id", "reasoning"}
MAX_CHARACTERS = 400_000
MAX_MESSAGES = 400


class BadContent(ValueError):
    """Says in words for the person who wrote the messages what to change."""


def check_messages(value: object, *, what: str) -> list[Message]:
    """`value` as messages, or BadContent; `what` names it in the sentence ("the prompt")."""
    if not isinstance(value, list):
        raise BadContent(f"{what} must be text or a list of messages, not {kind_of(value)}.")
    if not value:
        raise BadContent(f"{what} has no messages: add at least one.")
    if len(value) > MAX_MESSAGES:
        raise BadContent(f"{what} has {len(value)} messages: shorten it to {MAX_MESSAGES}.")
    for number, message in enumerate(value, start=1):
        _check_message(message, f"message {number} of {what}")
    if sum(len(message["content"]) for message in value) > MAX_CHARACTERS:
        raise BadContent(f"{what} is longer than {MAX_CHARACTERS:,} characters: shorten it.")
    return value


def check_text(value: object, *, what: str) -> str:
    """`value` as storable, non-empty text, or BadContent."""
    if not isinstance(value, str):
        raise BadContent(f"{what} must be text, not {kind_of(value)}.")
    if not value.strip():
        raise BadContent(f"{what} is empty: write something or leave the row out.")
    if len(value) > MAX_CHARACTERS:
        raise BadContent(f"{what} is longer than {MAX_CHARACTERS:,} characters: shorten it.")
    check_storable(value, what=what)
    return value


def check_storable(value: object, *, what: str) -> None:
    """Databases store neither NUL nor half a surrogate pair, and JSON has no NaN; at any depth."""
    if isinstance(value, str):
        if "\x00" in value:
            raise BadContent(f"{what} contains a NUL character: remove it.")
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise BadContent(f"{what} contains half a surrogate pair: escape the whole character.")
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise BadContent(f"{what} contains {value}, which is not a JSON number: use null.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_storable(key, what=what)
            check_storable(inner, what=what)
    elif isinstance(value, list):
        for inner in value:
            check_storable(inner, what=what)


def canonical(value: object) -> bytes:
    """One byte string for one content: sorted keys, no spaces, Unicode in its composed form."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return unicodedata.normalize("NFC", text).encode()


def content_hash(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def root_hash(messages: Sequence[Message]) -> str:
    """Of the first message that is not a system prompt: turns of one conversation share it."""
    return content_hash(next((m for m in messages if m["role"] != "system"), messages[0]))


def shown(messages: Sequence[Message]) -> list[dict[str, str]]:
    """What an annotator sees: words only, no tool traffic and no reasoning."""
    return [
        {"role": message["role"], "content": message["content"]}
        for message in messages
        if message["role"] != "tool" and message["content"]
    ]


def kind_of(value: object) -> str:
    """The JSON word for a value's type."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    return "null" if value is None else names.get(type(value), "an object")


def _check_message(message: object, what: str) -> None:
    if not isinstance(message, dict):
        raise BadContent(f"{what} must be an object with role and content, not {kind_of(message)}.")
    if message.get("role") not in ROLES:
        raise BadContent(f"{what} needs a role: one of {', '.join(ROLES)}.")
    unknown = sorted(set(message) - {"role", "content"} - EXTRA_KEYS)
    if unknown:
        raise BadContent(f"{what} has unknown keys: {', '.join(unknown)}.")
    if message["role"] == "assistant" and message.get("tool_calls") and not message.get("content"):
        message["content"] = ""
    else:
        check_text(message.get("content"), what=f"the content of {what}")
    check_storable(message, what=what)
