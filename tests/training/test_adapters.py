"""Adapters saved alone, merged, started from, and refused."""

from __future__ import annotations

import shutil

import pytest
import torch

from rlhf.specs import DpoTraining, GrpoTraining, Lora, RlooTraining, SftTraining
from rlhf.training.dpo import train_dpo
from rlhf.training.errors import TrainingError
from rlhf.training.modeling import load_policy, load_tokenizer, lora_config, merge_adapter, save_model
from rlhf.training.sft import train_sft

SPEC = SftTraining(learning_rate=1e-2, batch_size=8, max_steps=3, lora=Lora(r=4))
IDS = torch.tensor([[7, 8, 9, 30, 31]])


def logits(model):
    with torch.no_grad():
        return model.eval()(IDS).logits


def test_adapter_alone_and_merged_are_the_same_model(train, base_model, tmp_path):
    from transformers import AutoModelForCausalLM

    train(train_sft, SPEC, output_dir=tmp_path / "merged")
    train(train_sft, SPEC.model_copy(update={"save": "adapter"}), output_dir=tmp_path / "alone")
    alone = tmp_path / "alone" / "model"
    names = {path.name for path in alone.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json"} <= names
    assert "model.safetensors" not in names
    assert not [name for name in names if name.endswith((".bin", ".pt"))]

    plainly = AutoModelForCausalLM.from_pretrained(alone)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged" / "model")
    ours = load_policy(alone, load_tokenizer(alone), dtype=torch.float32)
    torch.testing.assert_close(logits(plainly), logits(merged), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(logits(ours), logits(merged), atol=1e-4, rtol=1e-4)
    base = load_policy(base_model, load_tokenizer(base_model), dtype=torch.float32)
    assert (logits(base) - logits(ours)).abs().max() > 0.01


def test_training_goes_on_from_an_adapter_with_it_as_reference(train, reward_model, tmp_path):
    from rlhf.training.grpo import train_grpo

    train(train_sft, SPEC.model_copy(update={"save": "adapter"}), output_dir=tmp_path / "adapter")
    adapter = tmp_path / "adapter" / "model"
    _, reporter = train(train_dpo, DpoTraining(batch_size=8, max_steps=1), model_path=adapter)
    assert reporter.values[1]["rewards/chosen"] == pytest.approx(0, abs=1e-4)
    spec = GrpoTraining(batch_size=8, max_steps=1, num_generations=4, max_completion_length=8)
    _, reporter = train(train_grpo, spec, model_path=adapter, reward_model_path=reward_model)
    assert reporter.values[1]["kl"] == pytest.approx(0, abs=1e-5)


def test_adapter_without_its_base_says_so(train, base_model, tmp_path):
    base = shutil.copytree(base_model, tmp_path / "base")
    train(train_sft, SPEC.model_copy(update={"save": "adapter"}), model_path=base)
    shutil.rmtree(base)
    adapter = tmp_path / "out" / "model"
    with pytest.raises(TrainingError, match="lacks its base model: There is no folder"):
        load_policy(adapter, load_tokenizer(adapter), dtype=torch.float32)


def test_four_bit_adapters_merge_into_weights_that_were_never_rounded(base_model, tmp_path):
    """The path of QLoRA, whose base in memory is not what the adapter must be merged into."""
    from peft import get_peft_model

    tokenizer = load_tokenizer(base_model)
    model = load_policy(base_model, tokenizer, dtype=torch.bfloat16)
    adapted = get_peft_model(model, lora_config(Lora(r=4), task="CAUSAL_LM"))
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            weight.data.normal_(0, 0.1, generator=torch.Generator().manual_seed(1))
    adapted.save_pretrained(tmp_path / "adapter")
    expected = merge_adapter(
        load_policy(base_model, tokenizer, dtype=torch.bfloat16), tmp_path / "adapter"
    ).state_dict()
    model.is_loaded_in_4bit = True
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "base_layer" in name:
                weight.zero_()  # as far from the real weights as rounding could be
    save_model(adapted, tokenizer, tmp_path / "model")
    found = load_policy(tmp_path / "model", tokenizer, dtype=torch.bfloat16).state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what a machine without CUDA says")
def test_four_bits_are_refused_without_a_device(train):
    with pytest.raises(TrainingError, match="load_in_4bit needs a CUDA device"):
        train(train_sft, SftTraining(lora=Lora(load_in_4bit=True)))


def test_reference_of_rl_has_the_row_of_an_added_pad(train, base_model, reward_model, tmp_path):
    """TRL reads the reference from the files, where a PAD that the tokenizer lacked has no row."""
    from rlhf.training.rloo import train_rloo

    copy = shutil.copytree(base_model, tmp_path / "no-pad")
    tokenizer = load_tokenizer(copy)
    tokenizer.add_special_tokens({"pad_token": "<|new pad|>"})
    tokenizer.save_pretrained(copy)
    spec = RlooTraining(batch_size=8, max_steps=1, max_completion_length=8)
    _, reporter = train(train_rloo, spec, model_path=copy, reward_model_path=reward_model)
    assert reporter.values[1]["kl"] == pytest.approx(0, abs=1e-3)


def test_four_bits_are_not_for_reward_models():
    with pytest.raises(TrainingError, match="load_in_4bit is for policies"):
        lora_config(Lora(load_in_4bit=True), task="SEQ_CLS")
