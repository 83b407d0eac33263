"""A PPO run that is killed again and again ends with the weights of one that was not.

    python -m benchmarks.resume          # two kills, the fixture model
    python -m benchmarks.resume --long   # ten

A child trains; a SIGKILL meets it at a moment drawn at random, every other time while it samples. The
next child goes on from the newest checkpoint. One line of JSON tells how many kills there were, how many
of them in generation, and whether the final weights of policy and critic agree in every bit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import say

BASE = Path(__file__).parents[1] / "fixtures" / "base-model"
WORDS = ["parcel", "refund", "password", "invoice", "delivery", "account", "order", "subscription"]
SAMPLING = "sampling"  # this file exists while a child samples
NEVER = 300.0


def settings(*, long: bool) -> dict[str, Any]:
    """A rollout of two epochs with two minibatches each, and a checkpoint after each update."""
    return {
        "rollout_batch_size": 16,
        "batch_size": 8,
        "num_ppo_epochs": 2,
        "num_mini_batches": 2,
        "checkpoint_every": 1,
        "total_episodes": 16 * (10 if long else 3),
        "max_completion_length": 32,
        "max_length": 128,
        "learning_rate": 1e-4,
        "kl_target": 1.0,
        "score_normalization": "running",
        "dtype": "float32",
        "rewards": [{"source": "verifier", "verifier": "max_words", "argument": 12}],
    }


# In the child


def train(base: Path, snapshot: Path, output: Path, values: dict[str, Any]) -> None:
    from rlhf.specs import PpoTraining
    from rlhf.training.ppo import train_ppo
    from rlhf.training.reporting import ConsoleReporter
    from rlhf.training.rollout import LoopEngine

    plain = LoopEngine.generate

    def generate(self: LoopEngine, prompts: Any, seeds: Any) -> Any:
        marker = output / SAMPLING
        marker.touch()
        sampled = plain(self, prompts, seeds)
        marker.unlink()
        return sampled

    LoopEngine.generate = generate  # type: ignore[method-assign]
    train_ppo(
        PpoTraining(**values),
        model_path=base,
        reward_model_path=None,
        snapshot_dir=snapshot,
        output_dir=output,
        reporter=ConsoleReporter(),
        resume_from=newest_checkpoint(output),
    )


def newest_checkpoint(output: Path) -> Path | None:
    """Only whole ones have this name."""
    found = (output / "checkpoints").glob("checkpoint-*")
    return max(found, key=lambda path: int(path.name.partition("-")[2]), default=None)


# In the parent


def measure(
    *, num_kills: int, base: Path = BASE, seed: int = 0, within_seconds: float = 0.8, **changes: Any
) -> dict[str, Any]:
    """`within_seconds`: how long a child may train before its moment comes, at most."""
    rng = random.Random(seed)
    values = {**settings(long=num_kills > 3), **changes}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_prompts(folder / "snapshot")
        whole, killed = folder / "whole", folder / "killed"
        whole.mkdir()
        killed.mkdir()

        started = time.monotonic()
        assert run(base, folder / "snapshot", whole, values) == 0
        seconds = time.monotonic() - started

        kills = in_generation = 0
        places: list[int] = []
        while kills < num_kills:
            died_sampling = kill_once(base, folder / "snapshot", killed, values, rng, kills, within_seconds)
            if died_sampling is None:  # it ended before the moment came
                break
            kills += 1
            in_generation += died_sampling
            newest = newest_checkpoint(killed)
            places.append(int(newest.name.partition("-")[2]) if newest else 0)
        assert run(base, folder / "snapshot", killed, values) == 0
        return {
            "benchmark": "resume",
            "kills": kills,
            "kills_in_generation": in_generation,
            "newest_checkpoints": places,
            "same_bits": digests(whole) == digests(killed),
            "seconds_undisturbed": round(seconds, 1),
        }


def kill_once(
    base: Path,
    snapshot: Path,
    output: Path,
    values: dict[str, Any],
    rng: random.Random,
    number: int,
    within_seconds: float,
) -> bool | None:
    """Whether the child was sampling when it died; None where it was done already."""
    (output / SAMPLING).unlink(missing_ok=True)
    before = newest_checkpoint(output)
    child = start(base, snapshot, output, values)
    wants_sampling = number % 2 == 1
    try:
        # Loading takes its time: the clock runs from the first sign of training.
        wait_for(lambda: (output / SAMPLING).exists() or newest_checkpoint(output) != before, child)
        time.sleep(rng.uniform(0.0, within_seconds))
        if wants_sampling:
            stop_in_the_middle(child, output / SAMPLING, rng)
        if child.poll() is not None:
            return None
        child.send_signal(signal.SIGKILL)
        child.wait()
        return (output / SAMPLING).exists()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def stop_in_the_middle(child: subprocess.Popen[bytes], marker: Path, rng: random.Random) -> None:
    """At some moment while the file `marker` exists; tried again where it was gone before the stop came."""
    while child.poll() is None:
        wait_for(marker.exists, child)
        time.sleep(rng.uniform(0.0, 0.05))
        child.send_signal(signal.SIGSTOP)
        if marker.exists():
            return
        child.send_signal(signal.SIGCONT)


def wait_for(condition: Any, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + NEVER
    while not condition() and child.poll() is None:
        if time.monotonic() > until:
            raise TimeoutError(f"The child trained nothing in {NEVER:.0f} seconds.")
        time.sleep(0.002)


def start(base: Path, snapshot: Path, output: Path, values: dict[str, Any]) -> subprocess.Popen[bytes]:
    arguments = [str(base), str(snapshot), str(output), json.dumps(values)]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.resume", "--child", *arguments],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
    )


def run(base: Path, snapshot: Path, output: Path, values: dict[str, Any]) -> int:
    return start(base, snapshot, output, values).wait()


def write_prompts(folder: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    rows = [
        {
            "prompt_id": n,
            "prompt": [{"role": "user", "content": f"Where is my {WORDS[n % 8]}? It is number {n}."}],
        }
        for n in range(40)
    ]
    folder.mkdir()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "train.parquet")


def digests(output: Path) -> dict[str, str]:
    """Of the final weights; an empty answer would be no proof."""
    found = {
        str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest()
        for part in ("model", "critic")
        for path in sorted((output / part).glob("*.safetensors"))
    }
    assert len(found) >= 2, f"{output} holds no policy and critic."
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="ten kills instead of two")
    parser.add_argument("--child", nargs=4, metavar=("BASE", "SNAPSHOT", "OUTPUT", "SETTINGS"))
    options = parser.parse_args(arguments)
    if options.child:
        base, snapshot, output, values = options.child
        train(Path(base), Path(snapshot), Path(output), json.loads(values))
        return 0
    result = measure(num_kills=10 if options.long else 2)
    figure = "killed trainings that ended with the bits of an undisturbed one"
    say(figure, result["kills"] if result["same_bits"] else 0, "kills", n=result["kills"], details=result)
    return 0 if result["same_bits"] else 1


if __name__ == "__main__":
    sys.exit(main())
