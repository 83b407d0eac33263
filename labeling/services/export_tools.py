"""Rows in the form of other labeling tools: Argilla's records, Label Studio's tasks."""

from __future__ import annotations

from collections.abc import Iterator

from labeling.models.judgments import Verdict
from labeling.selectors.pages import Judged
from labeling.services.export_rows import Row, of_judgment, plain_text


def argilla(one: Judged, style: str) -> Iterator[Row]:
    """A record for each judgment, its fields as texts and its question “ranking”."""
    if not one.responses:
        return
    ranks = one.ranks()
    answer = [{"value": name, "rank": ranks[id] + 1} for name, id in _named(one).items() if id in ranks]
    yield {
        "id": str(one.id),
        "prompt": plain_text(one.prompt.messages),
        **_texts(one),
        "ranking.responses": [answer],
        "ranking.responses.users": [one.worker],
        "ranking.responses.status": ["submitted"],
        **of_judgment(one),
    }


def label_studio(one: Judged, style: str) -> Iterator[Row]:
    """A task for each judgment: pairwise where one of two was better, a ranker with a bucket for each
    place otherwise."""
    if not one.responses:
        return
    named = _named(one)
    names = {id: name for name, id in named.items()}
    if len(named) == 2 and len(one.tiers) == 2:
        side = "left" if one.tiers[0][0] == one.responses[0].id else "right"
        result = {"type": "pairwise", "to_name": ",".join(named), "value": {"selected": side}}
    else:
        places = {str(place): [names[id] for id in tier] for place, tier in enumerate(one.tiers, start=1)}
        result = {"type": "ranker", "to_name": "items", "value": {"ranker": places}}
    meta = of_judgment(one)
    yield {
        "id": one.id,
        "data": {
            "prompt": plain_text(one.prompt.messages),
            "items": [{"id": name, "body": text} for name, text in _texts(one).items()],
            **{name: meta[name] for name in ("split", "tags", "licence", "source")},
        },
        "annotations": [
            {
                "id": one.id,
                "completed_by": one.worker,
                "result": [{"id": str(one.id), "from_name": "ranking", "source": "$items", **result}],
                "was_cancelled": one.verdict == Verdict.CANNOT_JUDGE,
                "ground_truth": False,
                "created_at": one.created_at,
                "lead_time": one.active_seconds,
            }
        ],
        "predictions": [],
        "meta": meta,
    }


def _named(one: Judged) -> dict[str, int]:
    return {f"response-{place}": part.id for place, part in enumerate(one.responses, start=1)}


def _texts(one: Judged) -> dict[str, str]:
    return {name: plain_text(part.messages) for name, part in zip(_named(one), one.responses, strict=True)}
