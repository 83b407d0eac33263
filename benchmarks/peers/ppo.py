"""PPO of ours beside that of TRL 1.12.0, the last release that has one.

Each side is a process; they take turns, a rollout each: sampling, scoring and all updates. A ratio is of two
neighbouring turns. Memory is the most a process ever had resident, less what an interpreter with torch has.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import say
from benchmarks.peers.turns import ROOT, Worker
from benchmarks.peers.workloads import Workload

PEER = "TRL 1.12.0 PPOTrainer"
PACKAGE = "trl==1.12.0"
FOLDER = ROOT / "var" / "peers" / "trl-1.12.0"
THREADS = 2
SMALL = Workload("the fixture's 2M model", hidden=None, stops=True)
LARGE = Workload("a random 26M Llama, always 48 tokens", hidden=512, stops=False)
# Of two square float32 matrices, in operations a second.
BEST_PRODUCT = """
import torch
from benchmarks.peers.products import most
torch.set_num_threads({threads})
print(most(2048))
"""
IDLE = "import torch; from benchmarks.peers.turns import peak_mib; print(peak_mib())"


class PeerMissing(Exception):
    pass


def install() -> None:
    """TRL 1.12.0 by itself in var/: its dependencies are those that are here already."""
    if (FOLDER / "trl" / "__init__.py").is_file():
        return
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(FOLDER),
        PACKAGE,
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        reason = (found.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise PeerMissing(f"{PACKAGE} could not be installed into {FOLDER}: {reason}")


@contextmanager
def sides(folder: Path) -> Iterator[dict[str, Worker]]:
    """Both, loaded and waiting for their first turn."""
    workers = {
        "ours": Worker("benchmarks.peers.ppo_ours", [str(folder)], threads=THREADS),
        "peer": Worker("benchmarks.peers.ppo_trl", [str(folder)], threads=THREADS, first_on_path=FOLDER),
    }
    try:
        for worker in workers.values():
            worker.read()
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def race(workload: Workload, *, rounds: int, warm_up: int) -> None:
    turns: dict[str, list[Mapping[str, Any]]] = {"ours": [], "peer": []}
    with tempfile.TemporaryDirectory(prefix="plumbline-training-") as name:
        folder = Path(name) / "workload"
        workload.write(folder)
        with sides(folder) as workers:
            for number in range(warm_up + rounds):
                for side in turns if number % 2 else reversed(turns):
                    turns[side].append(workers[side].turn())
        rollouts = {
            side: [
                workload.arithmetic(folder, turn["mean_length"]) / turn["seconds"] for turn in found[warm_up:]
            ]
            for side, found in turns.items()
        }
    _say_speed(workload, *(found[warm_up:] for found in turns.values()))
    _say_memory(workload, *(found[-1]["peak_mib"] for found in turns.values()))
    _say_share(workload, *(median(rates) for rates in rollouts.values()))


def _say_share(workload: Workload, ours: float, theirs: float) -> None:
    """Operations a second that a rollout needs at least, and what the machine's cores multiply at best: no
    program that does the same arithmetic is faster."""
    command = [sys.executable, "-c", BEST_PRODUCT.format(threads=THREADS)]
    best = float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    say(
        f"PPO's arithmetic on {workload.name}",
        ours / 1e9,
        "GFLOP/s",
        n=1,
        peer=PEER,
        peer_value=round(theirs / 1e9, 1),
        best_product=round(best / 1e9, 1),
        share=round(ours / best, 3),
        highest_ratio=round(best / theirs, 3),
    )


def _say_speed(workload: Workload, ours: list[Mapping[str, Any]], theirs: list[Mapping[str, Any]]) -> None:
    speeds, peers = ([workload.batch / turn["seconds"] for turn in side] for side in (ours, theirs))
    ratios = [mine / other for mine, other in zip(speeds, peers, strict=True)]
    say(
        f"PPO on {workload.name}",
        median(speeds),
        "episodes/s",
        low=round(min(speeds), 3),
        high=round(max(speeds), 3),
        n=len(speeds),
        peer=PEER,
        peer_value=round(median(peers), 3),
        ratio=round(median(ratios), 3),
        ratio_low=round(min(ratios), 3),
        ratio_high=round(max(ratios), 3),
        mean_length=round(median(turn["mean_length"] for turn in ours), 1),
        peer_mean_length=round(median(turn["mean_length"] for turn in theirs), 1),
        generation_share=round(median(turn["generation"] for turn in ours), 3),
    )


def _say_memory(workload: Workload, ours: float, theirs: float) -> None:
    command = [sys.executable, "-c", IDLE]
    idle = float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    say(
        f"PPO's peak memory above an idle interpreter, {workload.name}",
        ours - idle,
        "MiB",
        n=1,
        idle=round(idle, 1),
        peer=PEER,
        peer_value=round(theirs - idle, 1),
        ratio=round((ours - idle) / (theirs - idle), 3),
    )
