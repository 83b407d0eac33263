"""The texts of an import's row: what was asked and what was answered, as messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labeling.messages import BadContent, Message, canonical, check_messages, check_text
from labeling.models.prompts import Generator
from labeling.services.import_fields import short
from labeling.services.transcripts import is_transcript, parse_transcript, split_shared

RESPONSE_KEYS = {"text", "messages", "generator", "by_person"}


@dataclass(frozen=True, slots=True)
class RowResponse:
    messages: list[Message]
    generator: str = ""
    kind: str = Generator.Kind.IMPORTED


def dialogues(value: Mapping[str, Any], generator: str) -> tuple[list[Message], list[RowResponse]]:
    """chosen and rejected as whole dialogues that share their beginning."""
    sides = []
    for name in ("chosen", "rejected"):
        side = value[name]
        if isinstance(side, str):
            side = parse_transcript(check_text(side, what=name), what=name)
        sides.append(check_messages(side, what=name))
    prompt, *replies = split_shared(*sides)
    for name, reply in zip(("chosen", "rejected"), replies, strict=True):
        if not reply:
            raise BadContent(f"{name} ends without a reply: every response needs words.")
    if "system" in value:
        prompt = _with_system(prompt, value["system"])
    return prompt, [
        response_of(reply, generator, what=name)
        for name, reply in zip(("chosen", "rejected"), replies, strict=True)
    ]


def prompt_of(value: Mapping[str, Any]) -> list[Message]:
    if ("prompt" in value) == ("messages" in value):
        raise BadContent("give the prompt once: as prompt or as messages.")
    given = value.get("prompt", value.get("messages"))
    if isinstance(given, str):
        check_text(given, what="the prompt")
        given = (
            parse_transcript(given, what="the prompt")
            if is_transcript(given)
            else [{"role": "user", "content": given}]
        )
    messages = check_messages(given, what="the prompt")
    if "system" in value:
        messages = _with_system(messages, value["system"])
    if messages[-1]["role"] not in ("user", "tool"):
        raise BadContent("the prompt must end with a user message: move what follows into the responses.")
    return messages


def _with_system(messages: list[Message], system: object) -> list[Message]:
    if messages[0]["role"] == "system":
        raise BadContent("there is a system message already: leave system out.")
    return [{"role": "system", "content": check_text(system, what="system")}, *messages]


def reply_of(value: object, prompt: list[Message], generator: str, *, what: str) -> RowResponse:
    """A response beside a prompt; a dialogue that repeats the prompt is cut to what follows."""
    if isinstance(value, list) and value[: len(prompt)] == prompt:
        value = value[len(prompt) :]
    return response_of(value, generator, what=what)


def response_of(value: object, generator: str, *, what: str) -> RowResponse:
    kind = Generator.Kind.IMPORTED
    if isinstance(value, dict):
        if unknown := sorted(value.keys() - RESPONSE_KEYS):
            raise BadContent(f"{what} has unknown keys: {', '.join(unknown)}.")
        if ("text" in value) == ("messages" in value):
            raise BadContent(f"{what} needs text or messages, and not both.")
        generator = short(value, "generator") or generator
        if value.get("by_person"):
            kind = Generator.Kind.PERSON
        value = value.get("text", value.get("messages"))
    if isinstance(value, str):
        text = check_text(value, what=what)
        return RowResponse([{"role": "assistant", "content": text}], generator, kind)
    messages = check_messages(value, what=what)
    if messages[0]["role"] != "assistant":
        raise BadContent(f"{what} must begin with an assistant message.")
    if messages[-1]["role"] != "assistant":
        raise BadContent(f"{what} must end with an assistant message.")
    return RowResponse(messages, generator, kind)


def check_distinct(responses: Mapping[str, RowResponse]) -> None:
    texts: dict[bytes, str] = {}
    for name, response in responses.items():
        first = texts.setdefault(canonical(response.messages), name)
        if first != name:
            raise BadContent(f"{first} and {name} are identical: there is nothing to choose.")
