"""Fine-grained RLHF's feedback on long answers: six comparisons of four predictions, and marked errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from labeling.messages import BadContent
from labeling.services.formats.base import Format, Options, Plain, Value, joined, need, plain
from labeling.services.import_judgments import tiers_by_score

PLACES = (1, 2, 3, 4)
PAIRS = tuple(combinations(PLACES, 2))


def feedback(value: Value, options: Options) -> Iterator[Plain]:
    """One ranking of four where the six answers agree with each other; otherwise each pair as said, so
    that a circle is kept and not straightened out."""
    preference = need(value, "preference", list)
    if len(preference) != len(PAIRS) or any(one not in (0, 1, 2) for one in preference):
        raise BadContent("preference must hold 0, 1 or 2 for each of the six pairs.")
    said = dict(zip(PAIRS, preference, strict=True))
    texts = {place: value.get(f"prediction {place}") for place in PLACES}
    feedback = value.get("feedback") if isinstance(value.get("feedback"), Mapping) else {}
    common = plain(value, prompt=_prompt(value))
    written = [value.get("gold"), feedback.get("corrected-prediction")]  # type: ignore[union-attr]
    demonstrations = list({text: None for text in written if isinstance(text, str) and text.strip()})
    ranking = _ranking(said)
    about = _about(feedback, texts[1])  # type: ignore[arg-type]
    if ranking is not None:
        judgment = {"ranking": ranking, **about}
        yield common | {
            "responses": [texts[place] for place in PLACES],
            "judgments": [judgment],
            "demonstrations": demonstrations,
        }
        return
    for number, ((first, second), winner) in enumerate(said.items()):
        judgment = {"ranking": {0: [[1, 2]], 1: [[1], [2]], 2: [[2], [1]]}[winner]}
        judgment |= about if number == 0 else {}
        yield common | {
            "responses": [texts[first], texts[second]],
            "judgments": [judgment],
            "demonstrations": demonstrations,
        }


def _ranking(said: Mapping[tuple[int, int], int]) -> list[list[int]] | None:
    """The order that all six answers agree with, ties included; None when there is none."""
    points = dict.fromkeys(PLACES, 0)
    for (first, second), winner in said.items():
        points[first] += (1, 2, 0)[winner]
        points[second] += (1, 0, 2)[winner]
    for (first, second), winner in said.items():
        difference = points[first] - points[second]
        if winner != (0 if difference == 0 else 1 if difference > 0 else 2):
            return None
    return tiers_by_score([points[place] for place in PLACES])


def _about(feedback: Mapping[str, Any], text: object) -> dict[str, Any]:
    """Errors are marked in the first prediction; what is missing has no place in the text."""
    length = len(text) if isinstance(text, str) else 0
    spans = []
    for error in feedback.get("errors") or []:
        start, end = error.get("start"), error.get("end")
        if isinstance(start, int) and isinstance(end, int) and 0 <= start < min(end, length):
            span = {"response": 1, "start": start, "end": min(end, length)}
            spans.append(
                span | {"label": error.get("error type") or "", "note": error.get("explanation") or ""}
            )
    missing = feedback.get("missing-info") or []
    return {"spans": spans, "details": {"missing-info": missing} if missing else {}}


def _prompt(value: Value) -> str:
    passages = value.get("passages") or []
    if not isinstance(passages, list) or not all(isinstance(one, list) for one in passages):
        raise BadContent("passages must be a list of lists of sentences.")
    read = ["\n".join([str(passage[0]), " ".join(map(str, passage[1:]))]) for passage in passages if passage]
    return joined(*read, value.get("question"))


FORMATS = [
    Format(
        "finegrained-qa",
        "question, passages, prediction 1 … 4, feedback, preference of the six pairs",
        frozenset({"question", "prediction 1", "prediction 2", "preference"}),
        feedback,
    )
]
