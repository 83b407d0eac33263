"""What trainers share: settings, reports, checkpoints, and how they end."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from rlhf.specs import Training, WatchedTraining
from rlhf.training import carried
from rlhf.training.early_stopping import EarlyStopping
from rlhf.training.errors import TrainingError, out_of_memory_explained
from rlhf.training.modeling import describe_training, precision
from rlhf.training.reporting import Reporter

# TRL 1.16 itself still uses the old name.
warnings.filterwarnings("ignore", message=".*gradient_checkpointing.* is deprecated", category=FutureWarning)

COUNTERS_FILE = "counters.json"
# A pickle of our own settings; resuming does not read it.
SETTINGS_PICKLE = "training_args.bin"


def shared_arguments(spec: Training, output_dir: Path) -> dict[str, Any]:
    """Arguments that every TRL config takes."""
    _, autocast = precision(spec.dtype, lora=spec.lora is not None)
    eval_every = getattr(spec, "eval_every", None)
    return {
        "output_dir": str(output_dir / "checkpoints"),
        "learning_rate": spec.learning_rate,
        "num_train_epochs": spec.num_epochs,
        "max_steps": spec.max_steps,
        "per_device_train_batch_size": spec.batch_size,
        "per_device_eval_batch_size": spec.batch_size,
        "gradient_accumulation_steps": spec.gradient_accumulation_steps,
        "warmup_steps": spec.warmup_ratio,  # below one it is a share of all steps
        "lr_scheduler_type": spec.lr_scheduler,
        "weight_decay": spec.weight_decay,
        "max_grad_norm": spec.max_grad_norm,
        "gradient_checkpointing": spec.gradient_checkpointing,
        "bf16": autocast,
        "logging_steps": spec.log_every,
        "logging_first_step": True,
        "logging_nan_inf_filter": False,  # a NaN must be seen, not averaged away
        "save_strategy": "steps",
        "save_steps": spec.checkpoint_every,
        "eval_strategy": "steps" if eval_every else "no",
        "eval_steps": eval_every,
        "seed": spec.seed,
        "data_seed": spec.seed,
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": torch.cuda.is_available(),
    }


class Reports(TrainerCallback):
    """Trainer events to the reporter, and the reporter's wish to stop to the trainer."""

    def __init__(self, trainer: Trainer, reporter: Reporter) -> None:
        self.trainer = trainer
        self.reporter = reporter

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.reporter.progress(state.global_step, state.max_steps)

    def on_substep_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.reporter.raise_if_cancelled()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.reporter.raise_if_cancelled()
        self.reporter.progress(state.global_step, state.max_steps)
        if state.global_step >= state.max_steps:
            control.should_save = False  # the model itself follows at once
        if control.should_save or control.should_evaluate:
            # Sums since the last log are not in a checkpoint: log them, so that a run that is
            # resumed here reports the same values as one that was not.
            control.should_log = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        values = {
            key: float(value)
            for key, value in (logs or {}).items()
            if isinstance(value, (int, float)) and (key != "epoch" or "loss" in (logs or {}))
        }
        self.reporter.metrics(state.global_step, values)
        for key in ("loss", "grad_norm"):
            if not math.isfinite(values.get(key, 0.0)):
                raise TrainingError(
                    f"Training diverged: {key} is {values[key]} at step {state.global_step}. "
                    f"Lower learning_rate (now {args.learning_rate:g}), or warm up longer."
                )

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
        (folder / SETTINGS_PICKLE).unlink(missing_ok=True)
        counters = {"num_tokens": getattr(self.trainer, "_total_train_tokens", 0)}
        (folder / COUNTERS_FILE).write_text(json.dumps(counters), encoding="utf-8")
        carried.carry(folder.parent.parent, folder)
        self.reporter.checkpoint(state.global_step, folder)


def fit(trainer: Trainer, spec: Training, *, reporter: Reporter, resume_from: Path | None) -> None:
    """Train to the end. From a checkpoint it ends with the very weights of an undisturbed training:
    TRL restores model, optimizer, schedule, order of rows and random numbers."""
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    trainer.create_model_card = lambda *args, **kwargs: None  # type: ignore[method-assign]
    trainer.add_callback(Reports(trainer, reporter))
    stopping = None
    if isinstance(spec, WatchedTraining) and spec.eval_every:
        folder = Path(str(trainer.args.output_dir)).parent / carried.FOLDER
        stopping = EarlyStopping(trainer, spec, folder, reporter)
        trainer.add_callback(stopping)
    if resume_from is not None:
        reporter.log(f"Resuming from {resume_from.name}.")
        counters = resume_from / COUNTERS_FILE
        if counters.is_file() and hasattr(trainer, "_total_train_tokens"):
            trainer._total_train_tokens = json.loads(counters.read_text(encoding="utf-8"))["num_tokens"]
    with out_of_memory_explained(describe_training(spec)):
        trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
    if stopping:
        stopping.restore_best()


def evaluate(trainer: Trainer, spec: Training) -> dict[str, float]:
    """Metrics on the trainer's evaluation rows, reported like any other; {} when it has none. Where
    validations chose the model, those of the step that was kept."""
    if trainer.eval_dataset is None:
        return {}
    validated = [entry for entry in trainer.state.log_history if "eval_loss" in entry]
    if validated:
        return min(validated, key=lambda entry: entry["eval_loss"])
    with out_of_memory_explained(describe_training(spec)):
        return trainer.evaluate()
