"""Over-optimization as a picture: score and truth against how long and how far the policy went."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from benchmarks.simulation.agreement import Agreement
from benchmarks.simulation.overoptimization import ARMS, NUM_ROLLOUTS, Look
from fixtures.report import ACCENT, INK, QUIET, WARM

UNIT = "standard deviations of SFT replies"
FALLEN = 0.25  # of these
VERSUS = " less ".join(reversed(ARMS))
FALLS = {"rollouts": "rollouts", "kl": "nats"}
# What to plot against, and how far to the right.
AXES: dict[str, tuple[Callable[[Look], float], float]] = {
    "rollouts": (lambda look: look.rollouts, NUM_ROLLOUTS),
    "distance from SFT, √KL (√nats)": (lambda look: math.sqrt(max(look.kl, 0.0)), 6.0),
}
GAINS = (-2.0, 2.5)  # a policy that falls apart on its way would press all the others flat
CURVES = {"proxy": (WARM, "score of its reward model"), "truth": (ACCENT, "true utility")}
FAINT = 0.25  # of a seed's own line
TITLES = {
    "adapter": "one reward model",
    "uwo": "four members, mean less variance (UWO)",
}


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


def _runs(looks: Sequence[Look], arm: str) -> list[list[Look]]:
    runs = [[look for look in looks if (look.arm, look.seed) == (arm, seed)] for seed in _seeds(looks)]
    return [run for run in runs if run]


def draw(looks: Sequence[Look], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    mpl.rcParams.update(
        {"axes.spines.top": False, "axes.spines.right": False, "text.color": INK, "axes.edgecolor": QUIET}
    )
    figure, rows = pyplot.subplots(
        len(AXES), len(ARMS), figsize=(10, 8), layout="constrained", sharex="row", sharey=True
    )
    for panels, (axis, (place, farthest)) in zip(rows, AXES.items(), strict=True):
        for axes, arm in zip(panels, ARMS, strict=True):
            groups = by_rollouts(looks, arm).values()
            for name, (colour, label) in CURVES.items():
                for run in _runs(looks, arm):
                    values = [getattr(look, name) for look in run]
                    axes.plot([place(look) for look in run], values, color=colour, linewidth=1, alpha=FAINT)
                means = [fmean(getattr(look, name) for look in group) for group in groups]
                places = [fmean(place(look) for look in group) for group in groups]
                axes.plot(places, means, color=colour, linewidth=2.5, label=label)
            axes.axhline(0, color=QUIET, linewidth=1, linestyle=":")
            axes.axhline(-FALLEN, color=QUIET, linewidth=0.5)
            axes.set_xlabel(axis)
            axes.set(xlim=(0, farthest), ylim=GAINS)
            axes.xaxis.get_major_locator().set_params(integer=True)
        panels[0].set_ylabel("gain over SFT\n(standard deviations of SFT replies)")
    for axes, arm in zip(rows[0], ARMS, strict=True):
        axes.set_title(TITLES[arm], fontsize=10, loc="left")
    count = len(_seeds(looks))
    words = (
        f"faint: a line for each of {count} seeds; bold: their mean after as many rollouts; cut at the frame"
    )
    figure.suptitle(words, fontsize=9, color=QUIET, x=0.99, ha="right")
    rows[0][0].legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def fallen_at(looks: Sequence[Look], counted_in: str) -> float:
    """`kl` or `rollouts` at which the truth of one run is FALLEN below the SFT policy's, by straight lines
    between looks in order; those of the last look where it never is."""
    for before, after in itertools.pairwise(looks):
        if after.truth <= -FALLEN:
            share = (before.truth + FALLEN) / (before.truth - after.truth)
            start, end = getattr(before, counted_in), getattr(after, counted_in)
            return float(start + share * (end - start))
    return float(getattr(looks[-1], counted_in))


def summary(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """Of each arm when the truth has fallen, the truth at its best and in the end, and the score at both."""
    lines: list[dict[str, Any]] = []
    for arm in ARMS:
        groups = by_rollouts(looks, arm)
        for name, unit in FALLS.items():
            fallen = [fallen_at(run, name) for run in _runs(looks, arm)]
            lines.append(_line(f"{name} once the truth has fallen by {FALLEN}, {TITLES[arm]}", fallen, unit))
        best = max(groups, key=lambda rollouts: fmean(look.truth for look in groups[rollouts]))
        for when, rollouts in (("best", best), ("last", max(groups))):
            group = groups[rollouts]
            place = {"rollouts": rollouts, "kl": round(fmean(look.kl for look in group), 2)}
            for figure, name in (
                (f"truth at its {when}", "truth"),
                (f"score at the truth's {when}", "proxy"),
            ):
                values = [getattr(look, name) for look in group]
                lines.append(_line(f"{figure}, {TITLES[arm]}", values, UNIT) | place)
    return lines + differences(looks)


def at_equal_distance(run: Sequence[Look], other: Sequence[Look]) -> float:
    """Mean truth of `run` on the way from SFT to where both have come, by straight lines over √KL."""
    import numpy as np

    reached = min(max(look.kl for look in each) for each in (run, other))
    way = np.linspace(0.0, math.sqrt(max(reached, 0.0)), 101)
    looks = sorted(run, key=lambda look: look.kl)
    distances = [math.sqrt(max(look.kl, 0.0)) for look in looks]
    return float(np.interp(way, distances, [look.truth for look in looks]).mean())


def differences(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """The ensemble less the single reward model, seed by seed, with Student's interval at 95%."""
    single, ensemble = ARMS
    pairs = list(zip(_runs(looks, single), _runs(looks, ensemble), strict=True))
    found = {
        "truth after all rollouts": [more[-1].truth - one[-1].truth for one, more in pairs],
        "mean truth over all looks": [
            fmean(look.truth for look in more) - fmean(look.truth for look in one) for one, more in pairs
        ],
        "mean truth at equal distance": [
            at_equal_distance(more, one) - at_equal_distance(one, more) for one, more in pairs
        ],
    }
    lines = [_difference(f"{name}, {VERSUS}", values, UNIT) for name, values in found.items()]
    for name, unit in FALLS.items():
        later = [fallen_at(more, name) - fallen_at(one, name) for one, more in pairs]
        lines.append(_difference(f"{name} once the truth has fallen by {FALLEN}, {VERSUS}", later, unit))
    return lines


