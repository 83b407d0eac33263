"""One line of an import: what it may say, and what is wrong with it in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from labeling.messages import (
    BadContent,
    Message,
    canonical,
    check_messages,
    check_storable,
    check_text,
    kind_of,
)
from labeling.models.prompts import Generator
from labeling.models.queue import Arm, Task
from labeling.services.import_judgments import RowJudgment, parse_judgments
from labeling.services.prompts import PromptDraft
from labeling.services.queue import MAX_RESPONSES, MIN_RESPONSES
from labeling.services.transcripts import is_transcript, parse_transcript, split_shared

COMMON_KEYS = {
    "id",
    "prompt",
    "messages",
    "system",
    "tags",
    "risk_tags",
    "licence",
    "source",
    "generator",
    "arm",
}
PLAIN_KEYS = COMMON_KEYS | {"responses", "overlap", "priority", "kind", "judgments", "demonstrations"}
PREFERENCE_KEYS = COMMON_KEYS | {"chosen", "rejected", "worker", "strength"}
RESPONSE_KEYS = {"text", "messages", "generator", "by_person"}
# Judged elsewhere, so no page has to show them all at once.
MAX_JUDGED = 40
MAX_OVERLAP = 100
MAX_PRIORITY = 1_000_000


@dataclass(frozen=True, slots=True)
class RowResponse:
    messages: list[Message]
    generator: str = ""
    kind: str = Generator.Kind.IMPORTED


@dataclass(frozen=True, slots=True)
class Row:
    """A prompt and what came with it: responses to rank, or what was said about them elsewhere,
    and what people wrote."""

    prompt: PromptDraft
    responses: list[RowResponse] = field(default_factory=list)
    judgments: list[RowJudgment] = field(default_factory=list)
    demonstrations: list[RowResponse] = field(default_factory=list)
    arm: str = Arm.RANDOM
    overlap: int | None = None
    priority: int = 0
    kind: str = Task.Kind.RANK

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Row:
        fields = json.loads(text)
        return cls(
            **{
                **fields,
                "prompt": PromptDraft(**fields["prompt"]),
                "responses": [RowResponse(**response) for response in fields["responses"]],
                "judgments": [RowJudgment(**judgment) for judgment in fields["judgments"]],
                "demonstrations": [RowResponse(**response) for response in fields["demonstrations"]],
            }
        )


def parse_line(line: bytes) -> Row:
    """The row in one line of JSON, or BadContent."""
    return parse_row(read_json(line))


def read_json(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise BadContent(f"not valid UTF-8 at byte {problem.start + 1}: save the file as UTF-8.") from problem
    except json.JSONDecodeError as problem:
        raise BadContent(
            f"not JSON ({problem.msg.lower()} at column {problem.colno}): write one object in each line."
        ) from problem
    except (RecursionError, ValueError) as problem:
        raise BadContent(
            "not JSON that can be read: it nests too deeply or holds a huge number."
        ) from problem


def parse_row(value: object) -> Row:
    if not isinstance(value, dict):
        raise BadContent(f"a row must be an object, not {kind_of(value)}.")
    is_preference = "chosen" in value or "rejected" in value
    known = PREFERENCE_KEYS if is_preference else PLAIN_KEYS
    unknown = sorted(value.keys() - known)
    if unknown:
        raise BadContent(
            f"unknown keys: {', '.join(unknown)}. A row like this may have {', '.join(sorted(known))}."
        )
    return _preference(value) if is_preference else _plain(value)


def _plain(value: Mapping[str, Any]) -> Row:
    generator = _short(value, "generator")
    responses = _responses(value, generator)
    judgments = parse_judgments(value.get("judgments"), len(responses))
    if judgments and not responses:
        raise BadContent("there are judgments of no responses: give responses.")
    _check_number(len(responses), judged=bool(judgments))
    written = value.get("demonstrations") or []
    if not isinstance(written, list):
        raise BadContent(f"demonstrations must be a list, not {kind_of(written)}.")
    kind = _kind(value)
    if kind == Task.Kind.DEMONSTRATE and responses:
        raise BadContent("a row to demonstrate has no responses: leave them out, people will write.")
    return Row(
        prompt=_prompt_draft(value, _prompt(value)),
        responses=responses,
        judgments=judgments,
        demonstrations=[
            replace(_response(one, generator, what=f"demonstration {number}"), kind=Generator.Kind.PERSON)
            for number, one in enumerate(written, start=1)
        ],
        arm=_arm(value),
        overlap=_whole(value, "overlap", 1, MAX_OVERLAP),
        priority=_whole(value, "priority", -MAX_PRIORITY, MAX_PRIORITY) or 0,
        kind=kind,
    )


def _responses(value: Mapping[str, Any], generator: str) -> list[RowResponse]:
    given = value.get("responses") or []
    if not isinstance(given, list):
        raise BadContent(f"responses must be a list, not {kind_of(given)}.")
    responses = [
        _response(response, generator, what=f"response {number}")
        for number, response in enumerate(given, start=1)
    ]
    _check_distinct({f"response {number}": one for number, one in enumerate(responses, start=1)})
    return responses


def _check_number(number: int, *, judged: bool) -> None:
    if judged and number > MAX_JUDGED:
        raise BadContent(f"responses has {number}: at most {MAX_JUDGED} can be judged together.")
    if number and not judged and not MIN_RESPONSES <= number <= MAX_RESPONSES:
        raise BadContent(f"responses has {number}: give {MIN_RESPONSES} to {MAX_RESPONSES} to rank, or none.")


def _preference(value: Mapping[str, Any]) -> Row:
    for name in ("chosen", "rejected"):
        if value.get(name) is None:
            raise BadContent(f"{name} is missing: a preference has both chosen and rejected.")
    generator = _short(value, "generator")
    if "prompt" in value or "messages" in value:
        prompt = _prompt(value)
        replies = [_reply(value[name], prompt, generator, what=name) for name in ("chosen", "rejected")]
    else:
        prompt, replies = _dialogues(value, generator)
    _check_distinct(dict(zip(("chosen", "rejected"), replies, strict=True)))
    strength = _whole(value, "strength", 1, 3)
    return Row(
        prompt=_prompt_draft(value, prompt),
        responses=replies,
        judgments=[
            RowJudgment(
                tiers=[[0], [1]],
                worker=_short(value, "worker"),
                strengths=[] if strength is None else [strength],
            )
        ],
        arm=_arm(value),
    )


def _dialogues(value: Mapping[str, Any], generator: str) -> tuple[list[Message], list[RowResponse]]:
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
        _response(reply, generator, what=name)
        for name, reply in zip(("chosen", "rejected"), replies, strict=True)
    ]


def _prompt(value: Mapping[str, Any]) -> list[Message]:
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


def _reply(value: object, prompt: list[Message], generator: str, *, what: str) -> RowResponse:
    """A response beside a prompt; a dialogue that repeats the prompt is cut to what follows."""
    if isinstance(value, list) and value[: len(prompt)] == prompt:
        value = value[len(prompt) :]
    return _response(value, generator, what=what)


def _response(value: object, generator: str, *, what: str) -> RowResponse:
    kind = Generator.Kind.IMPORTED
    if isinstance(value, dict):
        if unknown := sorted(value.keys() - RESPONSE_KEYS):
            raise BadContent(f"{what} has unknown keys: {', '.join(unknown)}.")
        if ("text" in value) == ("messages" in value):
            raise BadContent(f"{what} needs text or messages, and not both.")
        generator = _short(value, "generator") or generator
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


def _check_distinct(responses: Mapping[str, RowResponse]) -> None:
    texts: dict[bytes, str] = {}
    for name, response in responses.items():
        first = texts.setdefault(canonical(response.messages), name)
        if first != name:
            raise BadContent(f"{first} and {name} are identical: there is nothing to choose.")


def _prompt_draft(value: Mapping[str, Any], messages: list[Message]) -> PromptDraft:
    return PromptDraft(
        messages=messages,
        tags=_words(value, "tags"),
        risk_tags=_words(value, "risk_tags"),
        licence=_short(value, "licence", 100),
        source=_short(value, "source"),
    )


def _arm(value: Mapping[str, Any]) -> str:
    arm = value.get("arm", Arm.RANDOM)
    if arm not in Arm.values:
        raise BadContent(f"arm must be one of {', '.join(Arm.values)}.")
    return str(arm)


def _kind(value: Mapping[str, Any]) -> str:
    kinds = (Task.Kind.RANK, Task.Kind.DEMONSTRATE)
    kind = value.get("kind", Task.Kind.RANK)
    if kind not in kinds:
        raise BadContent(f"kind must be one of {', '.join(kinds)}.")
    return str(kind)


def _short(value: Mapping[str, Any], name: str, limit: int = 200) -> str:
    text = value.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise BadContent(f"{name} must be text, not {kind_of(text)}.")
    if len(text) > limit:
        raise BadContent(f"{name} is longer than {limit} characters: shorten it.")
    check_storable(text, what=name)
    return text


def _words(value: Mapping[str, Any], name: str) -> list[str]:
    words = value.get(name)
    if words is None:
        return []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise BadContent(f"{name} must be a list of words.")
    if len(words) > 100 or any(len(word) > 100 for word in words):
        raise BadContent(f"{name} may hold 100 words of 100 characters.")
    check_storable(words, what=name)
    return words


def _whole(value: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    number = value.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise BadContent(f"{name} must be a whole number from {low} to {high}.")
    return number
