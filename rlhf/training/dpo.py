"""Direct preference optimization (Rafailov et al. 2023): learn from comparisons without a reward model.

TRL's DPOTrainer. The policy it starts from is the reference; under LoRA that is the model with its
adapters off. Ties are dropped. Leaves out: strength, annotator weights, precomputed log-probabilities.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.specs import DpoTraining
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

COLUMNS = ("prompt", "chosen", "rejected", "tie")
SHOWN = ("eval_loss", "eval_rewards/accuracies", "eval_rewards/margins", "eval_logps/chosen")


def train_dpo(
    spec: DpoTraining,
    *,
    model_path: str | Path,
    snapshot_dir: Path,
    output_dir: Path,
    reporter: Reporter,
    resume_from: Path | None = None,
) -> dict[str, Any]:
    """Writes `output_dir`/model; returns TRL's metrics on validation comparisons, if there are any."""
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    from rlhf.training.trainer import evaluate, fit, shared_arguments

    class Trainer(DPOTrainer):
        """TRL has no switch for rows that are tokens already, as its other trainers have."""

        def _prepare_dataset(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
            return dataset

    folder = find_model(model_path)
    tokenizer = load_tokenizer(folder)
    reporter.environment({"chat_template_sha256": chat_template_digest(tokenizer)})
    data = {
        split: encode_pairs(snapshot_dir, split, tokenizer, spec, output_dir, reporter)
        for split in ("train", "validation")
    }
    dtype, _ = precision(spec.dtype, lora=spec.lora is not None)
    trainer = Trainer(
        model=load_policy(folder, tokenizer, dtype=dtype),
        ref_model=None if spec.lora else load_policy(folder, tokenizer, dtype=dtype),
        args=DPOConfig(
            **shared_arguments(spec, output_dir),
            max_length=spec.max_length,
            beta=spec.beta,
            loss_type=[spec.loss_type],
        ),
        train_dataset=require_train(data["train"]),
        eval_dataset=data["validation"],
        processing_class=tokenizer,
        peft_config=lora_config(spec.lora, task="CAUSAL_LM") if spec.lora else None,
    )
    fit(trainer, spec, reporter=reporter, resume_from=resume_from)
    metrics = evaluate(trainer, spec)
    save_model(trainer.model, tokenizer, output_dir / "model")
    summary = {key: metrics[key] for key in SHOWN if key in metrics}
    return {"num_comparisons": len(require_train(data["train"])), **summary}


def encode_pairs(
    snapshot_dir: Path,
    split: str,
    tokenizer: PreTrainedTokenizerBase,
    spec: DpoTraining,
    output_dir: Path,
    reporter: Reporter,
) -> Dataset | None:
    """Rows of prompt_ids, chosen_ids and rejected_ids. Replies are cut at max_length by the collator;
    a row whose prompt alone fills it is left out."""
    dataset = load_split(snapshot_dir, split, columns=COLUMNS, cache_dir=output_dir / "data")
    if dataset is None:
        return None
    num_ties = sum(dataset["tie"])

    def to_ids(batch: Columns) -> Columns:
        encoded: Columns = {"prompt_ids": [], "chosen_ids": [], "rejected_ids": []}
        prompts = encode_prompts(tokenizer, batch["prompt"])
        chosen = encode_conversations(tokenizer, batch["prompt"], batch["chosen"])
        rejected = encode_conversations(tokenizer, batch["prompt"], batch["rejected"])
        for prompt_ids, chosen_ids, rejected_ids, tie in zip(
            prompts, chosen, rejected, batch["tie"], strict=True
        ):
            start = min(common_prefix(prompt_ids, chosen_ids), common_prefix(prompt_ids, rejected_ids))
            if tie or start >= spec.max_length:
                continue
            encoded["prompt_ids"].append(prompt_ids[:start])
            encoded["chosen_ids"].append(chosen_ids[start:])
            encoded["rejected_ids"].append(rejected_ids[start:])
        return encoded

    rows = encode_rows(dataset, to_ids)
    num_long = len(dataset) - num_ties - len(rows)
    if num_ties or num_long:
        reporter.log(
            f"{split}: {len(rows)} comparisons; left out are {num_ties} ties and "
            f"{num_long} prompts of max_length ({spec.max_length}) tokens and more."
        )
    if not len(rows) and split == "train":
        raise TrainingError(
            "The train split has only ties; more judgments are needed."
            if not num_long
            else f"No prompt is shorter than max_length ({spec.max_length} tokens). Raise it."
        )
    return rows if len(rows) else None
