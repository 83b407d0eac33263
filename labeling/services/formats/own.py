"""What this server exports, read back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from labeling.messages import BadContent
from labeling.models.queue import Arm
from labeling.services.formats.base import Format, Options, Plain, Value, keys, need, plain, word


def judgments(value: Value, options: Options) -> Iterator[Plain]:
    """One judgment with its prompt and responses. Read back where it came from, it is known by its key.
    What was written in it comes back as a demonstration: which pairs follow from an edit only its own
    server knows."""
    responses = need(value, "responses", list)
    if not all(isinstance(one, Mapping) and "id" in one for one in responses):
        raise BadContent("responses must be objects with id and messages.")
    places = {one["id"]: place for place, one in enumerate(responses, start=1)}
    written = _json(value.get("written"))
    demonstrations = [{"messages": need(written, "messages", list)}] if written else []
    if not responses and not value.get("tiers"):
        yield plain(value, prompt=value.get("prompt"), demonstrations=demonstrations)
        return
    judgment = {
        "worker": word(value.get("worker")),
        "ranking": [[_place(places, one) for one in tier] for tier in need(value, "tiers", list)],
        "verdict": value.get("verdict"),
        "strengths": value.get("strengths"),
        "criteria": _criteria(_json(value.get("criteria")) or {}, places),
        "reasons": value.get("reasons"),
        "comment": value.get("comment"),
        "spans": [_span(one, places) for one in _json(value.get("spans")) or []],
        "seconds": value.get("active_seconds"),
        "details": _details(_json(value.get("presentation"))),
        "key": value.get("key"),
    }
    yield plain(
        value,
        prompt=value.get("prompt"),
        arm=_arm(value),
        responses=[_response(one) for one in responses],
        judgments=[judgment],
        demonstrations=demonstrations,
    )


def comparisons(value: Value, options: Options) -> Iterator[Plain]:
    """A pair of a judgment, as a judgment of that pair."""
    given = {name: value.get(name) for name in ("chosen", "rejected")}
    tie = bool(value.get("tie"))
    judgment: dict[str, Any] = {"worker": word(value.get("worker")), "key": value.get("key")}
    judgment["ranking"] = [[1, 2]] if tie else [[1], [2]]
    if value.get("strength") and not tie:
        judgment["strengths"] = [value["strength"]]
    if "prompt" not in value:
        # Whole transcripts hold their prompt: the row is a preference as HH writes it.
        yield plain(value, **given, worker=judgment["worker"], arm=_arm(value))
        return
    yield plain(
        value,
        prompt=value["prompt"],
        arm=_arm(value),
        responses=[
            {
                "messages" if isinstance(text, list) else "text": text,
                "generator": word(value.get(f"{name}_generator")),
                "by_person": bool(value.get(f"{name}_by_person")),
            }
            for name, text in given.items()
        ],
        judgments=[judgment],
    )


def restored(value: Value) -> Value:
    """An export as Parquet keeps messages that hold more than their column in `extras`."""
    extras = _json(value["extras"]) if "prompt_id" in value and value.get("extras") else None
    return {**value, **extras} if isinstance(extras, dict) else value


def _response(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messages": one.get("messages"),
        "generator": word(one.get("generator")),
        "by_person": bool(one.get("by_person")),
    }


def _place(places: Mapping[Any, int], response_id: Any) -> int:
    if response_id not in places:
        raise BadContent(f"tiers or spans name response {response_id}, which is not among the responses.")
    return places[response_id]


def _span(span: Any, places: Mapping[Any, int]) -> dict[str, Any]:
    if not isinstance(span, Mapping):
        raise BadContent("spans must be a list of objects.")
    return {**span, "response": _place(places, span.get("response"))}


def _criteria(given: Any, places: Mapping[Any, int]) -> dict[str, list[Any]]:
    """`{criterion: {response id: score}}` with the scores in the order of the responses."""
    if not isinstance(given, Mapping) or not all(isinstance(one, Mapping) for one in given.values()):
        raise BadContent("criteria must be objects of scores by response.")
    return {name: [scores.get(str(one)) for one in places] for name, scores in given.items()}


def _details(presentation: Any) -> dict[str, Any]:
    found = presentation.get("details") if isinstance(presentation, Mapping) else None
    return found if isinstance(found, dict) else {}


def _arm(value: Value) -> str:
    arm = value.get("arm")
    return arm if arm in Arm.values else Arm.RANDOM


def _json(given: Any) -> Any:
    """Parquet and CSV hold what has no fixed columns as JSON text."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given) if given else None
    except ValueError as problem:
        raise BadContent("a column of an export is not the JSON it was: export it again.") from problem


FORMATS = [
    Format(
        "plumbline-judgments",
        "this server's export of judgments",
        keys("judgment worker prompt responses tiers"),
        judgments,
    ),
    Format(
        "plumbline-comparisons",
        "this server's exports of comparisons, preferences and hh",
        keys("judgment worker chosen rejected"),
        comparisons,
    ),
]
