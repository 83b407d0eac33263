"""How a reward model does on comparisons it never saw: right how often, how sure, and for what reason.

Every figure is over pairs that somebody decided, and has an interval that heeds that pairs of one prompt
share its responses.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rlhf.training.preference_losses import MAX_STRENGTH
from rlhf.training.statistics import Interval, bootstrapped, clustered_wilson

if TYPE_CHECKING:
    from rlhf.training.scoring import Scorer

NUM_BINS = 10
TEMPERATURES = (0.05, 20.0)


@dataclass(slots=True)
class Decided:
    """P pairs, as equally long columns: `margins` (winner's score less loser's), `longer` (tokens of the
    winner less the loser's), `strengths` (1..3, 0 unknown), whose prompt, whose judgment."""

    margins: np.ndarray
    longer: np.ndarray
    strengths: np.ndarray
    prompts: list[Hashable]
    annotators: list[Hashable]

    def where(self, kept: np.ndarray) -> Decided:
        places = np.flatnonzero(kept)
        return Decided(
            self.margins[places],
            self.longer[places],
            self.strengths[places],
            [self.prompts[place] for place in places],
            [self.annotators[place] for place in places],
        )


def decide(scorer: Scorer, rows: Iterable[Mapping[str, Any]]) -> Decided:
    """Every pair of tiers of each row (rankings.encode_judgments); a text is scored once, however often
    it was judged."""
    rows = list(rows)
    texts = dict.fromkeys(tuple(ids) for row in rows for ids in row["input_ids"])
    scores = dict(zip(texts, scorer.score_ids([list(ids) for ids in texts]), strict=True))
    margins, longer, strengths, prompts, annotators = [], [], [], [], []
    for row in rows:
        ids = [tuple(one) for one in row["input_ids"]]
        for winner, tier in enumerate(row["tiers"]):
            for loser, worse in enumerate(row["tiers"]):
                if tier < worse:
                    margins.append(scores[ids[winner]] - scores[ids[loser]])
                    longer.append(len(ids[winner]) - len(ids[loser]))
                    strengths.append(min(row["depths"][loser] - row["depths"][winner], MAX_STRENGTH))
                    prompts.append(row["prompt_id"])
                    annotators.append(row["annotator"])
    return Decided(np.array(margins), np.array(longer), np.array(strengths), prompts, annotators)


def fit_temperature(margins: np.ndarray) -> float:
    """The T > 0 at which sigmoid(margin / T) is likeliest (Guo et al. 2017), within TEMPERATURES.

    Pairs count as won with probability (n + 1) / (n + 2), so that a model without an error is not made
    infinitely sure (Platt 1999). The likelihood is concave in 1 / T; its slope is bisected.
    """
    if not len(margins):
        return 1.0
    target = (len(margins) + 1) / (len(margins) + 2)

    def slope(sharpness: float) -> float:
        return float(np.mean(margins * (target - _sigmoid(margins * sharpness))))

    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return 2 / (low + high)


def accuracy(pairs: Decided) -> Interval | None:
    """How often the winner scores higher; equal scores count half."""
    return clustered_wilson(_halves(pairs.margins), pairs.prompts)


def negative_log_likelihood(pairs: Decided, temperature: float) -> Interval:
    """Mean -log sigmoid(margin / temperature), in nats; log 2 is that of a coin."""
    losses = np.logaddexp(0, -pairs.margins / temperature)
    return bootstrapped(lambda counts: float(np.average(losses, weights=counts)), pairs.prompts)


def expected_calibration_error(pairs: Decided, temperature: float) -> Interval:
    """sum over bins of (share of pairs) * |accuracy - mean confidence|, the confidence being that in the
    response that scores higher, in bins of equal width over [0.5, 1] (Guo et al. 2017)."""
    confidence = _sigmoid(np.abs(pairs.margins) / temperature)
    right = np.array(_halves(pairs.margins))
    bins = np.minimum(((confidence - 0.5) * 2 * NUM_BINS).astype(int), NUM_BINS - 1)

    def measure(counts: np.ndarray) -> float:
        gaps = np.bincount(bins, weights=counts * (right - confidence), minlength=NUM_BINS)
        return float(np.abs(gaps).sum() / counts.sum())

    return bootstrapped(measure, pairs.prompts)


def describe(pairs: Decided, *, temperature: float, known_annotators: Collection[Hashable]) -> dict[str, Any]:
    """`accuracy`, overall, `accuracy_by_strength` and by whether the annotator was trained on, `nll` and
    `ece` before and after the temperature, and `prefers_longer`: how often the model's choice is the longer
    response, beside how often people's is. {} without pairs."""
    if not len(pairs.margins):
        return {}
    found: dict[str, Any] = {"accuracy": accuracy(pairs)}
    by_strength = {
        str(strength): accuracy(pairs.where(pairs.strengths == strength))
        for strength in range(1, MAX_STRENGTH + 1)
        if (pairs.strengths == strength).any()
    }
    if by_strength:
        found["accuracy_by_strength"] = by_strength
    named = np.array([annotator is not None for annotator in pairs.annotators])
    known = np.array([annotator in known_annotators for annotator in pairs.annotators])
    if (named & ~known).any():
        found["accuracy_new_annotators"] = accuracy(pairs.where(named & ~known))
        found["accuracy_known_annotators"] = accuracy(pairs.where(known))
    for name, measure in (("nll", negative_log_likelihood), ("ece", expected_calibration_error)):
        found[name] = {"before": measure(pairs, 1.0), "after": measure(pairs, temperature)}
    uneven = pairs.where(pairs.longer != 0)
    if len(uneven.margins):
        chosen_by_model = np.sign(uneven.margins) * np.sign(uneven.longer)
        found["prefers_longer"] = {
            "model": clustered_wilson(_halves(chosen_by_model), uneven.prompts),
            "people": clustered_wilson(_halves(uneven.longer), uneven.prompts),
        }
    return found


def _halves(values: np.ndarray) -> list[float]:
    return [1.0 if value > 0 else 0.5 if value == 0 else 0.0 for value in values]


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0, -values))
