from __future__ import annotations

import json

import pytest
import torch
from peft import PeftModel
from pydantic import ValidationError
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

from rlhf.specs import Lora, RewardTraining
from rlhf.training.ensembles import bootstrap_counts
from rlhf.training.errors import TrainingError
from rlhf.training.member_adapters import averaged, has_adapters
from rlhf.training.modeling import load_reward_model, load_tokenizer
from rlhf.training.ppo import train_ppo
from rlhf.training.reporting import ConsoleReporter
from rlhf.training.reward import train_reward
from rlhf.training.scoring import Scorer, check_parity
from rlhf.training.text import encode_conversations
from tests.training.ppo_parts import Recorder, ppo_spec
from tests.training.tiny import make_rows, write_split

ADAPTERS = {"members": 3, "members_own": "adapters", "lora": Lora(r=4, alpha=8)}


class Silent(ConsoleReporter):
    def metrics(self, step, values):
        pass


@pytest.fixture(scope="module")
def train(base_model, tmp_path_factory):
    def run(snapshot, *, model=base_model, resume_from=None, **settings):
        folder = tmp_path_factory.mktemp("adapters")
        spec = {"learning_rate": 1e-2, "batch_size": 8, "num_epochs": 3, **ADAPTERS, **settings}
        summary = train_reward(
            RewardTraining(**spec),
            model_path=model,
            snapshot_dir=snapshot,
            output_dir=folder,
            reporter=Silent(),
            resume_from=resume_from,
        )
        return folder / "model", summary

    return run


@pytest.fixture(scope="module")
def trained(train, snapshot):
    return train(snapshot)


@pytest.fixture
def texts():
    rows = make_rows(8, seed=2)
    return [row["prompt"] for row in rows], [row["chosen"] for row in rows]


def test_members_with_adapters_learn_and_score_as_they_were_trained(trained, texts):
    folder, summary = trained
    assert summary["eval_accuracy"]["value"] > 0.9
    scorer = Scorer.load(folder, batch_size=3)
    assert check_parity(scorer, *texts) < 1e-4


def test_backbone_stays_and_each_member_is_an_adapter_that_peft_reads(trained, texts, base_model):
    folder, _ = trained
    scorer = Scorer.load(folder, batch_size=8)
    batch = scorer.batch(
        [scorer.tokenizer("where is my bike", add_special_tokens=False)["input_ids"], [5, 6, 7]]
    )
    ours = scorer.model(input_ids=batch[0], attention_mask=batch[1]).logits
    for member in range(3):
        plain = AutoModelForSequenceClassification.from_pretrained(folder)
        alone = PeftModel.from_pretrained(plain, str(folder / "members" / str(member))).eval()
        theirs = alone(input_ids=batch[0], attention_mask=batch[1]).logits[:, member]
        torch.testing.assert_close(ours[:, member], theirs, rtol=0, atol=1e-5)
    before, after = load_file(base_model / "model.safetensors"), load_file(folder / "model.safetensors")
    name = "model.layers.0.mlp.up_proj.weight"
    assert torch.equal(before[name], after[name])


def test_members_are_centred_each_by_its_own_reading(train, snapshot, trained):
    folder, summary = trained
    _, loose = train(snapshot, center_on="nothing")
    assert summary["eval_accuracy"]["value"] == loose["eval_accuracy"]["value"]
    assert summary["centering_deviation"] < 0.5
    assert json.loads((folder / "config.json").read_text())["reward"]["members_own"] == "adapters"


def test_a_member_reads_through_its_own_adapter_alone(trained, texts):
    scorer = Scorer.load(trained[0], batch_size=8)
    ids = encode_conversations(scorer.tokenizer, *texts)
    before = scorer.member_scores(ids)
    with torch.no_grad():
        for name, weight in scorer.model.named_parameters():
            if name.endswith(".up"):
                weight[1] = 0
    after = scorer.member_scores(ids)
    assert torch.equal(before[:, [0, 2]], after[:, [0, 2]])
    assert (before[:, 1] - after[:, 1]).abs().min() > 0.1


def test_a_member_learns_nothing_from_prompts_that_it_did_not_draw(train, tmp_path):
    ids = [n for n in range(200) if bootstrap_counts([n], members=3, seed=0)[0][1] == 0]
    rows = [row | {"prompt_id": n, "tie": False} for row, n in zip(make_rows(8), ids, strict=False)]
    write_split(tmp_path, "train", rows)
    folder, _ = train(tmp_path, max_steps=2)
    moved = [
        max(
            weight.abs().max().item()
            for name, weight in load_file(folder / f"members/{n}/adapter_model.safetensors").items()
            if "lora_B" in name
        )
        for n in range(3)
    ]
    assert moved[1] == 0 < min(moved[0], moved[2])


