"""What careless people cost a reward model, and how much of it knowing them wins back.

A simulated crowd judges pairs whose true utility is known (fixtures/crowd). A fifth of it does not read.
The same votes with those people careful are the clean labels; what separates both is carelessness alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import mean, stdev
from typing import Any

from benchmarks.figures import say
from benchmarks.reward.shared import train
from fixtures.crowd import Member, utility
from fixtures.dialogues import Prompt, make_prompts, make_reply
from rlhf.specs import RewardTraining

SEEDS = range(5)
HOWS = ("marginal",)  # what RewardTraining does by default
NUM_PROMPTS, NUM_HELD_OUT, OVERLAP = 400, 600, 3
# Two-sided 95 % of Student's t with four degrees of freedom.
T_FOUR = 2.776
SPEC = RewardTraining(
    learning_rate=3e-4,
    num_epochs=3,
    batch_size=16,
    max_length=192,
    batch_by="prompt",
    checkpoint_every=10_000,
)
Pair = tuple[Prompt, str, str]
Vote = dict[str, Any]


def crowd(seed: int) -> list[Member]:
    careful = [Member(f"careful {k}", noise=1.3 + 0.05 * k, tie_below=0.0, seed=seed) for k in range(8)]
    return [*careful, *(Member(f"careless {k}", careless=1.0, tie_below=0.0, seed=seed) for k in range(2))]


def pairs(num: int, seed: int) -> list[Pair]:
    rng, found = random.Random(seed), []
    for prompt in make_prompts(num, seed=seed):
        found.append((prompt, make_reply(prompt, rng), make_reply(prompt, rng)))
    return found


def vote(members: Sequence[Member], judged: Sequence[Pair], seed: int, *, all_careful: bool) -> list[Vote]:
    """Each pair is judged by OVERLAP people; the same ones for the same seed."""
    rng, votes = random.Random(seed), []
    for unit, (prompt, first, second) in enumerate(judged):
        for member in rng.sample(list(members), OVERLAP):
            person = replace(member, careless=0.0) if all_careful else member
            tiers = person.judge(prompt.messages, [first, second]).tiers
            if len(tiers) == 2:
                votes.append({"unit": unit, "annotator": member.name, "first": tiers[0] == [0]})
    return votes


def reliabilities(votes: Sequence[Vote]) -> dict[str, float]:
    from labeling.quality.reliability import Vote as Said
    from labeling.quality.reliability import dawid_skene

    found = dawid_skene([Said(one["unit"], one["annotator"], one["first"]) for one in votes])
    return {str(rater): float(estimate.value or 0.5) for rater, estimate in found.items()}


def rows_of(judged: Sequence[Pair], votes: Sequence[Vote], trust: dict[str, float] | None) -> list[Vote]:
    rows = []
    for one in votes:
        prompt, first, second = judged[one["unit"]]
        better, worse = (first, second) if one["first"] else (second, first)
        rows.append(
            {
                "prompt": [dict(message) for message in prompt.messages],
                "chosen": [{"role": "assistant", "content": better}],
                "rejected": [{"role": "assistant", "content": worse}],
                "tie": False,
                "prompt_id": one["unit"],
                "annotator": one["annotator"],
                "reliability": trust[one["annotator"]] if trust else None,
            }
        )
    return rows


def accuracy_on_truth(scorer: Any, judged: Sequence[Pair]) -> float:
    prompts = [[dict(message) for message in prompt.messages] for prompt, *_ in judged]
    first, second = (
        scorer.score(prompts, [[{"role": "assistant", "content": pair[side]}] for pair in judged])
        for side in (1, 2)
    )
    right = [
        (a > b) == (truth > 0)
        for a, b, (prompt, one, other) in zip(first, second, judged, strict=True)
        if (truth := utility(prompt.messages, one) - utility(prompt.messages, other))
    ]
    return mean(right)


def careless() -> None:
    """Accuracy on the truth of held-out pairs, by what the training was told."""
    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        members, judged, held_out = (
            crowd(seed),
            pairs(NUM_PROMPTS, 100 + seed),
            pairs(NUM_HELD_OUT, 200 + seed),
        )
        noisy = vote(members, judged, seed, all_careful=False)
        clean = vote(members, judged, seed, all_careful=True)
        trust = reliabilities(noisy)
        spec = SPEC.model_copy(update={"seed": seed})
        arms = {
            "clean labels": (rows_of(judged, clean, None), "ignore"),
            "noisy labels": (rows_of(judged, noisy, None), "ignore"),
            **{f"noisy labels, {how}": (rows_of(judged, noisy, trust), how) for how in HOWS},
        }
        for name, (rows, how) in arms.items():
            scorer = train(rows, spec.model_copy(update={"reliability": how}))
            found.setdefault(name, []).append(accuracy_on_truth(scorer, held_out))
    for name, values in found.items():
        reach = T_FOUR * stdev(values) / math.sqrt(len(values))
        say(
            f"accuracy on the truth, {name}",
            mean(values),
            "share",
            low=round(mean(values) - reach, 4),
            high=round(mean(values) + reach, 4),
            n=len(values),
            method="Student's t over seeds",
        )
    lost = [clean - noisy for clean, noisy in zip(found["clean labels"], found["noisy labels"], strict=True)]
    for how in HOWS:
        won = [
            aware - noisy
            for aware, noisy in zip(found[f"noisy labels, {how}"], found["noisy labels"], strict=True)
        ]
        low, high = ratio_interval(won, lost)
        say(
            f"share of the lost accuracy won back, {how}",
            sum(won) / sum(lost),
            "share",
            low=low,
            high=high,
            n=len(won),
            method="percentile, bootstrap over seeds",
            lost=round(mean(lost), 4),
        )


def ratio_interval(won: Sequence[float], lost: Sequence[float]) -> tuple[float, float]:
    rng, drawn = random.Random(0), []
    for _ in range(2000):
        places = rng.choices(range(len(won)), k=len(won))
        total = sum(lost[place] for place in places)
        drawn.append(sum(won[place] for place in places) / total if total else 0.0)
    drawn.sort()
    return round(drawn[50], 4), round(drawn[1949], 4)


EXPERIMENTS: dict[str, Callable[[], None]] = {"careless": careless}
