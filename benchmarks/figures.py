"""How every benchmark says a figure: one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median


def say(figure: str, value: object, unit: str, **more: object) -> None:
    """`more`: `low`, `high` and `n` of a sample; `peer`, `peer_value` and `ratio` of a comparison."""
    if isinstance(value, float):
        value = round(value, 4)
    print(json.dumps({"figure": figure, "value": value, "unit": unit, **more}), flush=True)


def say_median(figure: str, values: Sequence[float], unit: str, **more: object) -> None:
    """With the range of what was measured."""
    ends = {"low": round(min(values), 4), "high": round(max(values), 4), "n": len(values)}
    say(figure, float(median(values)), unit, **{**ends, **more})
