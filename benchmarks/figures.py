"""How every benchmark says a figure: one line of JSON; and which ones it is asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TypeVar

Part = TypeVar("Part")


def say(figure: str, value: object, unit: str, **more: object) -> None:
    """`more`: `low`, `high` and `n` of a sample; `peer`, `peer_value` and `ratio` of a comparison."""
    if isinstance(value, float):
        value = round(value, 4)
    print(json.dumps({"figure": figure, "value": value, "unit": unit, **more}), flush=True)


def say_median(figure: str, values: Sequence[float], unit: str, **more: object) -> None:
    """With the range of what was measured."""
    ends = {"low": round(min(values), 4), "high": round(max(values), 4), "n": len(values)}
    say(figure, float(median(values)), unit, **{**ends, **more})


def chosen(parts: Mapping[str, Part], word: str) -> dict[str, Part]:
    """Those whose name holds `word`; ends the program where there are none."""
    found = {name: part for name, part in parts.items() if word in name}
    if not found:
        there = ", ".join(parts)
        sys.exit(f"No figure has {word!r} in its name (--only): there are {there}; --long may have more.")
    return found
