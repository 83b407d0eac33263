"""Supervised fine-tuning: make a policy likelier to write what people wrote, or preferred.

TRL's SFTTrainer on completions only: the prompt's tokens carry no loss. Leaves out packing, and
loss on earlier assistant turns.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.specs import SftTraining
from rlhf.training.data import Columns, encode_rows, load_split, require_train
from rlhf.training.errors import TrainingError
from rlhf.training.modeling import (
    chat_template_digest,
    find_model,
    load_policy,
    load_tokenizer,
    lora_config,
    precision,
    save_model,
)
from rlhf.training.reporting import Reporter
from rlhf.training.text import common_prefix, encode_conversations, encode_prompts

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

IGNORED = -100  # a label that carries no loss


def train_sft(
    spec: SftTraining,
    *,
    model_path: str | Path,
    snapshot_dir: Path,
    output_dir: Path,
    reporter: Reporter,
    resume_from: Path | None = None,
) -> dict[str, Any]:
    """Writes `output_dir`/model; returns what is worth showing beside it. `snapshot_dir` holds
    demonstrations (prompt, completion) or preferences (prompt, chosen)."""
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from rlhf.training.trainer import evaluate, fit, shared_arguments

    folder = find_model(model_path)
    tokenizer = load_tokenizer(folder)
    reporter.environment({"chat_template_sha256": chat_template_digest(tokenizer)})
    data = {
        split: _encode(snapshot_dir, split, tokenizer, spec, output_dir, reporter)
        for split in ("train", "validation")
    }
    dtype, _ = precision(spec.dtype, lora=spec.lora is not None)
    trainer = SFTTrainer(
        model=load_policy(folder, tokenizer, dtype=dtype),
        args=SFTConfig(
            **shared_arguments(spec, output_dir),
            max_length=spec.max_length,
            dataset_kwargs={"skip_prepare_dataset": True},
        ),
        train_dataset=require_train(data["train"]),
        eval_dataset=data["validation"],
        processing_class=tokenizer,
        peft_config=lora_config(spec.lora, task="CAUSAL_LM") if spec.lora else None,
    )
    fit(trainer, spec, reporter=reporter, resume_from=resume_from)
    metrics = evaluate(trainer, spec)
    save_model(trainer.model, tokenizer, output_dir / "model")
    return {key: metrics[key] for key in ("eval_loss", "eval_mean_token_accuracy") if key in metrics}


def _encode(
    snapshot_dir: Path,
    split: str,
    tokenizer: PreTrainedTokenizerBase,
    spec: SftTraining,
    output_dir: Path,
    reporter: Reporter,
) -> Dataset | None:
    dataset = load_split(snapshot_dir, split, columns=["prompt"], cache_dir=output_dir / "data")
    if dataset is None:
        return None
    reply = next((name for name in ("completion", "chosen") if name in dataset.column_names), None)
    if reply is None:
        raise TrainingError(
            "Supervised fine-tuning needs a demonstrations or preferences snapshot: "
            "this one has neither `completion` nor `chosen`."
        )

    def to_ids(batch: Columns) -> Columns:
        """input_ids and labels, cut at max_length; a row whose prompt alone fills it is left out."""
        encoded: Columns = {"input_ids": [], "labels": []}
        ties = batch.get("tie") or [False] * len(batch["prompt"])
        prompts = encode_prompts(tokenizer, batch["prompt"])
        wholes = encode_conversations(tokenizer, batch["prompt"], batch[reply])
        for prompt_ids, ids, tie in zip(prompts, wholes, ties, strict=True):
            start = common_prefix(prompt_ids, ids)
            if tie or start >= spec.max_length:
                continue
            encoded["input_ids"].append(ids[: spec.max_length])
            encoded["labels"].append(([IGNORED] * start + ids[start:])[: spec.max_length])
        return encoded

    rows = encode_rows(dataset, to_ids)
    if len(rows) < len(dataset):
        reporter.log(
            f"{len(dataset) - len(rows)} of {len(dataset)} {split} rows are left out: "
            f"ties, or prompts of max_length ({spec.max_length}) tokens and more."
        )
    if not len(rows) and split == "train":
        raise TrainingError(f"No prompt is shorter than max_length ({spec.max_length} tokens). Raise it.")
    return rows if len(rows) else None
