"""PPO and DPO on one GPU, with the share of it that they use.

    python -m benchmarks.gpu [--long] [--sizes 0.5B …] [--only ppo|dpo] [--peer FOLDER] [--cpu-smoke]

Prints one line of JSON for each figure: tokens a second (of PPO those sampled, of DPO those read), as the
median over rollouts or steps after the first with its range; `mfu`, the share of the product of two large
bfloat16 matrices, measured first, that the necessary arithmetic comes to (benchmarks/card/ says which);
peak memory; and what of PPO's time is sampling. Models are Llamas with random weights in bfloat16, all
rows of one length. `--peer` names a folder that holds TRL 1.12 (`pip install --no-deps --target`), whose
PPO then does the same. Without a GPU it says so; `--cpu-smoke` runs all of it on the CPU with a tiny
model, where figures mean nothing. `--long` measures more rollouts and steps.

PPO needs torch, transformers, accelerate, pydantic and httpx. DPO needs TRL 1.16, datasets and pyarrow
beside them, and is left out without; the peer needs datasets and pandas. No Django.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.card import dpo, ppo
from benchmarks.card.ground import SIZES, Size, ceiling, make_model
from benchmarks.figures import say, say_median

ROOT = Path(__file__).parents[1]
PEER = "TRL 1.12 PPO"
EDGE, SMOKE_EDGE = 8192, 256
DPO_NEEDS = ("trl", "datasets", "pyarrow")


def tell(figure: str, speed: ppo.Speed, flops_per_token: float, most: float) -> None:
    mfu = median(speed.tokens_per_second) * flops_per_token / most
    details = {"mfu": round(mfu, 4), "peak_gib": speed.peak_gib}
    if speed.generation_share is not None:
        details["generation_share"] = round(speed.generation_share, 3)
    say_median(figure, speed.tokens_per_second, "tokens/s", **details)


def measure_ppo(size: Size, model: Path, folder: Path, most: float, peer: Path | None) -> None:
    reward_model = make_model(size, folder / "reward", is_reward=True)
    theirs = ask_peer(size, model, reward_model, folder, peer) if peer else {}
    speed = ppo.train(size, model, reward_model, folder)
    per_token = ppo.work(size, model) / (size.rollout * size.completion)
    tell(f"PPO, {size.name}", speed, per_token, most)
    if theirs:
        other = ppo.Speed(theirs["tokens_per_second"], None, theirs["peak_gib"])
        tell(f"{PEER}, {size.name}", other, per_token, most)


def ask_peer(size: Size, model: Path, reward_model: Path, folder: Path, peer: Path) -> dict[str, Any]:
    path = os.pathsep.join([str(peer.resolve()), str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.card.peer", size.name, model, reward_model, folder / "peer"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        print(f"{PEER} did not run: {last[0]}", file=sys.stderr)
        return {}
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure_dpo(size: Size, model: Path, folder: Path, most: float) -> None:
    missing = [name for name in DPO_NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        print(f"DPO is left out: it needs {', '.join(missing)}.", file=sys.stderr)
        return
    speed = dpo.train(size, model, folder)
    tell(f"DPO, {size.name}", speed, dpo.work(size, model) / (2 * size.rows * size.length), most)


def measure(size: Size, only: str | None, most: float, peer: Path | None) -> None:
    import torch

    with tempfile.TemporaryDirectory(prefix="plumbline-gpu-") as name:
        folder = Path(name)
        model = make_model(size, folder / "model")
        if only != "dpo":
            measure_ppo(size, model, folder, most, peer)
            gc.collect()
            torch.cuda.empty_cache()
        if only != "ppo":
            measure_dpo(size, model, folder, most)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--sizes", nargs="+", choices=[name for name in SIZES if name != "tiny"])
    parser.add_argument("--only", choices=["ppo", "dpo"])
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--cpu-smoke", action="store_true")
    options = parser.parse_args(arguments)
    import torch

    if options.cpu_smoke:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif not torch.cuda.is_available():
        print("There is no CUDA device here, so nothing is measured: --cpu-smoke runs the code on the CPU.")
        return 0
    device = torch.device("cpu" if options.cpu_smoke else "cuda")
    most = ceiling(device, SMOKE_EDGE if options.cpu_smoke else EDGE)
    name = "the CPU" if options.cpu_smoke else torch.cuda.get_device_name()
    say("product of two bfloat16 matrices", most / 1e12, "TFLOP/s", device=name, torch=torch.__version__)
    for name in ["tiny"] if options.cpu_smoke else options.sizes or ["0.5B", "1.5B"]:
        size = SIZES[name]
        if options.long:
            size = dataclasses.replace(size, rollouts=3 * size.rollouts, steps=3 * size.steps)
        measure(size, options.only, most, options.peer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
