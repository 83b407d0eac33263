from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from rlhf.specs import DpoTraining, KtoTraining
from rlhf.training.dpo import chosen_drop_warning, robust_smoothing, train_dpo
from rlhf.training.errors import TrainingError
from rlhf.training.kto import encode_labeled, train_kto, weights, with_borrowed_replies
from rlhf.training.modeling import load_tokenizer
from tests.training.tiny import Recorder, make_rows, write_split


def log_sigmoid(x):
    return -math.log1p(math.exp(-x))


@pytest.mark.parametrize("x", [-3.0, 0.0, 0.7, 4.0])
@pytest.mark.parametrize("epsilon", [0.05, 0.3])
def test_conservative_dpo_is_robust_dpo_elsewhere(x, epsilon):
    e = robust_smoothing(epsilon)
    robust = (-(1 - e) * log_sigmoid(x) + e * log_sigmoid(-x)) / (1 - 2 * e)
    conservative = -(1 - epsilon) * log_sigmoid(x) - epsilon * log_sigmoid(-x)
    assert robust == pytest.approx(conservative)


def test_smoothed_labels_bound_the_margin(train):
    """Without smoothing margins grow for ever; cDPO's loss is least at log((1 - e) / e)."""
    shared = {"learning_rate": 1e-2, "batch_size": 8, "num_epochs": 4}
    _, plain = train(train_dpo, DpoTraining(**shared))
    _, smoothed = train(train_dpo, DpoTraining(**shared, label_smoothing=0.2))
    last = max(plain.values)
    assert smoothed.values[1]["loss"] == pytest.approx(math.log(2), abs=1e-4)
    assert smoothed.values[last]["rewards/margins"] < 0.7 * plain.values[last]["rewards/margins"]


@pytest.mark.parametrize(
    "loss_type",
    ["sigmoid_norm", "ipo", "hinge", "robust", "nca_pair", "sppo_hard", "aot", "apo_zero", "apo_down"],
)
def test_each_loss_trains_a_step(loss_type, train):
    _, reporter = train(train_dpo, DpoTraining(loss_type=loss_type, batch_size=8, max_steps=1))
    assert math.isfinite(reporter.values[1]["loss"])


def test_an_sft_term_holds_chosen_replies_up(train):
    shared = {"learning_rate": 3e-3, "batch_size": 8, "max_steps": 12}
    _, plain = train(train_dpo, DpoTraining(**shared))
    _, held = train(train_dpo, DpoTraining(**shared, sft_weight=1.0))
    last = max(values for values in plain.values if "logps/chosen" in plain.values[values])
    assert held.values[last]["logps/chosen"] > plain.values[last]["logps/chosen"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"loss_type": "ipo", "label_smoothing": 0.1}, "loss_type ipo ignores label_smoothing"),
        ({"loss_type": "exo_pair"}, "exo_pair needs label_smoothing above 0"),
        ({"patience": 2}, "need eval_every"),
        ({"save": "adapter"}, "needs lora"),
    ],
)
def test_settings_that_contradict_are_refused(fields, message):
    with pytest.raises(ValidationError, match=message):
        DpoTraining(**fields)


def test_falling_chosen_replies_are_told_once():
    from transformers import TrainerState

    spec, reporter = DpoTraining(beta=0.1), Recorder()
    watch = chosen_drop_warning(spec, reporter)
    state = TrainerState(global_step=9)
    for _ in range(30):
        watch.on_log(None, state, None, {"rewards/chosen": -0.1, "logps/chosen": -51.0})
    assert reporter.lines == []  # one nat of fifty
    for _ in range(30):
        watch.on_log(None, state, None, {"rewards/chosen": -1.5, "logps/chosen": -65.0})
    assert len(reporter.lines) == 1
    assert "of 50.0 (the reference's)" in reporter.lines[0]


def unpaired(rows):
    return [
        {
            "prompt": row["prompt"],
            "completion": row[side],
            "label": side == "chosen",
            "prompt_id": row["prompt_id"],
        }
        for row in rows
        for side in ("chosen", "rejected")
        if not row["tie"]
    ]


def test_kto_learns_from_single_labels(train, tmp_path):
    for split, seed in (("train", 0), ("validation", 1)):
        write_split(tmp_path, split, unpaired(make_rows(60, seed=seed)))
    spec = KtoTraining(learning_rate=3e-3, batch_size=8, num_epochs=2)
    summary, reporter = train(train_kto, spec, snapshot_dir=tmp_path)
    assert reporter.values[1]["loss"] == pytest.approx(0.5, abs=1e-3)  # it starts as its reference
    assert summary["eval_rewards/chosen"] > summary["eval_rewards/rejected"] + 0.3
    assert summary["num_desirable"] == summary["num_undesirable"] == 54


def test_kto_reads_preferences_as_the_labels_they_imply(base_model, tmp_path):
    spec, tokenizer = KtoTraining(batch_size=4), load_tokenizer(base_model)
    rows = make_rows(20)
    found = []
    for name, written in (("pairs", rows), ("labels", unpaired(rows))):
        folder = tmp_path / name
        folder.mkdir()
        write_split(folder, "train", written)
        encoded = encode_labeled(folder, "train", tokenizer, spec, folder, Recorder())
        found.append([dict(row) for row in encoded])
    assert found[0] == found[1]
    assert len(found[0]) == 36


def test_kto_measures_the_kl_on_replies_of_the_batch():
    from datasets import Dataset

    rows = Dataset.from_dict(
        {"prompt_ids": [[n] for n in range(5)], "completion_ids": [[n] for n in range(5)]}
    )
    borrowed = with_borrowed_replies(rows, batch_size=2, max_length=9)["KL_completion_ids"]
    assert [ids[0] for ids in borrowed] == [1, 0, 3, 2, 3]


def test_kto_evens_out_how_many_there_are():
    assert weights(KtoTraining(), num_desirable=10, num_undesirable=30) == (3.0, 1.0)
    assert weights(KtoTraining(), num_desirable=30, num_undesirable=10) == (1.0, 3.0)
    assert weights(KtoTraining(undesirable_weight=2), num_desirable=10, num_undesirable=30) == (6.0, 2)
    fixed = KtoTraining(desirable_weight=1, undesirable_weight=1)
    assert weights(fixed, num_desirable=1, num_undesirable=9) == (1, 1)


def test_kto_needs_both_sides(train, tmp_path):
    write_split(tmp_path, "train", [row for row in unpaired(make_rows(20)) if row["label"]])
    with pytest.raises(TrainingError, match="no undesirable reply"):
        train(train_kto, KtoTraining(), snapshot_dir=tmp_path)


def test_kto_batch_of_one_has_no_neighbour():
    with pytest.raises(ValidationError, match="batch_size must be 2 or more"):
        KtoTraining(batch_size=1)
    KtoTraining(batch_size=1, loss_type="apo_zero_unpaired")
