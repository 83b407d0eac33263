"""Direct preference optimization (Rafailov et al. 2023): learn from comparisons without a reward model.

TRL's DPOTrainer. The policy it starts from is the reference, whose log-probabilities are computed
beforehand and kept (rlhf/training/offline.py). Ties are dropped. `loss_type` names the loss:
sigmoid (Rafailov et al.; with label_smoothing it is cDPO, Mitchell 2023), sigmoid_norm (per token, as
Lambert et al. 2024), ipo (Azar et al. 2023), hinge (Zhao et al. 2023), robust (Chowdhury et al. 2024),
exo_pair (Ji et al. 2024), nca_pair (Chen et al. 2024), sppo_hard (Wu et al. 2024), aot (Melnyk et al.
2024), apo_zero and apo_down (D'Oosterlinck et al. 2024), discopop (Lu et al. 2024). Leaves out: strength,
annotator weights.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.specs import DpoTraining
from rlhf.training.data import Columns, encode_rows, load_split
from rlhf.training.errors import TrainingError
from rlhf.training.offline import Method, train_offline
from rlhf.training.reference_cache import Reply
from rlhf.training.reporting import Reporter
from rlhf.training.text import common_prefix, encode_conversations, encode_prompts

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

COLUMNS = ("prompt", "chosen", "rejected", "tie")
SHOWN = ("eval_loss", "eval_rewards/accuracies", "eval_rewards/margins", "eval_logps/chosen")
DROP_SHARE = 0.1  # of the reference's log-probability of chosen replies; beyond it people are told
DROP_LOGS = 10


def train_dpo(spec: DpoTraining, *, reporter: Reporter, **arguments: Any) -> dict[str, Any]:
    """Writes `output_dir`/model; returns TRL's metrics on validation comparisons, if there are any.
    `arguments` are those of `rlhf.training.offline.train_offline`, from model_path on."""
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    loss_types = [spec.loss_type] + ["sft"] * (spec.sft_weight > 0)
    settings = {
        "loss_type": ["robust" if is_cdpo(spec) else loss_types[0], *loss_types[1:]],
        "loss_weights": [1.0, spec.sft_weight][: len(loss_types)],
        "label_smoothing": spec.label_smoothing,
        "ld_alpha": spec.ld_alpha,
    }

    def prepare(trainer: Any) -> None:
        if is_cdpo(spec):
            trainer.label_smoothing = robust_smoothing(spec.label_smoothing)
        trainer.add_callback(chosen_drop_warning(spec, reporter))

    method = Method(
        DPOTrainer,
        DPOConfig,
        encode=encode_pairs,
        settings=lambda rows: settings,
        columns=lambda rows: reference_columns(rows, spec),
        shown=SHOWN,
        prepare=prepare,
    )
    rows, summary = train_offline(spec, method, reporter=reporter, **arguments)
    return {"num_comparisons": len(rows), **summary}


def reference_columns(dataset: Dataset, spec: DpoTraining) -> dict[str, list[Reply]]:
    wanted: dict[str, list[Reply]] = {"ref_chosen_logps": [], "ref_rejected_logps": []}
    for row in dataset:
        sides = row["chosen_ids"], row["rejected_ids"]
        shared = min(map(len, sides))
        for column, ids in zip(wanted.values(), sides, strict=True):
            column.append(Reply(row["prompt_ids"], ids, len(ids) if spec.ld_alpha is None else shared))
    return wanted


def is_cdpo(spec: DpoTraining) -> bool:
    return spec.loss_type == "sigmoid" and spec.label_smoothing > 0


def robust_smoothing(epsilon: float) -> float:
    """TRL's sigmoid loss ignores smoothing. Conservative DPO, (1 - e) L(x) + e L(-x) where
    L = -log sigmoid, is L(x) + e x, and robust DPO is L(x) - e' x / (1 - 2 e'): they are the same
    at the e' returned here."""
    return -epsilon / (1 - 2 * epsilon)


def chosen_drop_warning(spec: DpoTraining, reporter: Reporter) -> Any:
    """DPO only widens a gap, and often by making both replies less likely (Pal et al. 2024)."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        def __init__(self) -> None:
            self.last: deque[tuple[float, float]] = deque(maxlen=DROP_LOGS)
            self.has_told = False

        def on_log(
            self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any
        ) -> None:
            if self.has_told or not logs or "rewards/chosen" not in logs:
                return
            drop = -logs["rewards/chosen"] / spec.beta
            self.last.append((drop, logs["logps/chosen"] + drop))
            mean_drop, reference = (sum(values) / len(values) for values in zip(*self.last, strict=True))
            if len(self.last) == DROP_LOGS and mean_drop > DROP_SHARE * abs(reference):
                self.has_told = True
                reporter.log(
                    f"Warning at step {state.global_step}: chosen replies have become less likely, by "
                    f"{mean_drop:.1f} nats of {abs(reference):.1f} (the reference's). Raise beta, lower "
                    "learning_rate, or hold them up with sft_weight or loss_type apo_zero."
                )

    return Watch()


def encode_pairs(
    snapshot_dir: Path,
    split: str,
    tokenizer: PreTrainedTokenizerBase,
    spec: DpoTraining,
    output_dir: Path,
    reporter: Reporter,
) -> Dataset | None:
    """Rows of prompt_ids, chosen_ids and rejected_ids. Replies are cut at max_length;
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
            encoded["chosen_ids"].append(chosen_ids[start : spec.max_length])
            encoded["rejected_ids"].append(rejected_ids[start : spec.max_length])
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
