"""Reward modelling: score the preferred reply of a pair above the other one (Bradley-Terry).

TRL's RewardTrainer: loss = -log sigmoid(r(chosen) - r(rejected)), optionally with a pull of mean
rewards to zero. Ties are dropped, and so are pairs longer than `max_length`: a cut reply is not what
people judged. Leaves out: strength margins, annotator weights, rankings beyond pairs, ensembles.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.specs import RewardTraining
from rlhf.training.data import Columns, encode_rows, load_split, require_train
from rlhf.training.errors import TrainingError, out_of_memory_explained
from rlhf.training.modeling import (
    chat_template_digest,
    describe_training,
    find_model,
    load_reward_model,
    load_tokenizer,
    lora_config,
    precision,
    save_model,
)
from rlhf.training.reporting import Reporter
from rlhf.training.scoring import Scorer
from rlhf.training.statistics import Interval, clustered_wilson
from rlhf.training.text import encode_conversations

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

COLUMNS = ("prompt", "chosen", "rejected", "tie", "prompt_id")
SPLITS = ("train", "validation", "test")


def train_reward(
    spec: RewardTraining,
    *,
    model_path: str | Path,
    snapshot_dir: Path,
    output_dir: Path,
    reporter: Reporter,
    resume_from: Path | None = None,
) -> dict[str, Any]:
    """Writes `output_dir`/model. Returns `eval_accuracy` on validation comparisons and
    `test_accuracy`, each with its interval, where the snapshot has such rows."""
    from trl.trainer.reward_config import RewardConfig
    from trl.trainer.reward_trainer import RewardTrainer

    from rlhf.training.trainer import fit, shared_arguments

    folder = find_model(model_path)
    tokenizer = load_tokenizer(folder)
    reporter.environment({"chat_template_sha256": chat_template_digest(tokenizer)})
    data = {
        split: encode_pairs(snapshot_dir, split, tokenizer, spec, output_dir, reporter) for split in SPLITS
    }
    dtype, _ = precision(spec.dtype, lora=spec.lora is not None)
    trainer = RewardTrainer(
        model=load_reward_model(folder, tokenizer, dtype=dtype, new_head_seed=spec.seed),
        args=RewardConfig(
            **shared_arguments(spec, output_dir),
            max_length=None,  # done below
            center_rewards_coefficient=spec.center_rewards_coefficient,
        ),
        train_dataset=require_train(data["train"]),
        processing_class=tokenizer,
        peft_config=lora_config(spec.lora, task="SEQ_CLS") if spec.lora else None,
    )
    fit(trainer, spec, reporter=reporter, resume_from=resume_from)

    scorer = Scorer(trainer.model, tokenizer, batch_size=2 * spec.batch_size)
    summary: dict[str, Any] = {"num_comparisons": len(require_train(data["train"]))}
    for split, name in (("validation", "eval"), ("test", "test")):
        with out_of_memory_explained(describe_training(spec)):
            accuracy, margin = accuracy_of(scorer, data[split])
        if accuracy is not None:
            summary[f"{name}_accuracy"] = accuracy
            values = {f"{name}_accuracy": accuracy["value"], f"{name}_margin": margin}
            reporter.metrics(trainer.state.global_step, values)
    save_model(trainer.model, tokenizer, output_dir / "model")
    return summary


def encode_pairs(
    snapshot_dir: Path,
    split: str,
    tokenizer: PreTrainedTokenizerBase,
    spec: RewardTraining,
    output_dir: Path,
    reporter: Reporter,
) -> Dataset | None:
    """Rows of chosen_ids and rejected_ids, each a whole conversation closed by the template, and of the
    prompt_id they share."""
    dataset = load_split(snapshot_dir, split, columns=COLUMNS, cache_dir=output_dir / "data")
    if dataset is None:
        return None
    num_ties = sum(dataset["tie"])

    def to_ids(batch: Columns) -> Columns:
        encoded: Columns = {"chosen_ids": [], "rejected_ids": [], "prompt_id": []}
        chosen = encode_conversations(tokenizer, batch["prompt"], batch["chosen"])
        rejected = encode_conversations(tokenizer, batch["prompt"], batch["rejected"])
        for chosen_ids, rejected_ids, tie, prompt_id in zip(
            chosen, rejected, batch["tie"], batch["prompt_id"], strict=True
        ):
            if not tie and max(len(chosen_ids), len(rejected_ids)) <= spec.max_length:
                encoded["chosen_ids"].append(chosen_ids)
                encoded["rejected_ids"].append(rejected_ids)
                encoded["prompt_id"].append(prompt_id)
        return encoded

    rows = encode_rows(dataset, to_ids)
    num_long = len(dataset) - num_ties - len(rows)
    if num_ties or num_long:
        reporter.log(
            f"{split}: {len(rows)} comparisons; left out are {num_ties} ties and "
            f"{num_long} pairs longer than max_length ({spec.max_length} tokens)."
        )
    if not len(rows) and split == "train":
        raise TrainingError(
            "The train split has only ties; more judgments are needed."
            if not num_long
            else f"No comparison fits into max_length ({spec.max_length} tokens). Raise it."
        )
    return rows if len(rows) else None


def accuracy_of(scorer: Scorer, pairs: Dataset | None) -> tuple[Interval | None, float]:
    """How often the chosen reply scores higher (equal scores count half), and the mean margin.
    Comparisons of one prompt share its replies, so they count as one cluster."""
    if pairs is None:
        return None, 0.0
    scores = scorer.score_ids([*pairs["chosen_ids"], *pairs["rejected_ids"]])
    margins = [a - b for a, b in zip(scores[: len(pairs)], scores[len(pairs) :], strict=True)]
    wins = [1.0 if margin > 0 else 0.5 if margin == 0 else 0.0 for margin in margins]
    return clustered_wilson(wins, pairs["prompt_id"]), sum(margins) / len(margins)
