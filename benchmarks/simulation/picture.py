"""Over-optimization as a picture: score and truth against how far the policy went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.simulation.overoptimization import ARMS, Look
from fixtures.report import ACCENT, INK, QUIET, WARM

FALLEN = 0.25  # standard deviations of SFT replies
TITLES = {"single": "one reward model", "uwo": "five members with adapters, mean less variance (UWO)"}


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """(mean, lowest, highest): seeds are too few for an interval of their mean to say much."""
    return fmean(values), min(values), max(values)


def by_rollouts(looks: Sequence[Look], arm: str) -> dict[int, list[Look]]:
    found: dict[int, list[Look]] = {}
    for look in looks:
        if look.arm == arm:
            found.setdefault(look.rollouts, []).append(look)
    return dict(sorted(found.items()))


def _seeds(looks: Sequence[Look]) -> list[int]:
    return sorted({look.seed for look in looks})


def draw(looks: Sequence[Look], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    mpl.rcParams.update(
        {"axes.spines.top": False, "axes.spines.right": False, "text.color": INK, "axes.edgecolor": QUIET}
    )
    figure, panels = pyplot.subplots(
        1, len(ARMS), figsize=(10, 4.2), layout="constrained", sharex=True, sharey=True
    )
    for axes, arm in zip(panels, ARMS, strict=True):
        groups = by_rollouts(looks, arm)
        distance = [math.sqrt(max(fmean(look.kl for look in group), 0.0)) for group in groups.values()]
        for name, colour, label in (
            ("proxy", WARM, "score of its reward model"),
            ("truth", ACCENT, "true utility"),
        ):
            means, lows, highs = zip(
                *(spread([getattr(look, name) for look in group]) for group in groups.values()), strict=True
            )
            axes.fill_between(distance, lows, highs, color=colour, alpha=0.15, linewidth=0)
            axes.plot(distance, means, color=colour, linewidth=2, label=label)
        axes.axhline(0, color=QUIET, linewidth=1, linestyle=":")
        axes.set_title(TITLES[arm], fontsize=10, loc="left")
        axes.set_xlabel("distance from SFT, √KL (√nats)")
    seeds = len(_seeds(looks))
    which = f"mean of {seeds} seeds, and their range" if seeds > 1 else "one seed"
    figure.suptitle(which, fontsize=9, color=QUIET, x=0.99, ha="right")
    panels[0].set_ylabel("gain over SFT\n(standard deviations of SFT replies)")
    panels[0].legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def fallen_at(looks: Sequence[Look]) -> float:
    """Nats at which the truth of one run is FALLEN below the SFT policy's, by straight lines between looks in
    order; those of the last look where it never is."""
    for before, after in pairwise(looks):
        if after.truth <= -FALLEN:
            share = (before.truth + FALLEN) / (before.truth - after.truth)
            return before.kl + share * (after.kl - before.kl)
    return looks[-1].kl


def summary(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """Of each arm when the truth has fallen, the truth at its best and in the end, and the score at both."""
    unit = "standard deviations of SFT replies"
    lines: list[dict[str, Any]] = []
    for arm in ARMS:
        groups = by_rollouts(looks, arm)
        runs = [[look for look in looks if (look.arm, look.seed) == (arm, seed)] for seed in _seeds(looks)]
        fallen = [fallen_at(run) for run in runs if run]
        lines.append(_line(f"KL once the truth has fallen by {FALLEN}, {TITLES[arm]}", fallen, "nats"))
        best = max(groups, key=lambda rollouts: fmean(look.truth for look in groups[rollouts]))
        for when, rollouts in (("best", best), ("last", max(groups))):
            group = groups[rollouts]
            place = {"rollouts": rollouts, "kl": round(fmean(look.kl for look in group), 2)}
            for figure, name in ((f"truth at its {when}", "truth"), ("score there", "proxy")):
                values = [getattr(look, name) for look in group]
                lines.append(_line(f"{figure}, {TITLES[arm]}", values, unit) | place)
    return lines


def _line(figure: str, values: Sequence[float], unit: str) -> dict[str, Any]:
    value, low, high = (round(one, 3) for one in spread(values))
    limits = {"value": value, "low": low, "high": high, "unit": unit, "n": len(values)}
    return {"figure": figure, **limits, "method": "range over seeds"}
