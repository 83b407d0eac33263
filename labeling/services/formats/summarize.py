"""OpenAI's summarize-from-feedback: comparisons with worker and confidence, and axis ratings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import (
    Format,
    Options,
    Plain,
    Value,
    joined,
    keys,
    need,
    number,
    plain,
    word,
)


def comparisons(value: Value, options: Options) -> Iterator[Plain]:
    """Confidence runs from 1 (first surely) to 9 (second surely); it gives the strength."""
    summaries = need(value, "summaries", list)
    if len(summaries) != 2 or not all(isinstance(one, Mapping) for one in summaries):
        raise BadContent("summaries must hold two objects with text and policy.")
    if value.get("choice") not in (0, 1):
        raise BadContent("choice must be 0 or 1.")
    extra = value.get("extra") if isinstance(value.get("extra"), Mapping) else {}
    judgment: dict[str, Any] = {
        "worker": word(value.get("worker")),
        "ranking": [[1], [2]] if value["choice"] == 0 else [[2], [1]],
        "details": {name: value[name] for name in ("batch", "split") if value.get(name)},
    }
    confidence = extra.get("confidence")  # type: ignore[union-attr]
    if confidence is not None:
        steps = abs(number(confidence, "confidence") - 5)
        judgment["strengths"] = [1 if steps < 2 else 2 if steps < 4 else 3]
        judgment["details"]["confidence"] = confidence
    if note := extra.get("note"):  # type: ignore[union-attr]
        judgment["comment"] = note
    responses = [{"text": one.get("text"), "generator": word(one.get("policy"))} for one in summaries]
    yield plain(value, prompt=_post(value), responses=responses, judgments=[judgment])


def axes(value: Value, options: Options) -> Iterator[Plain]:
    """One summary with scores: a judgment of one response that ranks nothing."""
    summary = need(value, "summary", dict)
    scores = {name: [score] for name, score in need(summary, "axes", dict).items() if score is not None}
    judgment = {
        "worker": word(value.get("worker")),
        "ranking": [[1]],
        "criteria": scores,
        "comment": summary.get("note") or "",
    }
    response = {"text": summary.get("text"), "generator": word(summary.get("policy"))}
    yield plain(value, prompt=_post(value), responses=[response], judgments=[judgment])


def _post(value: Value) -> str:
    info = need(value, "info", dict)
    text = joined(info.get("title"), info.get("post") or info.get("article"))
    if not text:
        raise BadContent("info has neither post nor article.")
    return f"Summarize:\n\n{text}"


FORMATS = [
    Format("summarize", "info, summaries, choice, worker", keys("info summaries choice"), comparisons),
    Format("summarize-axes", "info, summary with axes, worker", keys("info summary"), axes),
]
