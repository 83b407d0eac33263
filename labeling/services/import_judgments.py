"""What a row of an import says about its responses: judgments that were made elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from labeling.messages import BadContent, check_storable, kind_of
from labeling.models.judgments import Verdict

KEYS = {
    "worker",
    "ranking",
    "verdict",
    "strengths",
    "criteria",
    "reasons",
    "comment",
    "spans",
    "seconds",
    "details",
    "key",
}
MAX_JUDGMENTS = 1000
MAX_COMMENT = 10_000


@dataclass(frozen=True, slots=True)
class RowJudgment:
    """`tiers` and everything else name a response by its place in the row, from 0.

    `criteria` is `{criterion: [score or None for each response]}`. `key` names a judgment that was
    exported by this server; `details` keep what has no field of its own.
    """

    tiers: list[list[int]]
    worker: str = ""
    verdict: str = Verdict.NONE
    strengths: list[int] = field(default_factory=list)
    criteria: dict[str, list[float | None]] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    comment: str = ""
    spans: list[dict[str, Any]] = field(default_factory=list)
    seconds: float | None = None
    details: dict[str, Any] = field(default_factory=dict)
    key: str = ""


def parse_judgments(given: object, num_responses: int) -> list[RowJudgment]:
    """`judgments` of a row, whose responses are numbered from 1 in what people write."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise BadContent(f"judgments must be a list, not {kind_of(given)}.")
    if len(given) > MAX_JUDGMENTS:
        raise BadContent(f"judgments has {len(given)}: one row may hold {MAX_JUDGMENTS}.")
    return [_judgment(one, num_responses, f"judgment {number}") for number, one in enumerate(given, start=1)]


def _judgment(given: object, num_responses: int, what: str) -> RowJudgment:
    if not isinstance(given, dict):
        raise BadContent(f"{what} must be an object, not {kind_of(given)}.")
    if unknown := sorted(given.keys() - KEYS):
        raise BadContent(f"{what} has unknown keys: {', '.join(unknown)}.")
    check_storable(given, what=what)
    verdict = given.get("verdict") or Verdict.NONE
    if verdict not in Verdict.values:
        raise BadContent(f"the verdict of {what} must be one of {', '.join(Verdict.values)}.")
    tiers = _tiers(given.get("ranking"), verdict, num_responses, what)
    return RowJudgment(
        tiers=tiers,
        worker=_text(given, "worker", 200, what),
        verdict=verdict,
        strengths=_strengths(given.get("strengths") or [], len(tiers) - 1, what),
        criteria=_criteria(given.get("criteria") or {}, num_responses, what),
        reasons=_reasons(given.get("reasons") or [], what),
        comment=_text(given, "comment", MAX_COMMENT, what),
        spans=_spans(given.get("spans") or [], num_responses, what),
        seconds=_seconds(given.get("seconds"), what),
        details=_object(given.get("details") or {}, f"details of {what}"),
        key=_key(given, what),
    )


def _tiers(given: object, verdict: str, num_responses: int, what: str) -> list[list[int]]:
    everyone = list(range(num_responses))
    if given is None or given == []:
        if verdict == Verdict.NONE:
            raise BadContent(f"{what} needs a ranking: lists of response numbers, best first.")
        return [] if verdict == Verdict.CANNOT_JUDGE else [everyone]
    if not isinstance(given, list):
        raise BadContent(f"the ranking of {what} must be a list, not {kind_of(given)}.")
    tiers = [tier if isinstance(tier, list) else [tier] for tier in given]
    places = [place for tier in tiers for place in tier]
    if any(isinstance(place, bool) or not isinstance(place, int) for place in places) or not all(tiers):
        raise BadContent(f"the ranking of {what} must hold response numbers, from 1.")
    if sorted(places) != [place + 1 for place in everyone]:
        raise BadContent(f"the ranking of {what} must name each of the {num_responses} responses once.")
    return [[place - 1 for place in tier] for tier in tiers]


def _strengths(given: object, num_boundaries: int, what: str) -> list[int]:
    if given and (
        not isinstance(given, list)
        or len(given) != num_boundaries
        or any(isinstance(one, bool) or one not in (1, 2, 3) for one in given)
    ):
        raise BadContent(f"strengths of {what} must hold 1, 2 or 3 for each boundary between its ranks.")
    return list(given) if isinstance(given, list) else []


def _criteria(given: object, num_responses: int, what: str) -> dict[str, list[float | None]]:
    checked: dict[str, list[float | None]] = {}
    for name, scores in _object(given, f"criteria of {what}").items():
        if not isinstance(scores, list) or len(scores) != num_responses or not all(map(_is_score, scores)):
            raise BadContent(
                f"the criterion {name} of {what} must hold a number or null for each response, in a list."
            )
        if len(name) > 100:
            raise BadContent(f"a criterion of {what} has a name of more than 100 characters: shorten it.")
        checked[name] = scores
    return checked


def _is_score(value: object) -> bool:
    return value is None or (
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    )


def _reasons(given: object, what: str) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) and len(one) <= 200 for one in given):
        raise BadContent(f"reasons of {what} must be a list of words of at most 200 characters.")
    return given


def _spans(given: object, num_responses: int, what: str) -> list[dict[str, Any]]:
    if not isinstance(given, list):
        raise BadContent(f"spans of {what} must be a list, not {kind_of(given)}.")
    return [_span(one, num_responses, f"span {number} of {what}") for number, one in enumerate(given, 1)]


def _span(given: object, num_responses: int, what: str) -> dict[str, Any]:
    span = _object(given, what)
    numbers = [span.get("response"), span.get("start"), span.get("end"), span.get("message", 0)]
    if any(isinstance(one, bool) or not isinstance(one, int) for one in numbers):
        raise BadContent(f"{what} needs response, start and end as whole numbers.")
    response, start, end, message = numbers
    if not 1 <= response <= num_responses or not 0 <= start < end or message < 0:
        raise BadContent(f"{what} is in no text: check response, start and end.")
    return {
        "response": response - 1,
        "message": message,
        "start": start,
        "end": end,
        "label": _text(span, "label", 200, what),
        "note": _text(span, "note", MAX_COMMENT, what),
    }


def _seconds(given: object, what: str) -> float | None:
    if given is None:
        return None
    if not _is_score(given) or not 0 <= given <= 10_000_000:  # type: ignore[operator]
        raise BadContent(f"seconds of {what} must be a number of seconds.")
    return float(given)  # type: ignore[arg-type]


def _key(given: Mapping[str, Any], what: str) -> str:
    text = _text(given, "key", 36, what)
    try:
        return text and str(UUID(text))
    except ValueError as problem:
        raise BadContent(f"key of {what} must be a UUID, as the export wrote it.") from problem


def _object(given: object, what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise BadContent(f"{what} must be an object, not {kind_of(given)}.")
    return given


def _text(given: Mapping[str, Any], name: str, limit: int, what: str) -> str:
    text = given.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise BadContent(f"{name} of {what} must be text, not {kind_of(text)}.")
    if len(text) > limit:
        raise BadContent(f"{name} of {what} is longer than {limit} characters: shorten it.")
    return text


def tiers_by_score(scores: Sequence[float], *, descending: bool = True) -> list[list[int]]:
    """A ranking (numbers from 1, as in a row) by score; equal scores share a place."""
    levels = sorted(set(scores), reverse=descending)
    return [[place for place, one in enumerate(scores, start=1) if one == level] for level in levels]
