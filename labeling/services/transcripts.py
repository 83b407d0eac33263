"""Dialogues written as one text: `\\n\\nHuman: …\\n\\nAssistant: …`."""

from __future__ import annotations

import re

from labeling.messages import BadContent, Message

_TURN = re.compile(r"(?:\A\s*|\n\n)(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def is_transcript(text: str) -> bool:
    return _TURN.match(text) is not None


def parse_transcript(text: str, *, what: str) -> list[Message]:
    """The turns as messages. Empty turns are left out; turns of one speaker in a row become one
    message, because chat templates want the speakers to alternate."""
    if not is_transcript(text):
        raise BadContent(f"{what} must start with “Human:” or come with a prompt.")
    parts = _TURN.split(text)
    messages: list[Message] = []
    for speaker, words in zip(parts[1::2], parts[2::2], strict=True):
        content = words.strip()
        if not content:
            continue
        role = _ROLES[speaker]
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += f"\n\n{content}"
        else:
            messages.append({"role": role, "content": content})
    if not messages:
        raise BadContent(f"{what} has no words in it.")
    return messages


def split_shared(
    chosen: list[Message], rejected: list[Message]
) -> tuple[list[Message], list[Message], list[Message]]:
    """Two dialogues with one beginning, as (prompt, chosen response, rejected response)."""
    shared = 0
    while shared < min(len(chosen), len(rejected)) and chosen[shared] == rejected[shared]:
        shared += 1
    # What follows the prompt is the model's: the prompt ends before the assistant speaks.
    while shared and chosen[shared - 1]["role"] not in ("user", "tool"):
        shared -= 1
    if not shared:
        raise BadContent("chosen and rejected do not begin alike: give the prompt on its own.")
    return chosen[:shared], chosen[shared:], rejected[shared:]


def as_transcript(messages: list[Message]) -> str:
    """Messages as HH writes a dialogue. A system prompt stands before the first turn."""
    parts = []
    for message in messages:
        if message["role"] == "system":
            parts.append(message["content"])
        else:
            speaker = "Human" if message["role"] == "user" else "Assistant"
            parts.append(f"\n\n{speaker}: {message['content']}")
    return "".join(parts)


def as_texts(prompt: list[Message], completion: list[Message]) -> tuple[str, str]:
    """Prompt and completion as two texts. One question and one reply are their words alone; longer
    dialogues become a transcript that is cut where the model speaks, so that both together are whole."""
    if [message["role"] for message in (*prompt, *completion)] == ["user", "assistant"]:
        return prompt[0]["content"], completion[0]["content"]
    start = f"{as_transcript(prompt)}\n\nAssistant:"
    return start, as_transcript(completion).removeprefix("\n\nAssistant:")
