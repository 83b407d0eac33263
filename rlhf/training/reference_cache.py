"""Log-probabilities of replies under a reference model, computed once on a machine.

A reference never changes, so what it thinks of a reply depends on its weights and on the tokens alone.
DPO and KTO look here first: after ten percent of new labels, ten percent are computed, and replies that
stand in several comparisons only once. The reference model itself is not needed while training.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rlhf.specs import Training
from rlhf.training.errors import out_of_memory_explained
from rlhf.training.hub import ADAPTER_FILE
from rlhf.training.modeling import adapter_base, precision
from rlhf.training.reporting import Reporter
from rlhf.training.text import TokenIds

if TYPE_CHECKING:
    from datasets import Dataset

LOOK_UP = 500  # keys in one query
TABLE = "CREATE TABLE IF NOT EXISTS logps (key BLOB PRIMARY KEY, head REAL, tail REAL) WITHOUT ROWID"


class Reply(NamedTuple):
    """Two sums are kept of a reply: of its first `cut` tokens, and of the rest."""

    prompt: TokenIds
    completion: TokenIds
    cut: int

    def key(self) -> bytes:
        ids = array("q", [len(self.prompt), self.cut, *self.prompt, *self.completion])
        return hashlib.sha256(ids.tobytes()).digest()


Sums = tuple[float, float]


class ReferenceCache:
    """One SQLite file for each reference; several workers may share the folder."""

    def __init__(self, folder: Path, *, reference: str) -> None:
        self.path = folder / f"reference-{reference[:32]}" / "logps.sqlite3"

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Sums]:
        found: dict[bytes, Sums] = {}
        with self._open() as database:
            for start in range(0, len(keys), LOOK_UP):
                some = keys[start : start + LOOK_UP]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, head, tail FROM logps WHERE key IN ({marks})"
                found.update({key: (head, tail) for key, head, tail in database.execute(query, some)})
        return found

    def add(self, values: dict[bytes, Sums]) -> None:
        with self._open() as database, database:
            rows = [(key, *sums) for key, sums in values.items()]
            database.executemany("INSERT OR IGNORE INTO logps VALUES (?, ?, ?)", rows)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.utime(self.path.parent)  # what is in use is not pruned
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as database:
            database.execute(TABLE)
            yield database


def reference_digest(folder: Path, *, template: str, dtype: str) -> str:
    """Of all that decides a log-probability but the tokens: weights, configuration, arithmetic."""
    digest = hashlib.sha256(json.dumps([template, dtype]).encode())
    if (folder / ADAPTER_FILE).is_file():
        digest.update(reference_digest(adapter_base(folder), template=template, dtype=dtype).encode())
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("*config.json")]):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def log_probs(
    replies: Sequence[Reply],
    compute: Callable[[Sequence[Reply]], list[Sums]],
    *,
    cache: ReferenceCache | None,
    batch_size: int,
    reporter: Reporter,
) -> list[Sums]:
    """In the order of `replies`. `compute` is asked for batches of those the cache does not have."""
    wanted = {reply.key(): reply for reply in replies}
    known = cache.find(list(wanted)) if cache else {}
    # Longest first: batches hold little padding, and one that is too large fails at once.
    missing = sorted(
        (key for key in wanted if key not in known),
        key=lambda key: (-len(wanted[key].prompt) - len(wanted[key].completion), key),
    )
    reporter.log(
        f"Reference log-probabilities: {len(missing)} of {len(wanted)} replies are computed, "
        f"{len(known)} were known."
    )
    for start in range(0, len(missing), batch_size):
        keys = missing[start : start + batch_size]
        with out_of_memory_explained(f"lower batch_size (now {batch_size})"):
            sums = dict(zip(keys, compute([wanted[key] for key in keys]), strict=True))
        if cache:
            cache.add(sums)
        known.update(sums)
        reporter.raise_if_cancelled()
    return [known[reply.key()] for reply in replies]


def open_cache(
    cache_dir: Path | None, model: Path, *, template: str, spec: Training
) -> ReferenceCache | None:
    if cache_dir is None:
        return None
    dtype, autocast = precision(spec.dtype, lora=spec.lora is not None)
    arithmetic = f"{dtype}, autocast {autocast}, 4 bits {bool(spec.lora and spec.lora.load_in_4bit)}"
    return ReferenceCache(cache_dir, reference=reference_digest(model, template=template, dtype=arithmetic))


def with_reference(
    trainer_class: Any,
    *,
    columns: Callable[[Dataset], dict[str, list[Reply]]],
    cache: ReferenceCache | None,
    carried: Path,
    reporter: Reporter,
) -> Any:
    """TRL's DPO or KTO trainer, whose rows are tokens already and whose reference columns come from the
    cache. `columns` gives the replies to compute for each column that TRL reads. A resumed run finds its
    columns in `carried`, as they were: another batch would round them in another way."""
    import numpy as np

    from rlhf.training.passes import per_token

    class Trainer(trainer_class):
        def _prepare_dataset(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
            return dataset

        def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
            wanted = columns(dataset)
            path = carried / f"reference-{name}.npy"
            if path.is_file():
                table = np.load(path, allow_pickle=False)
            else:
                sums = log_probs(
                    [reply for replies in wanted.values() for reply in replies],
                    lambda replies: compute(self, replies),
                    cache=cache,
                    batch_size=2 * batch_size,
                    reporter=reporter,
                )
                alpha = getattr(self.args, "ld_alpha", None)
                weight = 1.0 if alpha is None else alpha
                table = np.array([head + weight * tail for head, tail in sums]).reshape(len(wanted), -1)
                np.save(path, table)
            for column, values in zip(wanted, table, strict=True):
                dataset = dataset.add_column(column, values)
            return dataset

        def _compute_loss(self, model: Any, *args: Any, **kwargs: Any) -> Any:
            return super()._compute_loss(per_token(model), *args, **kwargs)

    return Trainer


def compute(trainer: Any, replies: Sequence[Reply]) -> list[Sums]:
    """By the trainer's model, adapters off: in one forward pass, or where padding costs, in a few."""
    import torch

    from rlhf.training.passes import per_token

    model = trainer.model
    rows = [torch.tensor(reply.prompt + reply.completion) for reply in replies]
    pad_id = trainer.processing_class.pad_token_id
    input_ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad_id)
    positions = torch.arange(input_ids.shape[1])
    mask = positions < torch.tensor([len(row) for row in rows])[:, None]
    starts = torch.tensor([len(reply.prompt) for reply in replies])[:, None]
    labels = input_ids.masked_fill(~mask | (positions < starts), -100)
    device = trainer.accelerator.device
    adapters_off = model.disable_adapter() if hasattr(model, "disable_adapter") else contextlib.nullcontext()
    was_training = model.training
    model.eval()
    with torch.no_grad(), adapters_off, trainer.accelerator.autocast():
        outputs = per_token(model)(
            input_ids=input_ids.to(device),
            attention_mask=mask.long().to(device),
            labels=labels.to(device),
            use_cache=False,
            fused_lm_head=True,  # TRL's: log-probabilities of the labels, 0 where there is none
        )
    model.train(was_training)
    logps = outputs.log_probs.float().cpu()
    cuts = starts + torch.tensor([reply.cut for reply in replies])[:, None]
    is_head = positions[1:] < cuts  # log_probs are of the tokens from the second on
    return list(zip((logps * is_head).sum(1).tolist(), (logps * ~is_head).sum(1).tolist(), strict=True))
