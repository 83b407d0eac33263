"""DPO, full training, reference log-probabilities computed beforehand and not in the time."""

from __future__ import annotations

import random
from pathlib import Path

from benchmarks.card.ground import Clock, Size, forward, peak_gib, sentence, shape
from benchmarks.card.ppo import Speed


def work(size: Size, model: Path) -> float:
    """Floating-point operations of a step: two sequences a row, forward and back."""
    return 3 * forward(shape(model), rows=2 * size.rows, length=size.length, predicted=size.completion)


def train(size: Size, model: Path, folder: Path) -> Speed:
    import pyarrow
    import pyarrow.parquet

    from rlhf.specs import DpoTraining
    from rlhf.training.dpo import train_dpo

    rng, snapshot, clock = random.Random(0), folder / "snapshot", Clock()
    snapshot.mkdir(exist_ok=True)
    reply = size.completion - 1  # the template ends it with a token
    rows = [
        {
            "prompt": [{"role": "user", "content": sentence(size, size.prompt - 4, rng)}],
            "chosen": [{"role": "assistant", "content": sentence(size, reply, rng)}],
            "rejected": [{"role": "assistant", "content": sentence(size, reply, rng)}],
            "tie": False,
        }
        for _ in range(size.rows * size.steps)
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), snapshot / "train.parquet")
    spec = DpoTraining(
        batch_size=size.rows, max_length=size.length, dtype="bfloat16", checkpoint_every=10_000
    )
    peak_gib()
    train_dpo(spec, model_path=model, snapshot_dir=snapshot, output_dir=folder / "dpo", reporter=clock)
    tokens = 2 * size.rows * size.length
    # The last report, at the end of training, is of no step.
    return Speed([tokens / seconds for seconds in clock.seconds[: size.steps - 1]], None, peak_gib())
