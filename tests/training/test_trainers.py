from __future__ import annotations

import pytest

from rlhf.specs import DpoTraining, Lora, RewardTraining, RlooTraining, SftTraining
from rlhf.training.errors import Cancelled, TrainingError, out_of_memory_explained
from rlhf.training.modeling import load_tokenizer
from tests.training.tiny import Recorder, make_rows, reply, user, write_split


def test_sft_learns_completions_and_only_those(train, snapshot, tmp_path, base_model):
    from rlhf.training.sft import encode_demonstrations, train_sft

    spec = SftTraining(learning_rate=3e-3, batch_size=8, num_epochs=3, checkpoint_every=10)
    summary, reporter = train(train_sft, spec)
    assert summary["eval_loss"] < reporter.values[1]["loss"] - 1
    assert reporter.checkpoints == [10, 20]

    tokenizer = load_tokenizer(base_model)
    rows = encode_demonstrations(snapshot, "validation", tokenizer, spec, tmp_path / "data", reporter)
    for row in rows:
        text = tokenizer.decode([token for token in row["labels"] if token != -100])
        assert text.endswith("<|end|>")
        assert "<|user|>" not in text
        assert "<|assistant|>" not in text


def test_dpo_prefers_what_people_prefer(train):
    from rlhf.training.dpo import train_dpo

    summary, reporter = train(train_dpo, DpoTraining(learning_rate=3e-3, batch_size=8, num_epochs=2))
    assert reporter.values[1]["rewards/margins"] == pytest.approx(0, abs=1e-4)  # it starts as its reference
    assert summary["eval_rewards/accuracies"] > 0.9
    assert "train: 54 comparisons; left out are 6 ties and 0 prompts" in reporter.lines[0]


def test_dpo_trains_adapters(train, base_model, tmp_path):
    from safetensors.torch import load_file

    from rlhf.training.dpo import train_dpo

    spec = DpoTraining(learning_rate=1e-2, batch_size=8, max_steps=3, lora=Lora(r=4))
    train(train_dpo, spec)
    before = load_file(base_model / "model.safetensors")
    after = load_file(tmp_path / "out" / "model" / "model.safetensors")
    assert before.keys() == after.keys()  # merged: it loads like any other model
    changed = {name for name in before if not (before[name] == after[name]).all()}
    assert any("q_proj" in name for name in changed)
    assert not any("embed" in name or "norm" in name for name in changed)


def test_rloo_raises_the_reward(train, base_model, snapshot, tmp_path):
    """From a policy that is kind or curt by chance to one that is kind."""
    from rlhf.training.reward import train_reward
    from rlhf.training.rloo import train_rloo
    from rlhf.training.sft import train_sft

    mixed = [
        {"prompt": row["prompt"], "completion": row[side], "prompt_id": row["prompt_id"]}
        for row in make_rows(80)
        for side in ("chosen", "rejected")
    ]
    write_split(tmp_path, "train", mixed)
    train(
        train_sft,
        SftTraining(learning_rate=1e-2, batch_size=16, max_steps=50),
        snapshot_dir=tmp_path,
        output_dir=tmp_path / "policy",
    )
    train(
        train_reward,
        RewardTraining(learning_rate=3e-3, batch_size=8, num_epochs=2),
        output_dir=tmp_path / "reward",
    )
    summary, reporter = train(
        train_rloo,
        RlooTraining(learning_rate=3e-3, batch_size=32, max_steps=10, max_completion_length=24, beta=0.01),
        model_path=tmp_path / "policy" / "model",
        reward_model_path=tmp_path / "reward" / "model",
    )
    rewards = [values["reward"] for _, values in sorted(reporter.values.items())]
    assert sum(rewards[-4:]) / 4 > rewards[0] + 0.5
    assert "rewards/reward_model/mean" in reporter.values[1]
    assert reporter.values[1]["kl"] == pytest.approx(0, abs=1e-3)
    assert {"reward", "kl", "completions/mean_length"} <= summary.keys()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_length": 70}, "0 of the train split fit into 6 tokens"),
        ({"batch_size": 400}, "A step needs 100 prompts"),
    ],
)
def test_rloo_settings_that_cannot_work_are_named(changes, message, train, base_model):
    from rlhf.training.rloo import train_rloo

    with pytest.raises(TrainingError, match=message):
        train(train_rloo, RlooTraining(**changes), reward_model_path=base_model)


def test_diverging_training_fails_at_once(train):
    from rlhf.training.reward import train_reward

    spec = RewardTraining(learning_rate=1e30, max_grad_norm=1e30, batch_size=8, num_epochs=3)
    with pytest.raises(TrainingError, match=r"Training diverged: .* at step \d.* Lower learning_rate"):
        train(train_reward, spec)


def test_cancelled_training_stops_at_its_step(base_model, snapshot, tmp_path):
    from rlhf.training.sft import train_sft

    class Impatient(Recorder):
        def raise_if_cancelled(self):
            if len(self.values) == 2:
                raise Cancelled

    reporter = Impatient()
    with pytest.raises(Cancelled):
        train_sft(
            SftTraining(batch_size=4),
            model_path=base_model,
            snapshot_dir=snapshot,
            output_dir=tmp_path,
            reporter=reporter,
        )
    assert max(reporter.values) == 2


def test_snapshot_of_the_wrong_kind_is_named(train, tmp_path):
    from rlhf.training.dpo import train_dpo

    write_split(tmp_path, "train", [{"prompt_id": 1, "prompt": user("x")}])
    with pytest.raises(
        TrainingError, match=r"train\.parquet of the snapshot has no column chosen, rejected, tie"
    ):
        train(train_dpo, DpoTraining(), snapshot_dir=tmp_path)


def test_snapshot_of_ties_asks_for_judgments(train, tmp_path):
    from rlhf.training.reward import train_reward

    write_split(tmp_path, "train", [{**row, "tie": True} for row in make_rows(4)])
    with pytest.raises(TrainingError, match="only ties; more judgments are needed"):
        train(train_reward, RewardTraining(), snapshot_dir=tmp_path)


def test_empty_train_split_asks_for_labels(train, tmp_path):
    from rlhf.training.reward import train_reward

    with pytest.raises(TrainingError, match="no rows in its train split"):
        train(train_reward, RewardTraining(), snapshot_dir=tmp_path)


def test_long_pairs_are_left_out_and_counted(train, tmp_path):
    from rlhf.training.reward import train_reward

    rows = make_rows(20)
    rows[0]["chosen"] = reply("word " * 300)
    write_split(tmp_path, "train", rows)
    summary, reporter = train(
        train_reward, RewardTraining(batch_size=8, max_length=128), snapshot_dir=tmp_path
    )
    assert summary["num_comparisons"] == 17
    assert "eval_accuracy" not in summary
    assert "2 ties and 1 pairs longer than max_length (128 tokens)" in reporter.lines[0]


def test_memory_that_runs_out_is_one_sentence():
    import torch

    for error in (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
        MemoryError(),
    ):
        with (
            pytest.raises(TrainingError, match="ran out of memory: lower batch_size"),
            out_of_memory_explained("lower batch_size"),
        ):
            raise error
    with pytest.raises(RuntimeError, match="shape"), out_of_memory_explained("x"):
        raise RuntimeError("shape mismatch")
