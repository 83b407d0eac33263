"""Argilla's records as they are exported: fields by name, and each question's responses beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import Format, Options, Plain, Value, keys, plain, word
from labeling.services.import_judgments import tiers_by_score

PROMPTS = ("prompt", "instruction", "question", "input", "query")
SUBMITTED = (None, "submitted")
_RESPONSE = re.compile(r"^(response|answer|completion|generation|text)[-_ ]?(\d+|[abAB])$")


def records(value: Value, options: Options) -> Iterator[Plain]:
    """A ranking question, or a label question whose answers name fields, makes the judgments; ratings by
    field name become criteria, and text questions the comment. Drafts and discards are left out."""
    fields = {name: one for name, one in value.items() if isinstance(one, (str, list)) and "." not in name}
    prompt = next((name for name in PROMPTS if name in fields), None)
    if prompt is None:
        raise BadContent(f"the record has no field for the prompt: name it {' or '.join(PROMPTS)}.")
    names = _response_fields(value, fields)
    said: dict[str, dict[str, Any]] = {}
    for question, responses in _questions(value):
        users = _beside(value, f"{question}.responses.users", len(responses))
        states = _beside(value, f"{question}.responses.status", len(responses))
        for answer, user, state in zip(responses, users, states, strict=True):
            if state in SUBMITTED and answer is not None:
                _take(said.setdefault(word(user), {}), question, answer, names)
    judgments = [{"worker": user, **one} for user, one in said.items() if "ranking" in one]
    yield plain(value, prompt=fields[prompt], responses=[fields[name] for name in names], judgments=judgments)


def nested(value: Value, options: Options) -> Iterator[Plain]:
    """A record as its `to_dict` writes it, brought into the flat form."""
    flat: dict[str, Any] = {**(value.get("metadata") or {}), **value["fields"]}
    responses = value.get("responses") or {}
    if not isinstance(responses, Mapping):
        raise BadContent("responses must be an object with a list for each question.")
    for question, given in responses.items():
        flat[f"{question}.responses"] = [one.get("value") for one in given]
        flat[f"{question}.responses.users"] = [one.get("user_id") for one in given]
        flat[f"{question}.responses.status"] = [one.get("status") for one in given]
    return records(flat, options)


def _questions(value: Value) -> list[tuple[str, list[Any]]]:
    found = [
        (name.removesuffix(".responses"), one) for name, one in value.items() if name.endswith(".responses")
    ]
    return [(name, one) for name, one in found if isinstance(one, list)]


def _response_fields(value: Value, fields: Mapping[str, Any]) -> list[str]:
    ranked = [
        entry["value"]
        for _, responses in _questions(value)
        for answer in responses
        if isinstance(answer, list)
        for entry in answer
        if isinstance(entry, Mapping) and entry.get("value") in fields
    ]
    names = list(dict.fromkeys(ranked)) or [name for name in fields if _RESPONSE.match(name)]
    if not names:
        raise BadContent("the record has no responses: name their fields response-1, response-2.")
    return sorted(names, key=list(fields).index)


def _take(said: dict[str, Any], question: str, answer: Any, names: Sequence[str]) -> None:
    if isinstance(answer, list) and answer and all(_is_rank(one) for one in answer):
        ranks = {one["value"]: one["rank"] for one in answer}
        if set(ranks) != set(names):
            raise BadContent(f"{question} does not rank every response once.")
        said["ranking"] = tiers_by_score([ranks[name] for name in names], descending=False)
    elif isinstance(answer, str) and answer in names:
        rest = [place for place, name in enumerate(names, start=1) if name != answer]
        said["ranking"] = [[names.index(answer) + 1], rest] if rest else [[1]]
    elif isinstance(answer, str) and answer in ("tie", "both"):
        said["ranking"] = [list(range(1, len(names) + 1))]
    elif isinstance(answer, str):
        said["comment"] = answer
    elif isinstance(answer, list) and all(isinstance(one, str) for one in answer):
        said["reasons"] = answer
    elif isinstance(answer, (int, float)):
        _rate(said, question, answer, names)


def _rate(said: dict[str, Any], question: str, score: float, names: Sequence[str]) -> None:
    """A rating question whose name ends with a response's (`rating-response-1`) rates that one."""
    name = next((name for name in names if question.endswith(name)), None)
    if name is not None:
        criterion = question.removesuffix(name).rstrip("-_ ") or "rating"
        said.setdefault("criteria", {}).setdefault(criterion, [None] * len(names))[names.index(name)] = score


def _is_rank(one: Any) -> bool:
    return isinstance(one, Mapping) and "value" in one and isinstance(one.get("rank"), (int, float))


def _beside(value: Value, name: str, length: int) -> list[Any]:
    given = value.get(name)
    return given if isinstance(given, list) and len(given) == length else [None] * length


FORMATS = [
    Format(
        "argilla",
        "an Argilla export: fields, and `<question>.responses` with `.users` and `.status`",
        frozenset(),
        records,
        accepts=lambda value: any(name.endswith(".responses") for name in value),
    ),
    Format(
        "argilla-records",
        "Argilla records as `to_dict` writes them: fields, responses by question",
        keys("fields responses"),
        nested,
        accepts=lambda value: isinstance(value["fields"], Mapping),
    ),
]
