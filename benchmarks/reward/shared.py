"""One way to say a figure, and to train a reward model on rows of preferences."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlhf.specs import RewardTraining
from rlhf.training.reporting import ConsoleReporter

MODEL = Path(__file__).parents[2] / "fixtures" / "base-model"


class Quiet(ConsoleReporter):
    def metrics(self, step: int, values: Any) -> None:
        pass

    def log(self, line: str) -> None:
        pass


def say(figure: str, value: float, unit: str, **more: object) -> None:
    print(json.dumps({"figure": figure, "value": round(value, 4), "unit": unit, **more}), flush=True)


def train(rows: Sequence[dict[str, Any]], spec: RewardTraining, model: Path = MODEL) -> Any:
    """A Scorer of a model trained on these preferences, by the real path: a snapshot, and its files."""
    import pyarrow
    import pyarrow.parquet

    from rlhf.training.reward import train_reward
    from rlhf.training.scoring import Scorer

    with (
        tempfile.TemporaryDirectory(prefix="plumbline-rewards-") as name,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        folder = Path(name)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), folder / "train.parquet")
        train_reward(spec, model_path=model, snapshot_dir=folder, output_dir=folder / "out", reporter=Quiet())
        return Scorer.load(folder / "out" / "model", batch_size=64)
