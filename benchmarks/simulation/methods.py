"""The methods, each with the settings that fixtures/round.json gives a round, and what they are worth."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pyarrow.parquet

from benchmarks.simulation.ground import BASE_MODEL, MAX_COMPLETION, Ground, Quiet
from benchmarks.simulation.measures import Written, load, log_probabilities, worth, write
from fixtures.crowd import utility
from fixtures.report import noise_ceiling, win_rate
from rlhf.specs import RoundSpec, Sampling
from rlhf.training.best_of_n import kl_bound, sample_best
from rlhf.training.dpo import train_dpo
from rlhf.training.grpo import train_grpo
from rlhf.training.kto import train_kto
from rlhf.training.ppo import train_ppo
from rlhf.training.reward import train_reward
from rlhf.training.rloo import train_rloo

ROUND = BASE_MODEL.parent / "round.json"
BEST_OF = 8
OFFLINE: dict[str, Callable[..., Any]] = {"dpo": train_dpo, "kto": train_kto}
ONLINE: dict[str, Callable[..., Any]] = {"ppo": train_ppo, "rloo": train_rloo, "grpo": train_grpo}

Line = dict[str, Any]


def round_spec() -> RoundSpec:
    return RoundSpec.model_validate({"policy": "sft", **json.loads(ROUND.read_text())})


def learn_reward(ground: Ground, judged: Path) -> Line:
    """Its accuracy on comparisons of prompts that were held back, beside what the crowd's noise allows."""
    started = time.monotonic()
    summary = train_reward(
        round_spec().reward.model_copy(update={"seed": ground.seed}),
        model_path=ground.sft,
        snapshot_dir=judged / "preferences",
        output_dir=judged / "reward",
        reporter=Quiet(),
    )
    held_back = pyarrow.parquet.read_table(judged / "preferences" / "validation.parquet").to_pylist()
    ceiling = noise_ceiling(utility, held_back)
    assert ceiling
    return {
        "figure": "reward model on held-back comparisons",
        "seed": ground.seed,
        **_figures(summary["eval_accuracy"]),
        "unit": "accuracy",
        "ceiling": round(ceiling["value"], 3),
        "seconds": round(time.monotonic() - started, 1),
    }


def train(method: str, ground: Ground, judged: Path) -> Path:
    """The folder of the policy."""
    spec = getattr(round_spec(), method).model_copy(update={"seed": ground.seed, "checkpoint_every": 100_000})
    arguments: dict[str, Any] = {"model_path": ground.sft, "reporter": Quiet()}
    output_dir = judged / method
    if method in OFFLINE:
        OFFLINE[method](spec, snapshot_dir=judged / "preferences", output_dir=output_dir, **arguments)
    else:
        ONLINE[method](
            spec,
            reward_model_path=judged / "reward" / "model",
            snapshot_dir=judged / "prompts",
            output_dir=output_dir,
            **arguments,
        )
    return output_dir / "model"


def compare(method: str, ground: Ground, judged: Path) -> Line:
    """Train `method` (or sample best of n) and compare it with the SFT policy on held-out prompts; that one,
    where it is the method, with the base model."""
    started = time.monotonic()
    rival = "base" if method == "sft" else "SFT"
    rival_folder = BASE_MODEL if method == "sft" else ground.sft
    baseline = load(rival_folder)
    theirs = worth(ground.held_out, write(baseline, rival_folder, ground.held_out, seed=ground.seed).texts)
    begun = time.monotonic()
    if method == "best of n":
        texts = best_of(ground, judged)
        kl: Line = {"samples": BEST_OF, "kl_bound": round(kl_bound(BEST_OF), 2)}
        seconds = time.monotonic() - begun
    else:
        folder = ground.sft if method == "sft" else train(method, ground, judged)
        seconds = time.monotonic() - begun
        written = write(load(folder), folder, ground.held_out, seed=ground.seed)
        texts, kl = written.texts, kl_to(baseline, ground, written)
    ours = worth(ground.held_out, texts)
    return {
        "figure": f"{method} against {rival}, true utility",
        "seed": ground.seed,
        **_figures(win_rate(list(zip(ours, theirs, strict=True)))),
        "unit": "win rate",
        **kl,
        "mean_utility": round(fmean(ours), 3),
        "rival_mean_utility": round(fmean(theirs), 3),
        "train_seconds": round(seconds, 1),
        "seconds": round(time.monotonic() - started, 1),
    }


def _figures(found: Mapping[str, Any]) -> Line:
    return {"n": found["n"], **{name: round(found[name], 3) for name in ("value", "low", "high")}}


def best_of(ground: Ground, judged: Path) -> list[str]:
    best = sample_best(
        Sampling(temperature=1.0, max_new_tokens=MAX_COMPLETION, batch_size=128),
        n=BEST_OF,
        model=ground.sft,
        reward_model_path=judged / "reward" / "model",
        prompts=ground.held_out,
        num_responses=1,
        seed=ground.seed,
        reporter=Quiet(),
    )
    return [own[0].completion.text.strip() for own in best]


def kl_to(reference: Any, ground: Ground, written: Written) -> Line:
    """KL of the policy to the reference over whole completions, in nats, with its 95% interval."""
    before = log_probabilities(reference, ground.sft, ground.held_out, written.ids)
    each = [own - other for own, other in zip(written.logprobs, before, strict=True)]
    half = 1.96 * stdev(each) / math.sqrt(len(each))
    mean = fmean(each)
    return {"kl": round(mean, 2), "kl_low": round(mean - half, 2), "kl_high": round(mean + half, 2)}