def test_without_a_bootstrap_every_member_sees_everything_and_starts_apart(train, tmp_path):
    ids = [n for n in range(200) if bootstrap_counts([n], members=3, seed=0)[0][1] == 0]
    rows = [row | {"prompt_id": n, "tie": False} for row, n in zip(make_rows(8), ids, strict=False)]
    write_split(tmp_path, "train", rows)
    folder, _ = train(tmp_path, max_steps=2, bootstrap=False)
    downs, ups = (
        [
            {name: weight for name, weight in load_file(file).items() if part in name}
            for file in (folder / f"members/{n}/adapter_model.safetensors" for n in range(3))
        ]
        for part in ("lora_A", "lora_B")
    )
    assert all(max(weight.abs().max().item() for weight in one.values()) > 0 for one in ups)
    assert all(not torch.equal(downs[0][name], downs[1][name]) for name in downs[0])


@pytest.mark.parametrize("more", [{}, {"gradient_checkpointing": True}])
def test_resumed_training_of_adapters_ends_bit_equal(more, train, snapshot):
    settings = {"checkpoint_every": 3, "max_steps": 5, "ties": "rao_kupper", **more}
    settings["lora"] = Lora(r=4, dropout=0.1)
    whole, summary = train(snapshot, **settings)
    checkpoint = whole.parent / "checkpoints" / "checkpoint-3"
    resumed, again = train(snapshot, resume_from=checkpoint, **settings)
    names = ["model.safetensors", *(f"members/{n}/adapter_model.safetensors" for n in range(3))]
    for name in names:
        one, other = load_file(whole / name), load_file(resumed / name)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)
    assert again == summary


def test_critic_starts_as_the_mean_of_the_members_weights(trained, texts):
    folder, _ = trained
    tokenizer = load_tokenizer(folder)
    model = load_reward_model(folder, tokenizer, dtype=torch.float32)
    weights = [load_file(folder / f"members/{n}/adapter_model.safetensors") for n in range(3)]
    name = "model.layers.0.mlp.up_proj"
    key = f"base_model.model.{name}.lora"
    change = sum(own[f"{key}_B.weight"] @ own[f"{key}_A.weight"] for own in weights) / 3 * 2
    expected = load_file(folder / "model.safetensors")[f"{name}.weight"] + change
    critic = averaged(model)
    torch.testing.assert_close(critic.get_submodule(name).weight, expected)
    assert critic(input_ids=torch.tensor([[5, 6]])).logits.shape == (1, 3)


def test_adapters_are_learned_on_and_asked_for(train, trained, snapshot):
    folder, _ = trained
    again, _ = train(snapshot, model=folder, max_steps=1)
    one, other = (load_file(path / "members/1/adapter_model.safetensors") for path in (folder, again))
    moved = [(one[key] - other[key]).abs().max().item() for key in one]
    assert 0 < max(moved) < 0.1
    with pytest.raises(TrainingError, match="set members_own to adapters"):
        train(snapshot, model=folder, members_own="heads", lora=None, max_steps=1)


def test_lost_adapters_are_no_silent_change_of_scores(trained, tmp_path):
    import shutil

    shutil.copytree(trained[0], tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "members" / "2")
    with pytest.raises(TrainingError, match="cannot be loaded"):
        Scorer.load(tmp_path / "model", batch_size=2)


@pytest.mark.parametrize("wrong", [{"members": 1}, {"lora": None}])
def test_adapters_need_members_and_lora(wrong):
    with pytest.raises(ValidationError, match=r"set members to 2 or more and lora to \{\}"):
        RewardTraining(**{**ADAPTERS, **wrong})


def test_targets_that_name_nothing_are_refused(train, snapshot):
    with pytest.raises(TrainingError, match=r"has no linear layer that lora\.target_modules names"):
        train(snapshot, lora=Lora(target_modules=["nowhere"]))


def test_policy_learns_from_members_with_adapters(trained, base_model, snapshot, tmp_path):
    train_ppo(
        ppo_spec(total_episodes=8, rollout_batch_size=8),
        model_path=base_model,
        reward_model_path=trained[0],
        snapshot_dir=snapshot,
        output_dir=tmp_path,
        reporter=Recorder(),
    )
    critic = load_reward_model(tmp_path / "critic", load_tokenizer(base_model), dtype=torch.float32)
    assert critic.config.num_labels == 3
    assert not has_adapters(critic)
