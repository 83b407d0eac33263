"""Votes between two models, as arenas publish them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import (
    Format,
    Options,
    Plain,
    Value,
    keys,
    need,
    plain,
    shared_start,
    word,
)

WINNERS: dict[str, dict[str, Any]] = {
    "model_a": {"ranking": [[1], [2]]},
    "model_b": {"ranking": [[2], [1]]},
    "tie": {"ranking": [[1, 2]]},
    "tie (bothbad)": {"ranking": [[1, 2]], "verdict": "both_bad"},
    "bothbad": {"ranking": [[1, 2]], "verdict": "both_bad"},
    "both_bad": {"ranking": [[1, 2]], "verdict": "both_bad"},
}


def conversations(value: Value, options: Options) -> Iterator[Plain]:
    """Whole conversations. What both sides share is the prompt; from the turn where the models
    part, each side's conversation is the response, later questions included."""
    sides = [need(value, f"conversation_{side}", list) for side in "ab"]
    for side in sides:
        if not all(isinstance(message, dict) and "role" in message for message in side):
            raise BadContent("a conversation must be a list of messages with role and content.")
    first, second = ([{k: m.get(k) for k in ("role", "content")} for m in side] for side in sides)
    shared = shared_start(first, second)
    if not shared:
        raise BadContent("the two conversations do not begin alike.")
    yield _row(value, first[:shared], first[shared:], second[shared:])


def texts(value: Value, options: Options) -> Iterator[Plain]:
    """One turn: prompt, response_a, response_b; each may be a JSON list with one text for each turn."""
    prompt, first, second = (_turns(value.get(name)) for name in ("prompt", "response_a", "response_b"))
    if not (len(prompt) == len(first) == len(second)):
        raise BadContent("prompt, response_a and response_b must have as many turns.")
    sides = [
        [
            message
            for asked, said in zip(prompt, side, strict=True)
            for message in ({"role": "user", "content": asked}, {"role": "assistant", "content": said})
        ]
        for side in (first, second)
    ]
    shared = shared_start(*sides)
    yield _row(value, sides[0][:shared], sides[0][shared:], sides[1][shared:])


def _row(value: Value, prompt: list[Any], first: list[Any], second: list[Any]) -> Plain:
    worker = word(value.get("judge") or value.get("worker") or value.get("evaluation_session_id"))
    names = ("question_id", "turn", "anony", "language", "tstamp", "timestamp")
    details = {name: value[name] for name in names if value.get(name) is not None}
    return plain(
        value,
        messages=prompt,
        responses=[
            {"messages": first, "generator": word(value.get("model_a"))},
            {"messages": second, "generator": word(value.get("model_b"))},
        ],
        judgments=[{"worker": worker, "details": details, **_winner(value)}],
    )


def _winner(value: Value) -> dict[str, Any]:
    given = value.get("winner")
    if given is None:
        flags = {"model_a": "winner_model_a", "model_b": "winner_model_b", "tie": "winner_tie"}
        given = next((name for name, flag in flags.items() if str(value.get(flag)) in ("1", "1.0")), None)
    if given not in WINNERS:
        raise BadContent("winner must be one of model_a, model_b, tie, tie (bothbad).")
    return WINNERS[given]


def _turns(given: object) -> list[Any]:
    if isinstance(given, str) and given.startswith("["):
        try:
            given = json.loads(given)
        except ValueError:
            return [given]
    return given if isinstance(given, list) else [given]


FORMATS = [
    Format(
        "arena",
        "conversation_a, conversation_b, model_a, model_b, winner (model_a, model_b, tie, tie (bothbad))",
        keys("conversation_a conversation_b winner"),
        conversations,
    ),
    Format(
        "arena-texts",
        "prompt, response_a, response_b, winner or winner_model_a, winner_model_b, winner_tie",
        keys("prompt response_a response_b"),
        texts,
    ),
]
