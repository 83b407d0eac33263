"""Whether members of an ensemble disagree where they err: its variance can warn of nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from statistics import correlation, fmean, stdev, variance

from benchmarks.simulation.ground import Ground
from benchmarks.simulation.measures import Written, load, worth, write
from benchmarks.simulation.overoptimization import NUM_LOOKED_AT, policy_of, reward_of
from rlhf.training.data import PromptRow
from rlhf.training.scoring import Scorer
from rlhf.training.text import encode_conversations


@dataclass(slots=True)
class Agreement:
    """Of an ensemble about the policy that went too far with one reward model, none of its members.

    `correlation` is that of two members' scores of the SFT policy's replies. `gains` is how much better each
    member finds the replies of the other policy, `truth` how much better they are, both in standard
    deviations of the SFT policy's replies. `variance` is that of the members on the replies of the other
    policy, as a share of what it is on those of the SFT policy.
    """

    seed: int
    correlation: float
    gains: list[float]
    truth: float
    variance: float


def agree(ground: Ground, judged: Path) -> Agreement:
    told = judged / "agreement.json"
    if not told.is_file():
        told.write_text(json.dumps(asdict(_ask(ground, judged))), encoding="utf-8")
    return Agreement(**json.loads(told.read_text(encoding="utf-8")))


def _ask(ground: Ground, judged: Path) -> Agreement:
    prompts = ground.held_out[:NUM_LOOKED_AT]
    ensemble = Scorer.load(reward_of("uwo", ground, judged), batch_size=128)
    policies = (load(ground.sft), load(policy_of("adapter", ground, judged)))
    before, after = (write(policy, ground.sft, prompts, seed=ground.seed) for policy in policies)
    return compare(
        ground.seed,
        (member_scores(ensemble, prompts, before), member_scores(ensemble, prompts, after)),
        (worth(prompts, before.texts), worth(prompts, after.texts)),
    )


def member_scores(ensemble: Scorer, prompts: Sequence[PromptRow], written: Written) -> list[list[float]]:
    """Of each member, those of all replies."""
    replies = [[{"role": "assistant", "content": text}] for text in written.texts]
    sequences = encode_conversations(
        ensemble.tokenizer, [prompt.messages for prompt in prompts], replies, written.finished
    )
    return ensemble.member_scores(sequences).T.tolist()


def compare(
    seed: int,
    scores: tuple[list[list[float]], list[list[float]]],
    truths: tuple[list[float], list[float]],
) -> Agreement:
    """Both of the SFT policy's replies and of the other policy's; scores member by member."""
    before, after = scores
    variances = [fmean(map(variance, zip(*members, strict=True))) for members in scores]
    return Agreement(
        seed,
        correlation=fmean(correlation(one, other) for one, other in combinations(before, 2)),
        gains=[_gain(*pair) for pair in zip(before, after, strict=True)],
        truth=_gain(*truths),
        variance=variances[1] / variances[0],
    )


def _gain(before: Sequence[float], after: Sequence[float]) -> float:
    return (fmean(after) - fmean(before)) / stdev(before)
