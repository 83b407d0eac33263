"""Every format an import can be in: a table of what recognises it, and what makes it rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labeling.core.errors import DomainError
from labeling.messages import BadContent, kind_of
from labeling.services.formats import (
    arena,
    argilla,
    finegrained,
    label_studio,
    native,
    oasst,
    own,
    pairs,
    ratings,
    summarize,
    trl,
    ukpconvarg,
)
from labeling.services.formats.base import Format, Options
from labeling.services.import_rows import PLAIN_KEYS, PREFERENCE_KEYS, Row, parse_row

FORMATS: tuple[Format, ...] = (
    *native.FORMATS,
    *trl.FORMATS,
    *ratings.FORMATS,
    *pairs.FORMATS,
    *arena.FORMATS,
    *oasst.FORMATS,
    *summarize.FORMATS,
    *ukpconvarg.FORMATS,
    *finegrained.FORMATS,
    *argilla.FORMATS,
    *label_studio.FORMATS,
    *own.FORMATS,
)
BY_NAME: Mapping[str, Format] = {one.name: one for one in FORMATS}
NATIVE = BY_NAME["plumbline"]
AUTO = ""


def named(name: str) -> Format | None:
    """The format of this name; None for "" (each row is recognised by its keys)."""
    if not name:
        return None
    if name not in BY_NAME:
        raise DomainError(
            f"There is no format “{name}”: use {', '.join(BY_NAME)}.", fields={"format": ["Unknown."]}
        )
    return BY_NAME[name]


def rows_of(value: object, *, format: Format | None, options: Options) -> Iterator[Row]:
    """The rows in one record of a file, or BadContent."""
    if not isinstance(value, dict):
        raise BadContent(f"a row must be an object, not {kind_of(value)}.")
    value = own.restored(value)
    format = format or recognise(value)
    missing = sorted(format.keys - value.keys())
    if missing:
        raise BadContent(f"{', '.join(missing)} is missing: a row of {format.name} has {format.summary}.")
    try:
        for plain in format.to_rows(value, options):
            yield parse_row(plain)
    except (AttributeError, KeyError, TypeError, IndexError) as problem:
        # A converter reads other people's files: a shape it did not expect is theirs to correct.
        raise BadContent(f"not a row of {format.name} ({problem}): it has {format.summary}.") from problem


def recognise(value: Mapping[str, Any]) -> Format:
    """By the row's keys. What is plainly ours is ours; what fits two formats has to be named."""
    fitting = [one for one in FORMATS if not one.by_name_only and one.fits(value)]
    if len(fitting) == 1:
        return fitting[0]
    if len(fitting) > 1:
        names = " and ".join(one.name for one in fitting)
        raise BadContent(f"this row could be {names}: name the format.")
    if "chosen" in value and "rejected" in value and (unknown := value.keys() - PREFERENCE_KEYS):
        raise BadContent(
            f"unknown keys: {', '.join(sorted(unknown))}. Name the format trl-preference to leave them out; "
            f"a row like this may have {', '.join(sorted(PREFERENCE_KEYS))}."
        )
    if not value.keys() & (PLAIN_KEYS | PREFERENCE_KEYS) and value:
        raise BadContent(
            f"no format is known by the keys {', '.join(sorted(map(str, value))[:12])}: name the format, or "
            f"write rows with {', '.join(sorted(PLAIN_KEYS))}."
        )
    return NATIVE
