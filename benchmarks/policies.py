"""Whether the methods work, by a truth that is known here, and what too much of one looks like.

    python -m benchmarks.policies [--long] [--seeds N] [--first N] [--only methods|overoptimization]
        [--picture PATH] [--keep FOLDER] [--processes N]

Prints one line of JSON for each figure and ends with 1 where a claim does not hold. A simulated crowd judges
replies of an SFT policy; PPO, RLOO, DPO and best of n, with the settings of fixtures/round.json, must each
beat that policy on 400 prompts that nothing was trained on, by the crowd's true utility: the whole
interval above one half. `--long` has more seeds, KTO and GRPO, and draws docs/overoptimization.png: PPO
without a KL against a reward model of few judgments, and against an ensemble of such: both scores must rise
while the truth falls, and figures tell how much later it falls against the ensemble, and whether its members
disagree about what is wrong. Two processes of one thread each. What `--keep` names holds what was trained and
seen, and a later call goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import get_context
from pathlib import Path
from typing import Any

METHODS = ("sft", "ppo", "rloo", "dpo", "best of n")
MORE_METHODS = ("grpo", "kto")
NEED_NO_REWARD = ("sft", "dpo", "kto")
NUM_JUDGMENTS = 600
SEEDS, LONG_SEEDS, CURVE_SEEDS = 1, 2, 16
PROCESSES = 2
PICTURE = Path(__file__).parent.parent / "docs" / "overoptimization.png"

Line = dict[str, Any]


def one_thread() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported
    import torch

    torch.set_num_threads(1)


def kept_or_temporary(keep: Path | None) -> AbstractContextManager[Path | str]:
    return nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="plumbline-policies-")


def say(line: Line) -> None:
    print(json.dumps(line), flush=True)


def begin(folder: Path, seed: int, num_judgments: int) -> tuple[Any, Path]:
    """The ground of a seed, and the judgments that all its trainings learn from."""
    from benchmarks.simulation.ground import judge, lay_ground

    ground = lay_ground(folder, seed)
    return ground, judge(ground, num_judgments)


def learn_reward(ground: Any, judged: Path) -> Line:
    from benchmarks.simulation.methods import learn_reward

    return learn_reward(ground, judged)


def compare(method: str, ground: Any, judged: Path) -> Line:
    from benchmarks.simulation.methods import compare

    return compare(method, ground, judged)


def overoptimize(arm: str, ground: Any, judged: Path) -> list[Any]:
    from benchmarks.simulation.overoptimization import overoptimize

    return overoptimize(arm, ground, judged)


def agree(ground: Any, judged: Path) -> Any:
    from benchmarks.simulation.agreement import agree

    return agree(ground, judged)


def compare_methods(
    pool: ProcessPoolExecutor, folder: Path, seeds: Sequence[int], methods: Sequence[str]
) -> Iterator[Line]:
    """As soon as what they wait for is there, the longest first."""
    grounds = [pool.submit(begin, folder / f"methods-{seed}", seed, NUM_JUDGMENTS) for seed in seeds]
    rewards: dict[Future[Line], Any] = {}
    lines: list[Future[Line]] = []
    for ready in as_completed(grounds):
        ground, judged = ready.result()
        rewards[pool.submit(learn_reward, ground, judged)] = (ground, judged)
        lines += [pool.submit(compare, one, ground, judged) for one in methods if one in NEED_NO_REWARD]
    for reward in as_completed(rewards):
        yield reward.result()
        lines += [pool.submit(compare, one, *rewards[reward]) for one in methods if one not in NEED_NO_REWARD]
    for line in as_completed(lines):
        yield line.result()


def curves(
    pool: ProcessPoolExecutor, folder: Path, seeds: Sequence[int], picture: Path
) -> tuple[list[Line], list[str]]:
    """The figures, and a sentence for each claim that they do not hold."""
    from benchmarks.simulation.overoptimization import ARMS, NUM_JUDGMENTS
    from benchmarks.simulation.picture import agreements, doubts, draw, summary

    grounds = [pool.submit(begin, folder / f"curves-{seed}", seed, NUM_JUDGMENTS) for seed in seeds]
    longest_first = reversed(ARMS)
    runs = [pool.submit(overoptimize, arm, *ready.result()) for arm in longest_first for ready in grounds]
    looks = [look for run in runs for look in run.result()]
    draw(looks, picture)
    told = [pool.submit(agree, *ready.result()) for ready in grounds]
    lines = summary(looks) + agreements([one.result() for one in told])
    return lines, doubts(lines)


def seeds_of(options: argparse.Namespace, number: int) -> range:
    return range(options.first, options.first + (options.seeds or number))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", choices=["methods", "overoptimization"])
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    options = parser.parse_args()
    context = get_context("spawn")
    failures: list[str] = []
    with (
        kept_or_temporary(options.keep) as folder,
        ProcessPoolExecutor(options.processes, mp_context=context, initializer=one_thread) as pool,
    ):
        if options.only != "overoptimization":
            seeds = seeds_of(options, LONG_SEEDS if options.long else SEEDS)
            methods = METHODS + (MORE_METHODS if options.long else ())
            for line in compare_methods(pool, Path(folder), seeds, methods):
                say(line)
                if line["low"] <= 0.5:
                    failures.append(
                        f"{line['figure']} may be chance: {line['low']:.3f} (seed {line['seed']})."
                    )
        if options.long or options.only == "overoptimization":
            lines, doubts = curves(pool, Path(folder), seeds_of(options, CURVE_SEEDS), options.picture)
            for line in lines:
                say(line)
            failures += doubts
    for sentence in failures:
        print(sentence, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
