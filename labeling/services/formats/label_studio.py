"""Label Studio's JSON: tasks with data and annotations, pairwise or ranked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import Format, Options, Plain, Value, keys, need, plain, word

PROMPTS = ("prompt", "question", "instruction", "query", "text")
NOT_TEXTS = {"licence", "source", "tags", "risk_tags", "id", "meta"}


def tasks(value: Value, options: Options) -> Iterator[Plain]:
    """Each annotation that was not cancelled is a judgment of who completed it."""
    data = need(value, "data", dict)
    prompt = next((name for name in PROMPTS if data.get(name)), None)
    if prompt is None:
        raise BadContent(f"data has no prompt: name it {' or '.join(PROMPTS)}.")
    texts = _texts(data, prompt)
    judgments = []
    for annotation in value.get("annotations") or []:
        if not isinstance(annotation, Mapping) or annotation.get("was_cancelled"):
            continue
        said = _said(annotation.get("result") or [], texts)
        if "ranking" in said:
            judgments.append({"worker": _who(annotation), "seconds": annotation.get("lead_time"), **said})
    yield plain(data, prompt=data[prompt], responses=list(texts.values()), judgments=judgments)


def _texts(data: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    """The responses by the name results use: the ids of `items`, or the names of the other texts."""
    items = data.get("items")
    if isinstance(items, list) and all(isinstance(one, Mapping) for one in items):
        return {word(one.get("id")): one.get("body") or one.get("text") or one.get("title") for one in items}
    return {
        name: one
        for name, one in data.items()
        if isinstance(one, (str, list)) and name != prompt and name not in NOT_TEXTS
    }


def _said(result: list[Any], texts: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for one in result:
        value = one.get("value") if isinstance(one, Mapping) else None
        if not isinstance(value, Mapping):
            continue
        if one.get("type") == "pairwise":
            said["ranking"] = _selected(value.get("selected"), len(texts))
        elif isinstance(value.get("ranker"), Mapping):
            said["ranking"] = _buckets(value["ranker"], list(texts))
        elif one.get("type") == "choices":
            said["reasons"] = [word(choice) for choice in value.get("choices") or []]
        elif one.get("type") == "textarea":
            said["comment"] = "\n".join(word(line) for line in value.get("text") or [])
    return said


def _selected(side: object, number: int) -> list[list[int]]:
    if number != 2 or side not in ("left", "right"):
        raise BadContent("a pairwise result needs two texts and selected: left or right.")
    return [[1], [2]] if side == "left" else [[2], [1]]


def _buckets(buckets: Mapping[str, Any], names: list[str]) -> list[list[int]]:
    """One bucket is an order; several, named by numbers, are ranks. `_` holds what was not placed."""
    placed = {name: one for name, one in buckets.items() if name != "_" and one}
    if unknown := [one for ids in placed.values() for one in ids if word(one) not in names]:
        raise BadContent(f"the ranker names {unknown[0]}, which is not among the items.")
    if len(placed) == 1:
        tiers = [[names.index(word(one)) + 1] for ids in placed.values() for one in ids]
    else:
        ranks = sorted(placed, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0))
        tiers = [[names.index(word(one)) + 1 for one in placed[name]] for name in ranks]
    left_over = [names.index(word(one)) + 1 for one in buckets.get("_") or [] if word(one) in names]
    return [*tiers, left_over] if left_over else tiers


def _who(annotation: Mapping[str, Any]) -> str:
    who = annotation.get("completed_by")
    return word(who.get("email") or who.get("id")) if isinstance(who, Mapping) else word(who)


FORMATS = [
    Format(
        "label-studio",
        "a Label Studio JSON export: data, annotations with pairwise or ranker results",
        keys("data annotations"),
        tasks,
        accepts=lambda value: isinstance(value["data"], Mapping),
    )
]
