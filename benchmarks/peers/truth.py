"""Whether PPO of ours learns as much as TRL 1.12.0's from the same episodes, by the crowd's true utility."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.figures import say
from benchmarks.peers.ppo import PEER, sides
from benchmarks.peers.workloads import Workload
from benchmarks.simulation.ground import MAX_COMPLETION, judge, lay_ground
from benchmarks.simulation.measures import load, worth, write
from benchmarks.simulation.methods import learn_reward

NUM_JUDGMENTS = 600
EPISODES = 1024
MARGIN = 0.05  # of the peer's gain


def workload(seed: int) -> Workload:
    return Workload(
        "fixture, from SFT",
        hidden=None,
        stops=True,
        epochs=2,
        mini_batches=2,
        forward=16,
        max_new_tokens=MAX_COMPLETION,
        learning_rate=2e-4,
        scheduler="linear",
        episodes=EPISODES,
        seed=seed,
    )


def gains(folder: Path, seed: int) -> dict[str, float]:
    """Mean true utility on held-out prompts above the SFT policy's, of either side."""
    ground = lay_ground(folder / "ground", seed)
    judged = judge(ground, NUM_JUDGMENTS)
    learn_reward(ground, judged)
    work = folder / "workload"
    workload(seed).lay_out(
        work, policy=ground.sft, reward=judged / "reward" / "model", prompts=judged / "prompts"
    )
    with sides(work) as workers:
        for worker in workers.values():
            for _ in range(EPISODES // workload(seed).batch + 1):  # the last turn saves
                worker.turn()

    def utility(policy: Path) -> float:
        texts = write(load(policy), policy, ground.held_out, seed=seed).texts
        return fmean(worth(ground.held_out, texts))

    before = utility(ground.sft)
    return {side: utility(work / side / "model") - before for side in ("ours", "peer")}


def compare(seeds: int) -> bool:
    """Whether the mean gain is not inferior by more than MARGIN of the peer's."""
    found: list[dict[str, Any]] = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory(prefix="plumbline-training-") as folder:
            found.append(gains(Path(folder), seed))
    ours, peer = ([one[side] for one in found] for side in ("ours", "peer"))
    say(
        f"true utility that PPO gains in {EPISODES} episodes",
        fmean(ours),
        "utility",
        low=round(min(ours), 3),
        high=round(max(ours), 3),
        n=seeds,
        peer=PEER,
        peer_value=round(fmean(peer), 3),
        peer_low=round(min(peer), 3),
        peer_high=round(max(peer), 3),
        ratio=round(fmean(ours) / fmean(peer), 3),
    )
    return fmean(ours) >= (1 - MARGIN) * fmean(peer)
