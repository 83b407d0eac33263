"""How many replies a reference model reads again once a tenth of new labels has come."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import say
from benchmarks.peers.offline import bare_dpo, our_dpo, quiet, write_rows

NUM_PAIRS = 160


def our_rows(data: Path, folder: Path, cache: Path) -> int:
    """Rows that went through the reference in a run of ours."""
    from rlhf.training import reference_cache

    plain, rows = reference_cache.compute, 0

    def compute(trainer: Any, replies: Any) -> Any:
        nonlocal rows
        rows += len(replies)
        return plain(trainer, replies)

    reference_cache.compute = compute
    try:
        our_dpo(data, folder, cache_dir=cache)
    finally:
        reference_cache.compute = plain
    return rows


def bare_rows(data: Path, folder: Path, cache: Path) -> int:
    from trl import DPOTrainer

    plain, rows = DPOTrainer.compute_ref_log_probs, 0

    def compute(self: Any, model: Any, inputs: Any) -> Any:
        nonlocal rows
        rows += len(inputs["input_ids"])
        return plain(self, model, inputs)

    DPOTrainer.compute_ref_log_probs = compute
    try:
        bare_dpo(data, folder, cache_dir=cache)
    finally:
        DPOTrainer.compute_ref_log_probs = plain
    return rows


def count() -> bool:
    """Both keep what they computed of the first labels. False where ours read more than the new ones."""
    with tempfile.TemporaryDirectory(prefix="plumbline-training-") as name, quiet():
        folder = Path(name)
        num_after = NUM_PAIRS * 11 // 10
        for data, num_pairs in (("before", NUM_PAIRS), ("after", num_after)):
            write_rows(folder / data, num_pairs)
        first, ours = (
            our_rows(folder / data, folder / f"ours-{data}", folder / "ours") for data in ("before", "after")
        )
        _, bare = (
            bare_rows(folder / data, folder / f"bare-{data}", folder / "bare") for data in ("before", "after")
        )
    say(
        "replies that the reference reads after ten percent of new labels",
        ours,
        "replies",
        n=2 * num_after,
        read_at_first=first,
        peer="TRL 1.16, a bare script",
        peer_value=bare,
        ratio=round(bare / ours, 2),
    )
    return ours == 2 * (num_after - NUM_PAIRS)
