"""Supervised fine-tuning: make a policy likelier to write what people wrote, or preferred.

TRL's SFTTrainer on the tokens that `loss_on` names: the last reply, or each turn of the assistant in a
conversation. Others are read and carry no loss. With `packing`, rows that are short share a sequence
(best fit decreasing, Ding et al. 2024) whose positions start anew with each: attention keeps them apart
and each token has the loss it has alone (tests/training/test_sft.py measures it).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.specs import SftTraining
from rlhf.training import carried
from rlhf.training.data import Columns, encode_rows, load_split, require_train, require_validation
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
from rlhf.training.text import Messages, TokenIds, common_prefix, encode_conversations, encode_prompts

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
    carried.restore(output_dir, resume_from)
    data = {
        split: encode_demonstrations(snapshot_dir, split, tokenizer, spec, output_dir, reporter)
        for split in ("train", "validation")
    }
    train = require_train(data["train"])
    dtype, _ = precision(spec.dtype, lora=spec.lora is not None)
    trainer = SFTTrainer(
        model=load_policy(folder, tokenizer, dtype=dtype, lora=spec.lora),
        args=SFTConfig(
            **shared_arguments(spec, output_dir),
            max_length=None,  # rows are cut already
            padding_free=spec.packing,
            dataset_kwargs={"skip_prepare_dataset": True},
        ),
        train_dataset=packed(train, spec, reporter) if spec.packing else train,
        eval_dataset=require_validation(data["validation"], spec),
        processing_class=tokenizer,
        peft_config=lora_config(spec.lora, task="CAUSAL_LM") if spec.lora else None,
    )
    fit(trainer, spec, reporter=reporter, resume_from=resume_from)
    metrics = evaluate(trainer, spec)
    save_model(trainer.model, tokenizer, output_dir / "model", save=spec.save, base=model_path)
    return {key: metrics[key] for key in ("eval_loss", "eval_mean_token_accuracy") if key in metrics}


def packed(rows: Dataset, spec: SftTraining, reporter: Reporter) -> Dataset:
    """Sequences of at most max_length tokens, each of whole rows (`seq_lengths` says which are whose)."""
    from trl import pack_dataset

    sequences = pack_dataset(rows.shuffle(seed=spec.seed), spec.max_length, "bfd")
    num_tokens = sum(map(sum, sequences["seq_lengths"]))
    share = num_tokens / (len(sequences) * spec.max_length)
    reporter.log(f"{len(rows)} rows are packed into {len(sequences)} sequences, {share:.0%} full.")
    return sequences


def encode_demonstrations(
    snapshot_dir: Path,
    split: str,
    tokenizer: PreTrainedTokenizerBase,
    spec: SftTraining,
    output_dir: Path,
    reporter: Reporter,
) -> Dataset | None:
    """Rows of input_ids and labels, cut at max_length; one whose prompt alone fills it is left out."""
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
        encoded: Columns = {"input_ids": [], "labels": []}
        ties = batch.get("tie") or [False] * len(batch["prompt"])
        prompts = encode_prompts(tokenizer, batch["prompt"])
        wholes = encode_conversations(tokenizer, batch["prompt"], batch[reply])
        for messages, prompt_ids, ids, tie in zip(batch["prompt"], prompts, wholes, ties, strict=True):
            start = common_prefix(prompt_ids, ids)
            if tie or start >= spec.max_length:
                continue
            labels = [IGNORED] * start + ids[start:]
            if spec.loss_on == "assistant":
                for begin, end in earlier_turns(tokenizer, messages, ids):
                    labels[begin:end] = ids[begin:end]
            encoded["input_ids"].append(ids[: spec.max_length])
            encoded["labels"].append(labels[: spec.max_length])
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


def earlier_turns(
    tokenizer: PreTrainedTokenizerBase, messages: Messages, ids: TokenIds
) -> Iterator[tuple[int, int]]:
    """Where in `ids`, the whole conversation, the assistant's turns of the prompt stand. A turn that the
    template writes otherwise once the conversation goes on (some drop reasoning) is left out."""
    for index, message in enumerate(messages):
        if message["role"] != "assistant" or index == 0:
            continue
        (before,) = encode_prompts(tokenizer, [messages[:index]])
        (after,) = encode_conversations(tokenizer, [messages[:index]], [[message]])
        begin, end = common_prefix(before, after), len(after)
        if ids[:end] == after:
            yield begin, end