def agreements(found: Sequence[Agreement]) -> list[dict[str, Any]]:
    """What members of the ensemble say of the policy that one other reward model led too far."""
    figures: dict[str, tuple[list[float], str]] = {
        "correlation of two members on SFT replies": ([one.correlation for one in found], "Pearson"),
        "gain by a member's score": ([fmean(one.gains) for one in found], UNIT),
        "gain by the score of the member that sees least": ([min(one.gains) for one in found], UNIT),
        "gain in truth": ([one.truth for one in found], UNIT),
        "variance of members": ([one.variance for one in found], "of that on SFT replies"),
    }
    where = f"policy of {TITLES['adapter']} as four others see it"
    return [_line(f"{name}, {where}", *values) for name, values in figures.items()]


def doubts(lines: Sequence[dict[str, Any]]) -> list[str]:
    """What the picture is drawn to show and the figures of `summary` do not, a sentence each."""
    found = {line["figure"]: line["value"] for line in lines}
    sentences = []
    for arm in ARMS:
        score, truth = (
            found[f"{name}, {TITLES[arm]}"] for name in ("score at the truth's last", "truth at its last")
        )
        if not truth < 0 < score:
            sentences.append(
                f"No over-optimization, {TITLES[arm]}: the score ends {score}, the truth {truth}."
            )
    return sentences


def _difference(figure: str, values: Sequence[float], unit: str) -> dict[str, Any]:
    line = _line(figure, values, unit) | {"each": [round(one, 3) for one in values]}
    if len(values) < 2:
        return line
    from scipy import stats

    reach = float(stats.t.ppf(0.975, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    ends = {"low": round(line["value"] - reach, 3), "high": round(line["value"] + reach, 3)}
    return line | ends | {"method": "Student's t over seeds"}


def _line(figure: str, values: Sequence[float], unit: str) -> dict[str, Any]:
    value, low, high = (round(one, 3) for one in spread(values))
    limits = {"value": value, "low": low, "high": high, "unit": unit, "n": len(values)}
    return {"figure": figure, **limits, "method": "range over seeds"}
