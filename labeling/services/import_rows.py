"""One line of an import: what it may say, and what is wrong with it in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from labeling.messages import BadContent, Message, kind_of
from labeling.models.prompts import Generator
from labeling.models.queue import Arm, Task
from labeling.services.import_fields import short, whole, words
from labeling.services.import_judgments import RowJudgment, parse_judgments
from labeling.services.import_messages import (
    RowResponse,
    check_distinct,
    dialogues,
    prompt_of,
    reply_of,
    response_of,
)
from labeling.services.prompts import PromptDraft
from labeling.services.queue import MAX_RESPONSES, MIN_RESPONSES

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
# Judged elsewhere, so no page has to show them all at once.
MAX_JUDGED = 40
MAX_OVERLAP = 100
MAX_PRIORITY = 1_000_000


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
    generator = short(value, "generator")
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
        prompt=_prompt_draft(value, prompt_of(value)),
        responses=responses,
        judgments=judgments,
        demonstrations=[
            replace(response_of(one, generator, what=f"demonstration {number}"), kind=Generator.Kind.PERSON)
            for number, one in enumerate(written, start=1)
        ],
        arm=_arm(value),
        overlap=whole(value, "overlap", 1, MAX_OVERLAP),
        priority=whole(value, "priority", -MAX_PRIORITY, MAX_PRIORITY) or 0,
        kind=kind,
    )


def _responses(value: Mapping[str, Any], generator: str) -> list[RowResponse]:
    given = value.get("responses") or []
    if not isinstance(given, list):
        raise BadContent(f"responses must be a list, not {kind_of(given)}.")
    responses = [
        response_of(response, generator, what=f"response {number}")
        for number, response in enumerate(given, start=1)
    ]
    check_distinct({f"response {number}": one for number, one in enumerate(responses, start=1)})
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
    generator = short(value, "generator")
    if "prompt" in value or "messages" in value:
        prompt = prompt_of(value)
        replies = [reply_of(value[name], prompt, generator, what=name) for name in ("chosen", "rejected")]
    else:
        prompt, replies = dialogues(value, generator)
    check_distinct(dict(zip(("chosen", "rejected"), replies, strict=True)))
    strength = whole(value, "strength", 1, 3)
    return Row(
        prompt=_prompt_draft(value, prompt),
        responses=replies,
        judgments=[
            RowJudgment(
                tiers=[[0], [1]],
                worker=short(value, "worker"),
                strengths=[] if strength is None else [strength],
            )
        ],
        arm=_arm(value),
    )


def _prompt_draft(value: Mapping[str, Any], messages: list[Message]) -> PromptDraft:
    return PromptDraft(
        messages=messages,
        tags=words(value, "tags"),
        risk_tags=words(value, "risk_tags"),
        licence=short(value, "licence", 100),
        source=short(value, "source"),
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
