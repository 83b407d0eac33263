"""TRL's data set types, and instruction data with the same meaning.

Preferences, explicit, implicit and conversational, are also what import_rows takes by itself; named
here, columns that have no meaning for us are left out instead of refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import Format, Options, Plain, Value, joined, keys, plain, word

GOOD = {True: "both_good", False: "both_bad"}
TRUE, FALSE = (True, 1, "true", "True", "1"), (False, 0, "false", "False", "0")
STRENGTHS = (1, 2, 3)


def preference(value: Value, options: Options) -> Iterator[Plain]:
    kept = {name: value[name] for name in ("id", "prompt", "system") if value.get(name) is not None}
    if value.get("strength") in STRENGTHS:
        kept["strength"] = value["strength"]
    if value.get("worker") is not None:
        kept["worker"] = word(value["worker"])
    prompt, chosen, rejected = value.get("prompt"), value.get("chosen"), value.get("rejected")
    if isinstance(prompt, str) and isinstance(chosen, list):
        # A text beside whole dialogues (UltraFeedback binarized): the dialogues say it better.
        kept.pop("prompt")
    yield plain(value, **kept, chosen=chosen, rejected=rejected)


def unpaired(value: Value, options: Options) -> Iterator[Plain]:
    """Thumbs up or down for one response: a task with one response, called good or bad."""
    label = value.get("label")
    if label not in (*TRUE, *FALSE):
        raise BadContent("label must be true or false.")
    judgment = {"worker": word(value.get("worker")), "verdict": GOOD[label in TRUE]}
    yield plain(
        value,
        prompt=_messages(value.get("prompt")),
        responses=[_completion(value)],
        judgments=[judgment],
    )


def demonstration(value: Value, options: Options) -> Iterator[Plain]:
    """prompt and completion, or messages that end with the reply to learn."""
    if "completion" in value:
        yield plain(value, prompt=_messages(value.get("prompt")), demonstrations=[_completion(value)])
        return
    messages = value.get("messages")
    if not isinstance(messages, list) or not ends_with_a_reply(value):
        raise BadContent("messages must end with the assistant's reply.")
    prompt = messages[: _last_person(messages) + 1]
    if not prompt:
        raise BadContent("messages have no user message before the reply.")
    written = {"messages": _cleaned(messages[len(prompt) :]), "generator": word(value.get("generator"))}
    yield plain(value, messages=_cleaned(prompt), demonstrations=[written])


def instruction(value: Value, options: Options) -> Iterator[Plain]:
    prompt = joined(value.get("instruction"), value.get("input"))
    yield plain(value, prompt=prompt, demonstrations=[value.get("output")])


def question(value: Value, options: Options) -> Iterator[Plain]:
    yield plain(value, prompt=value.get("question"), demonstrations=[value.get("answer")])


def prompt_only(value: Value, options: Options) -> Iterator[Plain]:
    yield plain(value, prompt=_messages(value.get("prompt")))


def ends_with_a_reply(value: Value) -> bool:
    messages = value.get("messages")
    return (
        isinstance(messages, list)
        and bool(messages)
        and isinstance(messages[-1], dict)
        and messages[-1].get("role") == "assistant"
    )


def _completion(value: Value) -> dict[str, Any]:
    completion = value.get("completion")
    name = "messages" if isinstance(completion, list) else "text"
    if name == "messages":
        completion = _cleaned(completion)
    return {name: completion, "generator": word(value.get("generator"))}


def _messages(given: Any) -> Any:
    return _cleaned(given) if isinstance(given, list) else given


def _cleaned(messages: Any) -> Any:
    """A Parquet file gives every message every key: what is null was never there."""
    return [
        {name: inner for name, inner in message.items() if inner is not None}
        if isinstance(message, dict)
        else message
        for message in messages
    ]


def _last_person(messages: list[Any]) -> int:
    roles = [message.get("role") if isinstance(message, dict) else None for message in messages]
    return max((place for place, role in enumerate(roles) if role == "user"), default=-1)


FORMATS = [
    Format(
        "trl-preference",
        "prompt (or none), chosen, rejected: texts, transcripts or lists of messages; margin and other "
        "columns are left out",
        keys("chosen rejected"),
        preference,
        by_name_only=True,
    ),
    Format(
        "trl-unpaired",
        "prompt, completion, label (true or false), as for KTO",
        keys("prompt completion label"),
        unpaired,
    ),
    Format("trl-prompt", "prompt only", keys("prompt"), prompt_only, by_name_only=True),
    Format(
        "sft",
        "prompt and completion: kept as demonstrations",
        keys("prompt completion"),
        demonstration,
        without=keys("label responses"),
    ),
    Format(
        "sft-messages",
        "messages that end with the reply: kept as demonstrations",
        keys("messages"),
        demonstration,
        without=keys("responses chosen rejected judgments demonstrations prompt"),
        accepts=ends_with_a_reply,
    ),
    Format("alpaca", "instruction, input, output", keys("instruction output"), instruction),
    Format(
        "question-answer",
        "question, answer (as in GSM8K)",
        keys("question answer"),
        question,
        without=keys("answer_0 answers"),
    ),
]
