"""Stop when a model learns its training rows rather than the task, and keep the best it was.

Everything is decided from the trainer's history of losses, which each checkpoint holds, and the best
weights travel with it: a resumed run stops at the same step with the same model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rlhf.specs import WatchedTraining
from rlhf.training import carried
from rlhf.training.reporting import Reporter

BEST_FILE = "best.safetensors"


class Validation(NamedTuple):
    step: int
    loss: float
    train_loss: float | None  # mean since the validation before


def validations(history: Sequence[Mapping[str, Any]]) -> list[Validation]:
    """From a trainer's log."""
    found: list[Validation] = []
    losses: list[float] = []
    for entry in history:
        if "eval_loss" in entry:
            mean = sum(losses) / len(losses) if losses else None
            found.append(Validation(entry["step"], entry["eval_loss"], mean))
            losses = []
        elif "loss" in entry:
            losses.append(entry["loss"])
    return found


def reason_to_stop(seen: Sequence[Validation], spec: WatchedTraining) -> str | None:
    best = min(seen, key=lambda one: one.loss)
    last = seen[-1]
    num_worse = len(seen) - 1 - seen.index(best)
    risen = last.loss - best.loss
    has_learned = None not in (last.train_loss, best.train_loss) and last.train_loss < best.train_loss  # type: ignore[operator]
    if spec.max_overfit is not None and risen > spec.max_overfit and has_learned:
        return (
            f"the validation loss has risen by {risen:.3g} since step {best.step} while the training loss "
            f"fell from {best.train_loss:.3g} to {last.train_loss:.3g}: the model learns its rows by heart"
        )
    if spec.patience is not None and num_worse >= spec.patience:
        return f"{num_worse} validations in a row were no better than that of step {best.step}"
    return None


class EarlyStopping(TrainerCallback):
    def __init__(self, trainer: Trainer, spec: WatchedTraining, folder: Path, reporter: Reporter) -> None:
        self.trainer = trainer
        self.spec = spec
        self.best = folder / BEST_FILE
        self.reporter = reporter
        self.is_training = True

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if not self.is_training:
            return
        seen = validations(state.log_history)
        last = seen[-1]
        if last.train_loss is not None:
            self.reporter.metrics(state.global_step, {"eval_gap": last.loss - last.train_loss})
        if last == min(seen, key=lambda one: one.loss):
            made = self.best.with_suffix(".part")
            save_file(self._weights(), made)
            carried.replace(self.best, made)
        reason = reason_to_stop(seen, self.spec)
        if reason is not None:
            self.reporter.log(f"Stopped at step {state.global_step}: {reason}.")
            control.should_training_stop = True

    def restore_best(self) -> None:
        """Once training is over."""
        self.is_training = False
        seen = validations(self.trainer.state.log_history)
        if not seen:
            return
        best = min(seen, key=lambda one: one.loss)
        weights = load_file(self.best)
        with torch.no_grad():
            for name, own in self._weights().items():
                own.copy_(weights[name])
        self.reporter.log(f"Kept is step {best.step}, whose validation loss was lowest ({best.loss:.4g}).")

    def _weights(self) -> dict[str, torch.Tensor]:
        model: Any = self.trainer.model
        return {name: own.data for name, own in model.named_parameters() if own.requires_grad}
