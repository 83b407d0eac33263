"""A frozen snapshot's Parquet files as what a trainer reads, and what a model makes of a prompt."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from rlhf.specs import WatchedTraining
from rlhf.training.errors import TrainingError

if TYPE_CHECKING:
    from datasets import Dataset

SPLITS = ("train", "validation", "test")
Columns = dict[str, list[Any]]


class PromptRow(NamedTuple):
    id: int
    messages: list[dict[str, Any]]


@dataclass(slots=True)
class Completion:
    text: str
    num_tokens: int  # with the one that ended it
    finish: Literal["stop", "length"]


def load_split(snapshot_dir: Path, split: str, *, columns: Iterable[str], cache_dir: Path) -> Dataset | None:
    """Memory-mapped rows; None where the snapshot has no such split or no row in it."""
    from datasets import Dataset

    path = snapshot_dir / f"{split}.parquet"
    if not path.is_file():
        return None
    dataset = Dataset.from_parquet(str(path), cache_dir=str(cache_dir))
    require_columns(columns, dataset.column_names, path)
    return dataset if len(dataset) else None


def require_train(dataset: Dataset | None) -> Dataset:
    if dataset is None:
        raise TrainingError("The snapshot has no rows in its train split. Label more, or widen its filters.")
    return dataset


def require_validation(dataset: Dataset | None, spec: WatchedTraining) -> Dataset | None:
    if dataset is None and spec.eval_every:
        raise TrainingError(
            "eval_every needs validation rows, and the snapshot has none. Leave it empty, or label more."
        )
    return dataset


def encode_rows(dataset: Dataset, function: Callable[[Columns], Columns]) -> Dataset:
    """`function` turns columns of a batch into other columns, and may leave rows out."""
    # A random fingerprint: hashing the function would pickle the tokenizer, and nothing is reused.
    return dataset.map(
        function,
        batched=True,
        batch_size=512,
        remove_columns=dataset.column_names,
        load_from_cache_file=False,
        new_fingerprint=uuid.uuid4().hex,
    )


def read_prompts(snapshot_dir: Path, splits: Iterable[str] = SPLITS) -> list[PromptRow]:
    """Each prompt once, in the snapshot's order."""
    import pyarrow.parquet as parquet

    prompts: dict[int, PromptRow] = {}
    for split in splits:
        path = snapshot_dir / f"{split}.parquet"
        if not path.is_file():
            continue
        file = parquet.ParquetFile(path)  # read_table would load a good deal more code than it needs
        require_columns(("prompt", "prompt_id"), file.schema_arrow.names, path)
        for row in file.read(columns=["prompt", "prompt_id"]).to_pylist():
            prompts.setdefault(row["prompt_id"], PromptRow(row["prompt_id"], row["prompt"]))
    if not prompts:
        raise TrainingError("The snapshot has no prompts. Import prompts, or choose other splits.")
    return list(prompts.values())


def require_columns(columns: Iterable[str], present: list[str], path: Path) -> None:
    missing = [column for column in columns if column not in present]
    if missing:
        raise TrainingError(
            f"{path.name} of the snapshot has no column {', '.join(missing)} (it has {', '.join(present)}). "
            "Choose a snapshot of the kind this run needs."
        )
