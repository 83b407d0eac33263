"""Passages that a judge marked in what they were shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labeling.messages import BadContent, check_storable, shown
from labeling.protocol import Protocol
from labeling.selectors.queue import TaskContent
from labeling.services.refusals import refused


@dataclass(frozen=True, slots=True)
class Span:
    """`start` to before `end` of the `message`th message shown of a response, in Unicode code
    points (Python's indices, not JavaScript's)."""

    response: str
    start: int
    end: int
    label: str
    note: str = ""
    message: int = 0


def checked_spans(
    spans: Sequence[Span],
    *,
    protocol: Protocol,
    ids: Mapping[str, Any],
    content: TaskContent,
) -> list[dict[str, Any]]:
    """The spans in response ids, as they are stored."""
    if spans and not protocol.spans:
        raise refused("spans", "This project does not ask for marked passages: leave spans empty.")
    labels = [choice.key for choice in protocol.spans]
    stored = []
    for number, span in enumerate(spans, start=1):
        if span.response not in ids:
            raise refused("spans", f"Span {number} is in no response of this assignment.")
        if span.label not in labels:
            raise refused(
                "spans", f"Span {number} is labelled “{span.label}”: choose from {', '.join(labels)}."
            )
        texts = [message["content"] for message in shown(content.messages[ids[span.response]])]
        if span.message >= len(texts):
            raise refused("spans", f"Span {number} is in message {span.message}, which was not shown.")
        _check_note(span.note, number)
        length = len(texts[span.message])
        if not 0 <= span.start < span.end <= length:
            raise refused(
                "spans", f"Span {number} is not in the text: it must lie between 0 and {length} code points."
            )
        stored.append(
            {
                "response": ids[span.response],
                "message": span.message,
                "start": span.start,
                "end": span.end,
                "label": span.label,
                "note": span.note,
            }
        )
    return stored


def _check_note(note: str, number: int) -> None:
    try:
        check_storable(note, what=f"the note of span {number}")
    except BadContent as bad:
        raise refused("spans", f"T{str(bad)[1:]}") from bad
