"""Several responses to one prompt, rated or ranked: UltraFeedback, Nectar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import Format, Options, Plain, Value, keys, need, number, plain, word
from labeling.services.import_judgments import tiers_by_score


def ultrafeedback(value: Value, options: Options) -> Iterator[Plain]:
    """Ratings stay as criteria scores; the ranking follows from their mean or from one aspect."""
    completions = need(value, "completions", list)
    responses, ratings = [], []
    for completion in completions:
        text = completion.get("response") if isinstance(completion, Mapping) else None
        responses.append({"text": text, "generator": word(completion.get("model"))})
        ratings.append(_ratings(completion.get("annotations")))
    aspects = sorted({name for one in ratings for name in one})
    judgment = {
        "worker": "ratings",
        "criteria": {name: [one.get(name) for one in ratings] for name in aspects},
        "ranking": tiers_by_score([_level(one, options.aspect) for one in ratings]),
        "details": {"ranked_by": options.aspect or "mean"},
    }
    kept = {name: value[name] for name in ("licence", "source", "tags") if value.get(name) is not None}
    if len(responses) > 1:
        yield kept | {"prompt": value.get("instruction"), "responses": responses, "judgments": [judgment]}
    else:
        raise BadContent(f"completions has {len(responses)}: there is nothing to rank.")


def _ratings(annotations: object) -> dict[str, float]:
    """`{aspect: {"Rating": "4", …}}`, where a rating may be N/A; some releases hold a list of one."""
    found: dict[str, float] = {}
    if not isinstance(annotations, Mapping):
        return found
    for aspect, given in annotations.items():
        one: Any = given[0] if isinstance(given, list) and given else given
        rating = one.get("Rating") if isinstance(one, Mapping) else one
        if rating not in (None, "N/A", ""):
            found[aspect] = number(rating, f"the rating of {aspect}")
    return found


def _level(ratings: Mapping[str, float], aspect: str) -> float:
    if aspect:
        if aspect not in ratings:
            known = ", ".join(sorted(ratings)) or "none"
            raise BadContent(f"a completion has no rating of {aspect}: there are {known}.")
        return ratings[aspect]
    if not ratings:
        raise BadContent("a completion has no rating: leave the row out.")
    return round(sum(ratings.values()) / len(ratings), 9)


def kwise(value: Value, options: Options) -> Iterator[Plain]:
    answers = need(value, "answers", list)
    if not all(isinstance(one, Mapping) for one in answers):
        raise BadContent("answers must be a list of objects with answer, model and rank.")
    ranks = [number(one.get("rank"), "the rank of an answer") for one in answers]
    judgment = {
        "worker": word(value.get("worker")) or "ranking",
        "ranking": tiers_by_score(ranks, descending=False),
    }
    responses = [{"text": one.get("answer"), "generator": word(one.get("model"))} for one in answers]
    yield plain(value, prompt=value.get("prompt"), responses=responses, judgments=[judgment])


FORMATS = [
    Format(
        "ultrafeedback",
        "instruction, completions with ratings by aspect",
        keys("instruction completions"),
        ultrafeedback,
    ),
    Format("kwise", "prompt, answers with rank (as in Nectar)", keys("prompt answers"), kwise),
]
