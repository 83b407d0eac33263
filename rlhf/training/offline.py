"""What DPO and KTO share: TRL's trainer on rows that are tokens already, beside a reference whose
log-probabilities are computed beforehand and kept (rlhf/training/reference_cache.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rlhf.specs import DpoTraining, KtoTraining
from rlhf.training import carried
from rlhf.training.data import require_train, require_validation
from rlhf.training.modeling import (
    chat_template_digest,
    find_model,
    load_policy,
    load_tokenizer,
    lora_config,
    precision,
    save_model,
)
from rlhf.training.reference_cache import Reply, open_cache, with_reference
from rlhf.training.reporting import Reporter

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase


class Method(NamedTuple):
    """What sets one method apart. `encode` gives the rows of a split (of a snapshot's folder, with a place
    for files), `settings` TRL's own arguments for the train rows, `columns` the replies to compute for each
    column of the reference, and `shown` the metrics to return."""

    trainer: Any
    config: Any
    encode: Callable[[Path, str, PreTrainedTokenizerBase, Any, Path, Reporter], Dataset | None]
    settings: Callable[[Dataset], Mapping[str, Any]]
    columns: Callable[[Dataset], dict[str, list[Reply]]]
    shown: Sequence[str]
    prepare: Callable[[Any], None] = lambda trainer: None


def train_offline(
    spec: DpoTraining | KtoTraining,
    method: Method,
    *,
    model_path: str | Path,
    snapshot_dir: Path,
    output_dir: Path,
    reporter: Reporter,
    resume_from: Path | None = None,
    cache_dir: Path | None = None,
) -> tuple[Dataset, dict[str, Any]]:
    """Writes `output_dir`/model; returns the train rows, and TRL's metrics on validation rows, if there are
    any. `cache_dir` keeps the reference's log-probabilities for later runs on this machine."""
    from rlhf.training.trainer import evaluate, fit, shared_arguments

    folder = find_model(model_path)
    tokenizer = load_tokenizer(folder)
    template = chat_template_digest(tokenizer)
    reporter.environment({"chat_template_sha256": template})
    kept = carried.restore(output_dir, resume_from)
    train, validation = (
        method.encode(snapshot_dir, split, tokenizer, spec, output_dir, reporter)
        for split in ("train", "validation")
    )
    train = require_train(train)
    trainer_class = with_reference(
        method.trainer,
        columns=method.columns,
        cache=open_cache(cache_dir, folder, template=template, spec=spec),
        carried=kept,
        reporter=reporter,
    )
    dtype, _ = precision(spec.dtype, lora=spec.lora is not None)
    trainer = trainer_class(
        model=load_policy(folder, tokenizer, dtype=dtype, lora=spec.lora),
        args=method.config(
            **shared_arguments(spec, output_dir),
            max_length=spec.max_length,
            beta=spec.beta,
            precompute_ref_log_probs=True,
            **method.settings(train),
        ),
        train_dataset=train,
        eval_dataset=require_validation(validation, spec),
        processing_class=tokenizer,
        peft_config=lora_config(spec.lora, task="CAUSAL_LM") if spec.lora else None,
    )
    method.prepare(trainer)
    fit(trainer, spec, reporter=reporter, resume_from=resume_from)
    metrics = evaluate(trainer, spec)
    save_model(trainer.model, tokenizer, output_dir / "model", save=spec.save, base=model_path)
    return train, {key: metrics[key] for key in method.shown if key in metrics}
