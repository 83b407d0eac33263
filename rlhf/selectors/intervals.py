"""Numbers that are samples, with how sure they are."""

from __future__ import annotations

from typing import TypedDict

METHOD = "wilson"  # 95%


class Interval(TypedDict):
    """`value`, `low` and `high` are null when nothing was counted."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str


def proportion(count: float, n: int) -> Interval:
    """`count` of `n` with Wilson's 95% interval; `count` may be fractional (a tie is half a win)."""
    if n == 0:
        return {"value": None, "low": None, "high": None, "n": 0, "method": METHOD}
    from statsmodels.stats.proportion import proportion_confint  # seconds to import

    low, high = proportion_confint(count, n, alpha=0.05, method="wilson")
    return {"value": count / n, "low": float(low), "high": float(high), "n": n, "method": METHOD}


def win_rate(*, wins: int, ties: int, losses: int) -> Interval:
    return proportion(wins + ties / 2, wins + ties + losses)
