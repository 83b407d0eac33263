"""A training that is killed again and again ends with the weights of one that was not.

    python -m benchmarks.resume                      # PPO, two kills, the fixture model
    python -m benchmarks.resume --long [--only dpo]  # ten kills of each kind

A child trains; a SIGKILL meets it at a moment drawn at random, every other time while PPO samples. The next
child goes on from the newest checkpoint. One line of JSON for each kind tells how many kills there were, how
many of them in generation, and whether the final weights (and PPO's critic) agree in every bit.
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
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.figures import say

BASE = Path(__file__).parents[1] / "fixtures" / "base-model"
SAMPLING = "sampling"  # this file exists while a child samples
NEWEST = "newest"  # this one names the newest checkpoint
NEVER = 300.0

COMMON = {"batch_size": 8, "checkpoint_every": 1, "dtype": "float32", "learning_rate": 1e-4}
SETTINGS: dict[str, dict[str, Any]] = {
    # A rollout of two epochs with two minibatches each, and a checkpoint after each update.
    "ppo": {
        **COMMON,
        "rollout_batch_size": 16,
        "num_ppo_epochs": 2,
        "num_mini_batches": 2,
        "max_completion_length": 32,
        "max_length": 128,
        "kl_target": 1.0,
        "score_normalization": "running",
        "rewards": [{"source": "verifier", "verifier": "max_words", "argument": 12}],
    },
    "sft": {**COMMON, "max_steps": 60, "max_length": 128},
    "dpo": {**COMMON, "max_steps": 60, "max_length": 128},
    "reward": {**COMMON, "max_steps": 60, "max_length": 128},
    "rloo": {**COMMON, "max_steps": 30, "max_length": 128, "max_completion_length": 32, "num_generations": 4},
}
SNAPSHOTS = {"sft": "demonstrations", "dpo": "pairs", "reward": "pairs", "ppo": "prompts", "rloo": "prompts"}
NUM_ROWS = 40


# In the child


def train(kind: str, base: Path, data: Path, output: Path, values: dict[str, Any]) -> None:
    from rlhf import specs
    from rlhf.training.engines import LoopEngine
    from rlhf.training.reporting import ConsoleReporter

    plain = LoopEngine.as_they_end

    def as_they_end(self: LoopEngine, prompts: Any, seeds: Any) -> Any:
        marker = output / SAMPLING
        marker.touch()
        yield from plain(self, prompts, seeds)
        marker.unlink()

    LoopEngine.as_they_end = as_they_end  # type: ignore[method-assign]

    class Reporter(ConsoleReporter):
        def checkpoint(self, step: int, folder: Path) -> None:
            (output / "next").write_text(str(folder))
            (output / "next").replace(output / NEWEST)

    module = import_module(f"rlhf.training.{kind}")  # a child waits for no other trainer's libraries
    spec = getattr(specs, f"{kind.capitalize()}Training")
    scorer = {"ppo": None, "rloo": data / "reward"}
    getattr(module, f"train_{kind}")(
        spec(**values),
        model_path=base,
        snapshot_dir=data / SNAPSHOTS[kind],
        output_dir=output,
        reporter=Reporter(),
        resume_from=newest_checkpoint(output),
        **({"reward_model_path": scorer[kind]} if kind in scorer else {}),
    )


def newest_checkpoint(output: Path) -> Path | None:
    named = output / NEWEST
    return Path(named.read_text()) if named.is_file() else None


# In the parent


def measure(
    kind: str = "ppo",
    *,
    num_kills: int,
    base: Path = BASE,
    seed: int = 0,
    within_seconds: float = 0.8,
    **changes: Any,
) -> dict[str, Any]:
    """`within_seconds`: how long a child may train before its moment comes, at most."""
    from benchmarks.peers.offline import write_rows

    rng = random.Random(seed)
    values = {**SETTINGS[kind], **changes}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder / "data", NUM_ROWS)
        whole, killed = folder / "whole", folder / "killed"
        whole.mkdir()
        killed.mkdir()
        child = Child(kind, base, folder / "data", values)

        started = time.monotonic()
        assert child.start(whole).wait() == 0
        seconds = time.monotonic() - started

        kills = in_generation = 0
        places: list[int] = []
        while kills < num_kills:
            wants_sampling = kind == "ppo" and kills % 2 == 0
            died_sampling = kill_once(child, killed, rng, within_seconds, wants_sampling=wants_sampling)
            if died_sampling is None:  # it ended before the moment came
                break
            kills += 1
            in_generation += died_sampling
            newest = newest_checkpoint(killed)
            places.append(int(newest.name.partition("-")[2]) if newest else 0)
        assert child.start(killed).wait() == 0
        return {
            "kills": kills,
            "kills_in_generation": in_generation,
            "newest_checkpoints": places,
            "same_bits": digests(whole) == digests(killed),
            "seconds_undisturbed": round(seconds, 1),
        }


@dataclass(frozen=True, slots=True)
class Child:
    kind: str
    base: Path
    data: Path
    values: dict[str, Any]

    def start(self, output: Path) -> subprocess.Popen[bytes]:
        given = [self.kind, str(self.base), str(self.data), str(output), json.dumps(self.values)]
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.resume", "--child", *given],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
            stdout=subprocess.DEVNULL,
        )


def kill_once(
    trains: Child, output: Path, rng: random.Random, within_seconds: float, *, wants_sampling: bool
) -> bool | None:
    """Whether the child was sampling when it died; None where it was done already."""
    (output / SAMPLING).unlink(missing_ok=True)
    before = newest_checkpoint(output)
    child = trains.start(output)
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


def digests(output: Path) -> dict[str, str]:
    """Of the final weights; an empty answer would be no proof."""
    found = {
        str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest()
        for part in ("model", "critic")
        for path in sorted((output / part).glob("*.safetensors"))
    }
    assert found, f"{output} holds no model."
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", choices=SETTINGS)
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        kind, base, data, output, values = options.child
        train(kind, Path(base), Path(data), Path(output), json.loads(values))
        return 0
    failed = False
    for kind in [options.only] if options.only else SETTINGS if options.long else ["ppo"]:
        more = {"total_episodes": 16 * (10 if options.long else 3)} if kind == "ppo" else {}
        result = measure(kind, num_kills=10 if options.long else 2, **more)
        figure = f"killed trainings that ended with the bits of an undisturbed one, {kind}"
        say(figure, result["kills"] if result["same_bits"] else 0, "kills", n=result["kills"], details=result)
        failed |= not result["same_bits"]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
