from __future__ import annotations

import pytest
import torch

from rlhf.specs import Lora, RewardTraining
from rlhf.training.data import load_split
from rlhf.training.errors import TrainingError
from rlhf.training.rankings import encode_judgments
from rlhf.training.reporting import ConsoleReporter
from rlhf.training.reward import train_reward
from rlhf.training.scoring import Scorer, check_parity
from tests.training.tiny import make_rows, reply, user

TRAINING = RewardTraining(learning_rate=3e-3, batch_size=8, num_epochs=2)


@pytest.fixture(scope="module")
def trained(base_model, snapshot, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reward")
    summary = train_reward(
        TRAINING, model_path=base_model, snapshot_dir=snapshot, output_dir=folder, reporter=ConsoleReporter()
    )
    return folder / "model", summary


@pytest.fixture(scope="module")
def scorer(trained):
    return Scorer.load(trained[0], batch_size=7)


def test_neighbours_do_not_change_a_score(scorer):
    rows = make_rows(40, seed=5)
    prompts = [row["prompt"] for row in rows]
    completions = [row["rejected"] for row in rows]
    together = scorer.score(prompts, completions)
    alone = [scorer.score([prompt], [reply])[0] for prompt, reply in zip(prompts, completions, strict=True)]
    assert together == pytest.approx(alone, abs=1e-4)


def test_scored_text_is_the_text_of_training(scorer, snapshot, tmp_path):
    pairs = encode_judgments(snapshot, "validation", scorer.tokenizer, TRAINING, tmp_path, ConsoleReporter())
    rows = [
        row for row in load_split(snapshot, "validation", columns=[], cache_dir=tmp_path) if not row["tie"]
    ]
    assert len(pairs) == len(rows)
    spoken = scorer.score([row["prompt"] for row in rows], [row["chosen"] for row in rows])
    with torch.no_grad():
        trained_on = [scorer.model(torch.tensor([ids[0]])).logits.item() for ids in pairs["input_ids"]]
    assert spoken == pytest.approx(trained_on, abs=1e-4)


def test_parity_holds_for_a_model_and_its_own_text_path(scorer):
    rows = make_rows(12, seed=3)
    prompts, replies = [row["prompt"] for row in rows], [row["chosen"] for row in rows]
    assert check_parity(scorer, prompts * 2, replies * 2, [True] * 12 + [False] * 12) < 1e-4
    sampled = [
        scorer.tokenizer.encode(f"<|bos|><|user|>{row['prompt'][0]['content']}<|end|>") for row in rows
    ]
    with pytest.raises(
        TrainingError, match=r"scores the same conversation .* apart in training and in serving"
    ):
        check_parity(scorer, prompts, replies, token_ids=sampled)


def test_cut_reply_is_scored_without_eos(scorer):
    prompt, text = user("Where is my parcel?"), reply("Sorry about that")
    finished, cut = scorer.score([prompt, prompt], [text, text], [True, False])
    assert finished != pytest.approx(cut, abs=1e-3)


def test_reward_learns_what_people_prefer(trained):
    _, summary = trained
    assert summary["eval_accuracy"]["low"] > 0.5
    assert summary["eval_accuracy"]["n"] == 18
    assert summary["test_accuracy"]["n"] == 9
    assert summary["num_comparisons"] == 54


def test_saved_adapters_and_head_score_as_they_did(base_model, snapshot, tmp_path):
    reporter = ConsoleReporter()
    spec = TRAINING.model_copy(update={"lora": Lora(r=4), "num_epochs": 4})
    summary = train_reward(
        spec, model_path=base_model, snapshot_dir=snapshot, output_dir=tmp_path, reporter=reporter
    )
    scorer = Scorer.load(tmp_path / "model", batch_size=8)
    pairs = encode_judgments(snapshot, "validation", scorer.tokenizer, spec, tmp_path, reporter)
    chosen, rejected = (scorer.score_ids([row[side] for row in pairs["input_ids"]]) for side in (0, 1))
    accuracy = sum(a > b for a, b in zip(chosen, rejected, strict=True)) / len(pairs)
    assert accuracy == summary["eval_accuracy"]["value"]
    assert accuracy > 0.9  # a head that stayed random would not get here
