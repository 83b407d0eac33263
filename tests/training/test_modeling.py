from __future__ import annotations

import math
import shutil
import socket
import time

import pytest
import torch
from safetensors.torch import load_file, save_file

from rlhf.training.errors import TrainingError
from rlhf.training.modeling import (
    find_model,
    load_policy,
    load_reward_model,
    load_tokenizer,
    precision,
    save_model,
)


@pytest.fixture
def copy(base_model, tmp_path):
    return shutil.copytree(base_model, tmp_path / "copy")


def test_reward_head_starts_with_a_spread_of_one(base_model):
    tokenizer = load_tokenizer(base_model)
    heads = []
    for seed in range(40):
        model = load_reward_model(base_model, tokenizer, dtype=torch.float32, new_head_seed=seed)
        assert model.score.bias is None
        heads.append(model.score.weight.detach().flatten())
    measured = torch.cat(heads).std().item()
    assert measured == pytest.approx(1 / math.sqrt(32 + 1), rel=0.1)


def test_reward_head_follows_the_seed(base_model):
    tokenizer = load_tokenizer(base_model)
    first, again, other = (
        load_reward_model(base_model, tokenizer, dtype=torch.float32, new_head_seed=seed).score.weight
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_trained_reward_head_is_kept(base_model, tmp_path):
    tokenizer = load_tokenizer(base_model)
    model = load_reward_model(base_model, tokenizer, dtype=torch.float32, new_head_seed=1)
    save_model(model, tokenizer, tmp_path)
    again = load_reward_model(tmp_path, tokenizer, dtype=torch.float32, new_head_seed=2)
    assert torch.equal(model.score.weight, again.score.weight)


def test_policy_is_not_taken_for_a_reward_model(base_model):
    with pytest.raises(TrainingError, match="is not a reward model"):
        load_reward_model(base_model, load_tokenizer(base_model), dtype=torch.float32)


def test_tokenizer_whose_pad_is_eos_gets_another_pad(copy):
    tokenizer = load_tokenizer(copy)
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.save_pretrained(copy)
    assert load_tokenizer(copy).pad_token == "<|pad|>"


def test_new_pad_token_gets_a_row_and_changes_no_score(copy):
    tokenizer = load_tokenizer(copy)
    plain = load_policy(copy, tokenizer, dtype=torch.float32)
    tokenizer.add_special_tokens({"pad_token": "<|new pad|>"})
    grown = load_policy(copy, tokenizer, dtype=torch.float32)
    assert grown.get_input_embeddings().num_embeddings == plain.get_input_embeddings().num_embeddings + 1
    assert grown.config.pad_token_id == tokenizer.pad_token_id
    ids = torch.tensor([[7, 8, 9]])
    torch.testing.assert_close(grown(ids).logits[..., :-1], plain(ids).logits)


def test_weights_that_miss_tensors_are_refused(copy):
    weights = load_file(copy / "model.safetensors")
    weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrainingError, match=r"1 tensors miss, like model\.layers\.1\.mlp\.up_proj"):
        load_policy(copy, load_tokenizer(copy), dtype=torch.float32)


def test_pickled_weights_are_refused(copy):
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(TrainingError, match="cannot be loaded"):
        load_policy(copy, load_tokenizer(copy), dtype=torch.float32)


def test_broken_weights_are_one_sentence(copy):
    (copy / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(TrainingError, match="cannot be loaded"):
        load_policy(copy, load_tokenizer(copy), dtype=torch.float32)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/no/such/folder", "There is no folder /no/such/folder"),
        ("no/such/folder", "There is no folder no/such/folder"),
        ("some owner/model!", "The hub has no model"),
    ],
)
def test_unknown_model_is_named(name, message):
    with pytest.raises(TrainingError, match=message):
        find_model(name)


def test_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"holds no model: it has no config\.json"):
        find_model(tmp_path)


@pytest.mark.parametrize("is_silent", [False, True])
def test_unreachable_hub_fails_within_seconds(is_silent, monkeypatch):
    import huggingface_hub.constants as hub

    monkeypatch.setattr("rlhf.training.hub.HUB_SECONDS", 0.5)
    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", False)
    with socket.create_server(("127.0.0.1", 0)) as listener:  # accepts, and never answers
        address = f"http://127.0.0.1:{listener.getsockname()[1]}" if is_silent else "http://127.0.0.1:9"
        monkeypatch.setattr(hub, "ENDPOINT", address)
        started = time.monotonic()
        with pytest.raises(TrainingError, match="could not be reached"):
            find_model("nobody/no-such-model")
        assert time.monotonic() - started < 20


def test_trained_weights_stay_in_float32():
    weights, _ = precision("auto", lora=False)
    assert weights == torch.float32
    assert precision("bfloat16", lora=False) == (torch.bfloat16, False)
