"""Kahneman-Tversky optimization (Ethayarajh et al. 2024): learn from replies that are each labeled
desirable or not, without a second one to compare with.

TRL's KTOTrainer. A snapshot of preferences serves too: chosen replies are desirable, rejected ones are
not; ties are dropped. The policy it starts from is the reference (rlhf/training/offline.py).
The KL is measured on prompts with the reply of another row of the batch. Leaves out: annotator weights.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.specs import KtoTraining
from rlhf.training.data import Columns, encode_rows, load_split
from rlhf.training.errors import TrainingError
from rlhf.training.offline import Method, train_offline
from rlhf.training.reference_cache import Reply
from rlhf.training.reporting import Reporter
from rlhf.training.text import common_prefix, encode_conversations, encode_prompts

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

SHOWN = ("eval_loss", "eval_rewards/chosen", "eval_rewards/rejected", "eval_rewards/margins", "eval_kl")


def train_kto(spec: KtoTraining, *, reporter: Reporter, **arguments: Any) -> dict[str, Any]:
    """Writes `output_dir`/model; returns TRL's metrics on validation replies, if there are any.
    `arguments` are those of `rlhf.training.offline.train_offline`, from model_path on."""
    from trl.trainer.kto_config import KTOConfig
    from trl.trainer.kto_trainer import KTOTrainer

    def settings(rows: Dataset) -> dict[str, Any]:
        num_desirable, num_undesirable = counts(rows)
        desirable, undesirable = weights(spec, num_desirable=num_desirable, num_undesirable=num_undesirable)
        reporter.log(
            f"{num_desirable} desirable replies of weight {desirable:.3g}, "
            f"{num_undesirable} undesirable ones of weight {undesirable:.3g}."
        )
        return {
            "loss_type": spec.loss_type,
            "desirable_weight": desirable,
            "undesirable_weight": undesirable,
        }

    method = Method(
        KTOTrainer,
        KTOConfig,
        encode=encode_labeled,
        settings=settings,
        columns=reference_columns,
        shown=SHOWN,
    )
    rows, summary = train_offline(spec, method, reporter=reporter, **arguments)
    num_desirable, num_undesirable = counts(rows)
    return {"num_desirable": num_desirable, "num_undesirable": num_undesirable, **summary}


def counts(rows: Dataset) -> tuple[int, int]:
    """(desirable, undesirable) replies."""
    labels = rows["label"]
    return sum(labels), len(labels) - sum(labels)


def reference_columns(dataset: Dataset) -> dict[str, list[Reply]]:
    wanted: dict[str, list[Reply]] = {}
    for column, side in (("ref_logps", "completion_ids"), ("ref_KL_logps", "KL_completion_ids")):
        if side in dataset.column_names:
            rows = zip(dataset["prompt_ids"], dataset[side], strict=True)
            wanted[column] = [Reply(prompt, ids, len(ids)) for prompt, ids in rows]
    return wanted


def weights(spec: KtoTraining, *, num_desirable: int, num_undesirable: int) -> tuple[float, float]:
    """(of desirable, of undesirable replies). What the spec leaves empty makes both sides weigh the same
    in all (equation 8 of the paper, whose ratio may lie between 1 and 4/3: here 1)."""
    desirable, undesirable = spec.desirable_weight, spec.undesirable_weight
    if desirable is None and undesirable is None:
        return (
            max(1.0, num_undesirable / num_desirable),
            max(1.0, num_desirable / num_undesirable),
        )
    if desirable is None:
        assert undesirable is not None
        return undesirable * num_undesirable / num_desirable, undesirable
    if undesirable is None:
        return desirable, desirable * num_desirable / num_undesirable
    return desirable, undesirable


def encode_labeled(
    snapshot_dir: Path,
    split: str,
    tokenizer: PreTrainedTokenizerBase,
    spec: KtoTraining,
    output_dir: Path,
    reporter: Reporter,
) -> Dataset | None:
    """Rows of prompt_ids, completion_ids, label and, for the KL, KL_completion_ids, shuffled by the
    seed: TRL takes them in the order they have, so that the rows a batch borrows from are in it."""
    dataset = load_split(snapshot_dir, split, columns=["prompt"], cache_dir=output_dir / "data")
    if dataset is None:
        return None
    names = dataset.column_names
    if not ({"completion", "label"} <= set(names) or {"chosen", "rejected", "tie"} <= set(names)):
        raise TrainingError(
            "KTO needs a snapshot of unpaired labels or of preferences: this one has neither "
            "`completion` and `label` nor `chosen` and `rejected`."
        )

    def to_ids(batch: Columns) -> Columns:
        if "label" in batch:
            labeled = list(zip(batch["prompt"], batch["completion"], batch["label"], strict=True))
        else:
            sides = zip(batch["prompt"], batch["chosen"], batch["rejected"], batch["tie"], strict=True)
            labeled = [
                (prompt, reply, label)
                for prompt, chosen, rejected, tie in sides
                if not tie
                for reply, label in ((chosen, True), (rejected, False))
            ]
        encoded: Columns = {"prompt_ids": [], "completion_ids": [], "label": []}
        prompts = encode_prompts(tokenizer, [prompt for prompt, _, _ in labeled])
        wholes = encode_conversations(tokenizer, [row[0] for row in labeled], [row[1] for row in labeled])
        for prompt_ids, ids, (_, _, label) in zip(prompts, wholes, labeled, strict=True):
            start = common_prefix(prompt_ids, ids)
            if start < spec.max_length:
                encoded["prompt_ids"].append(prompt_ids[:start])
                encoded["completion_ids"].append(ids[start : spec.max_length])
                encoded["label"].append(label)
        return encoded

    rows = encode_rows(dataset, to_ids)
    if split == "train":
        for label, name in ((True, "desirable"), (False, "undesirable")):
            if label not in rows["label"]:
                raise TrainingError(
                    f"The train split has no {name} reply whose prompt is shorter than max_length "
                    f"({spec.max_length} tokens): KTO needs both sides. Label more, or raise it."
                )
    if not len(rows):
        return None
    rows = rows.shuffle(seed=spec.seed, new_fingerprint=uuid.uuid4().hex).flatten_indices()
    return (
        rows
        if spec.loss_type != "kto"
        else with_borrowed_replies(rows, batch_size=spec.batch_size, max_length=spec.max_length)
    )


def with_borrowed_replies(rows: Dataset, *, batch_size: int, max_length: int) -> Dataset:
    """KL_completion_ids: in each batch, row i takes the reply of row i - 1, and the first that of the last,
    so that replies are those of the batch, as TRL prepares them. A single last row takes the reply before
    it, where TRL gives it its own."""
    prompts, replies = list(rows["prompt_ids"]), list(rows["completion_ids"])
    borrowed = []
    for index in range(len(replies)):
        start = index - index % batch_size
        last = min(start + batch_size, len(replies)) - 1
        reply = replies[index - 1 if index > start or last == start else last]
        borrowed.append(reply[: max_length - len(prompts[index])])
    return rows.add_column("KL_completion_ids", borrowed)
