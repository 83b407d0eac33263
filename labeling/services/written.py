"""What judges write themselves: the winner as they edited it, and demonstrations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from labeling.messages import BadContent, Message, check_messages, check_text, content_hash, shown
from labeling.models import Generator, Project, Response
from labeling.protocol import Protocol
from labeling.selectors.queue import TaskContent
from labeling.services.generators import get_or_create_generator
from labeling.services.refusals import refused

# What the model thought and called on the way to the words that were replaced.
OF_THE_MODEL = ("reasoning", "tool_calls")


@dataclass(frozen=True, slots=True)
class Words:
    """Text for the one message, or messages for all of them."""

    text: str | None = None
    messages: list[Message] | None = None


@dataclass(frozen=True, slots=True)
class Edit(Words):
    """`text` replaces only the last message of what was edited. `response` is its key, where
    several share the first place."""

    response: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    messages: list[Message]
    edited_from: int | None = None


def edited_messages(edit: Edit, *, source: int, content: TaskContent) -> list[Message]:
    """The edited response; refused when it reads like one that was shown."""
    _check_one_form("edit", edit)
    original = content.messages[source]
    if edit.text is not None:
        last = {key: value for key, value in original[-1].items() if key not in OF_THE_MODEL}
        messages = [*original[:-1], {**last, "role": "assistant", "content": _text("edit", edit.text)}]
    else:
        messages = _messages("edit", edit.messages)
    read = shown(messages)
    if read == shown(original):
        raise refused("edit", "The edit changes nothing: change the text, or leave edit out.")
    if any(read == shown(other) for other in content.messages.values()):
        raise refused("edit", "The edit equals another response: rank that one first instead.")
    return messages


def demonstration_of(words: Words, *, protocol: Protocol) -> Written:
    _check_one_form("demonstration", words)
    if words.text is not None:
        messages = [{"role": "assistant", "content": _text("demonstration", words.text)}]
    else:
        messages = _messages("demonstration", words.messages)
    length = sum(len(message["content"].strip()) for message in messages if message["role"] == "assistant")
    wanted = protocol.demonstrations.min_length
    if length < wanted:
        raise refused(
            "demonstration", f"The response has {length} characters: write at least {wanted} characters."
        )
    return Written(messages)


def store_written(
    written: Written, *, project: Project, prompt_id: int, annotator_id: int, now: datetime
) -> Response:
    """The response row, once for each text of a person. Their generator is a number: no name."""
    generator = get_or_create_generator(
        project=project,
        kind=Generator.Kind.PERSON,
        name=f"annotator {annotator_id}",
        config={"annotator": annotator_id},
    )
    response, _ = Response.objects.get_or_create(
        prompt_id=prompt_id,
        generator=generator,
        hash=content_hash(written.messages),
        edited_from_id=written.edited_from,
        defaults={"messages": written.messages, "created_at": now},
    )
    return response


def _check_one_form(name: str, words: Words) -> None:
    if (words.text is None) == (words.messages is None):
        raise refused(name, f"The {name} is either text or messages: send one of them.")


def _text(name: str, text: str) -> str:
    try:
        return check_text(text, what=f"the {name}")
    except BadContent as bad:
        raise refused(name, _sentence(bad)) from bad


def _messages(name: str, messages: object) -> list[Message]:
    try:
        found = check_messages(messages, what=f"the {name}")
    except BadContent as bad:
        raise refused(name, _sentence(bad)) from bad
    if found[0]["role"] != "assistant" or found[-1]["role"] != "assistant":
        raise refused(name, f"The {name} must begin and end with an assistant message.")
    return found


def _sentence(bad: BadContent) -> str:
    return str(bad)[0].upper() + str(bad)[1:]
