"""The product's own rows, which import_rows takes as they are; unknown keys are refused there."""

from __future__ import annotations

from collections.abc import Iterator

from labeling.services.formats.base import Format, Options, Plain, Value


def as_is(value: Value, options: Options) -> Iterator[Plain]:
    yield dict(value)


FORMATS = [
    Format(
        "plumbline",
        "prompt or messages, with responses, judgments, demonstrations, or chosen and rejected",
        frozenset(),
        as_is,
        by_name_only=True,
    ),
    Format(
        "hh",
        "chosen, rejected: two whole transcripts (“Human: … Assistant: …”) with one beginning",
        frozenset({"chosen", "rejected"}),
        as_is,
        by_name_only=True,
    ),
]
