from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from rlhf.specs import SftTraining
from rlhf.training.early_stopping import Validation, reason_to_stop, validations
from rlhf.training.errors import TrainingError
from rlhf.training.sft import train_sft
from tests.training.tiny import make_rows, write_split

# Twelve rows learned by heart: the validation loss turns within some ten steps.
OVERFIT = {"learning_rate": 2e-2, "batch_size": 4, "num_epochs": 40, "lr_scheduler": "constant"}


@pytest.fixture
def few(tmp_path):
    folder = tmp_path / "few"
    folder.mkdir()
    write_split(folder, "train", make_rows(12))
    write_split(folder, "validation", make_rows(40, seed=7))
    return folder


def test_history_is_read_as_validations():
    history = [
        {"step": 1, "loss": 4.0},
        {"step": 2, "loss": 2.0},
        {"step": 2, "eval_loss": 3.5},
        {"step": 4, "eval_loss": 3.0},
    ]
    assert validations(history) == [Validation(2, 3.5, 3.0), Validation(4, 3.0, None)]


def test_reasons_to_stop():
    falling = [Validation(1, 3.0, 3.0), Validation(2, 2.0, 2.0)]
    learned_by_heart = [*falling, Validation(3, 2.2, 1.0), Validation(4, 2.6, 0.5)]
    gap = SftTraining(eval_every=1, max_overfit=0.5)
    assert reason_to_stop(falling, gap) is None
    assert reason_to_stop(learned_by_heart[:3], gap) is None
    assert "risen by 0.6 since step 2 while the training loss fell from 2 to 0.5" in reason_to_stop(
        learned_by_heart, gap
    )
    diverging = [*falling, Validation(3, 2.9, 2.5)]  # both rise: that is not learning by heart
    assert reason_to_stop(diverging, gap) is None
    patient = SftTraining(eval_every=1, patience=2)
    assert reason_to_stop(learned_by_heart[:3], patient) is None
    assert "2 validations in a row" in reason_to_stop(learned_by_heart, patient)
    assert reason_to_stop(learned_by_heart, SftTraining(eval_every=1)) is None


def test_training_that_learns_rows_by_heart_stops_and_keeps_the_best(few, train):
    spec = SftTraining(**OVERFIT, eval_every=3, max_overfit=0.2)
    summary, reporter = train(train_sft, spec, snapshot_dir=few)
    losses = {step: values["eval_loss"] for step, values in reporter.values.items() if "eval_loss" in values}
    last = max(losses)
    assert last < 120, "it would have gone on for 120 steps"
    text = "\n".join(reporter.lines)
    assert "learns its rows by heart" in text
    best = min(losses, key=losses.get)
    assert best < last
    assert f"Kept is step {best}," in text
    assert summary["eval_loss"] == losses[best]
    assert reporter.values[best]["eval_gap"] < reporter.values[last]["eval_gap"]


def test_best_weights_survive_a_resume_after_them(few, train, tmp_path):
    """Interrupted once the best step lies behind: its weights come back from the checkpoint."""
    spec = SftTraining(**OVERFIT | {"num_epochs": 10}, eval_every=2, patience=4, checkpoint_every=2)
    _, whole = train(train_sft, spec, snapshot_dir=few, output_dir=tmp_path / "whole")
    line = next(line for line in whole.lines if line.startswith("Kept is step"))
    checkpoint = tmp_path / "whole" / "checkpoints" / f"checkpoint-{max(whole.checkpoints)}"
    assert int(checkpoint.name.split("-")[1]) > int(line.split()[3].rstrip(","))
    _, resumed = train(
        train_sft, spec, snapshot_dir=few, output_dir=tmp_path / "rest", resume_from=checkpoint
    )
    assert line in resumed.lines
    expected, found = (
        load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "rest")
    )
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_watching_needs_validation_rows(train, tmp_path):
    write_split(tmp_path, "train", make_rows(8))
    with pytest.raises(TrainingError, match="eval_every needs validation rows"):
        train(train_sft, SftTraining(eval_every=2), snapshot_dir=tmp_path)


def test_model_that_is_kept_has_the_loss_that_is_told(few, train, base_model, tmp_path):
    """Measured anew, from the files that were written."""
    spec = SftTraining(**OVERFIT | {"num_epochs": 8}, eval_every=2)
    summary, reporter = train(train_sft, spec, snapshot_dir=few)
    again, _ = train(
        train_sft,
        SftTraining(batch_size=4, learning_rate=1e-30, max_steps=1),
        snapshot_dir=few,
        model_path=tmp_path / "out" / "model",
        output_dir=tmp_path / "again",
    )
    assert again["eval_loss"] == pytest.approx(summary["eval_loss"], abs=1e-5)
    assert summary["eval_loss"] < reporter.values[max(reporter.values)]["eval_loss"]
