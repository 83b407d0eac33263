"""What the web side may say of a run before it starts."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from rlhf.memory import HEADROOM, estimate
from rlhf.model_config import ModelFiles, ModelShape
from rlhf.presets import PRESETS, preset
from rlhf.refusals import refusals
from rlhf.specs import (
    SPECS,
    DpoTraining,
    GrpoTraining,
    Lora,
    PpoTraining,
    RewardTraining,
    RlooTraining,
    Sampling,
    SftTraining,
)

LLAMA_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
}
GIB = 2**30


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("Llama", {"num_key_value_heads": 2, "intermediate_size": 300}),
        ("Qwen2", {"num_key_value_heads": 2, "intermediate_size": 300, "tie_word_embeddings": True}),
        ("Qwen3", {"num_key_value_heads": 2, "intermediate_size": 300, "head_dim": 64}),
        ("Mistral", {"num_key_value_heads": 2, "intermediate_size": 300}),
        ("Gemma2", {"num_key_value_heads": 2, "intermediate_size": 300, "head_dim": 32}),
        ("GPT2", {}),
        ("GPTNeoX", {"intermediate_size": 512}),
        ("OPT", {"ffn_dim": 512, "word_embed_proj_dim": 128}),
        ("Mixtral", {"num_key_value_heads": 2, "intermediate_size": 300, "num_local_experts": 4}),
    ],
)
def test_parameters_are_counted_as_the_model_has_them(name, fields):
    import torch
    import transformers

    shared = {"hidden_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 999}
    if name != "GPT2":
        shared["max_position_embeddings"] = 200
    config = getattr(transformers, f"{name}Config")(**shared, **fields)
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    counted = ModelShape.read(config.to_dict()).num_parameters
    assert counted == pytest.approx(model.num_parameters(), rel=0.01)


def test_adapters_are_counted_as_peft_makes_them(base_model):
    import json

    import torch
    from peft import get_peft_model

    from rlhf.training.modeling import load_policy, load_tokenizer, lora_config

    model = load_policy(base_model, load_tokenizer(base_model), dtype=torch.float32)
    adapted = get_peft_model(model, lora_config(Lora(r=3), task="CAUSAL_LM"))
    trained = sum(weight.numel() for weight in adapted.parameters() if weight.requires_grad)
    config = json.loads((base_model / "config.json").read_text())
    assert ModelShape.read(config).num_lora_parameters(3) == trained


def test_sixteen_bytes_for_each_weight_of_a_full_training():
    shape = ModelShape.read(LLAMA_8B)
    assert shape.num_parameters == pytest.approx(8.03e9, rel=0.001)
    memory = estimate("sft", SftTraining(batch_size=1, gradient_checkpointing=True), LLAMA_8B)
    assert memory.weights + memory.gradients + memory.optimizer == 16 * shape.num_parameters
    assert memory.reference == memory.reward_model == memory.critic == 0
    parts = sum(getattr(memory, name) for name in memory.__dataclass_fields__)
    assert memory.total_bytes == pytest.approx(parts * (1 + HEADROOM))


def test_adapters_and_four_bits_need_less():
    small = {"batch_size": 1, "max_length": 1024, "gradient_checkpointing": True}
    full, lora, qlora = (
        estimate("dpo", DpoTraining(**small, lora=lora), LLAMA_8B).total_bytes / GIB
        for lora in (None, Lora(r=16), Lora(r=16, load_in_4bit=True))
    )
    assert full > 120
    assert 15 < lora < 24  # 16 GB at 7B by LLaMA-Factory's table of 16-bit LoRA
    assert 6 < qlora < 10  # 6 GB there
    assert full > lora > qlora


def test_reinforcement_learning_holds_more_models():
    spec = RlooTraining(batch_size=4, max_length=1024)
    memory = estimate("rloo", spec, LLAMA_8B)
    assert memory.reference == 4 * ModelShape.read(LLAMA_8B).num_parameters
    assert memory.reward_model > 0
    assert memory.generation > 0
    adapters = estimate("rloo", spec.model_copy(update={"lora": Lora()}), LLAMA_8B)
    assert adapters.reference == 0  # the adapter switched off
    small = {**LLAMA_8B, "hidden_size": 1024, "intermediate_size": 2048}
    assert estimate("rloo", spec, LLAMA_8B, reward_configs=[small]).reward_model < memory.reward_model / 8
    assert estimate("rloo", spec, LLAMA_8B, reward_configs=[]).reward_model == 0


def test_ppo_samples_its_share_of_a_rollout_at_once():
    spec = PpoTraining(batch_size=4, max_length=1024, rollout_batch_size=64)
    alone = estimate("ppo", spec, LLAMA_8B)
    assert alone.critic > 0
    shared = estimate("ppo", spec.model_copy(update={"num_processes": 4}), LLAMA_8B)
    parts = estimate("ppo", spec.model_copy(update={"generation_batch_size": 8}), LLAMA_8B)
    assert alone.generation == 4 * shared.generation == 8 * parts.generation


def test_activations_follow_tokens_and_checkpointing():
    one, two = (
        estimate("dpo", DpoTraining(batch_size=rows, max_length=512), LLAMA_8B).activations for rows in (1, 2)
    )
    assert two == 2 * one
    saved = estimate("dpo", DpoTraining(batch_size=1, max_length=512, gradient_checkpointing=True), LLAMA_8B)
    assert saved.activations < one / 8


@pytest.mark.parametrize(
    ("spec", "changes", "message"),
    [
        (SftTraining(lora=Lora(r=64)), {"hidden_size": 32}, "lora.r (64) exceeds the hidden size"),
        (SftTraining(max_length=512), {"max_position_embeddings": 256}, "max_length (512) exceeds the 256"),
        (
            GrpoTraining(max_length=512, max_completion_length=256),
            {"max_position_embeddings": 256},
            "max_completion_length (256) leaves a prompt none of the 256",
        ),
        (
            Sampling(max_new_tokens=300),
            {"max_position_embeddings": 256},
            "max_new_tokens (300) leaves a prompt none",
        ),
        (
            SftTraining(),
            {"quantization_config": {"bits": 4}},
            "quantized weights cannot be trained: use lora",
        ),
        (
            SftTraining(lora=Lora(load_in_4bit=True)),
            {"quantization_config": {"bits": 4}},
            "quantized already: leave load_in_4bit out",
        ),
        (
            RewardTraining(members=4, combine="min"),
            {"architectures": ["LlamaForSequenceClassification"], "id2label": {"0": "LABEL_0"}},
            "a reward model of 1 members already",
        ),
        (PpoTraining(), {"pad_token_id": 2, "eos_token_id": [1, 2]}, "PAD token also ends replies"),
    ],
)
def test_what_a_model_cannot_do_is_one_sentence(spec, changes, message):
    tokenizer = {"pad_token": "<|pad|>", "eos_token": "<|end|>"}
    (sentence,) = refusals(spec, ModelFiles({**LLAMA_8B, **changes}, tokenizer=tokenizer))
    assert message in sentence
    assert sentence.endswith(".")
    if not isinstance(spec, SftTraining) or not (spec.lora and spec.lora.load_in_4bit):
        short = spec.model_copy(update={"max_new_tokens": 10} if "max_new" in message else {})
        assert refusals(short, ModelFiles(LLAMA_8B, tokenizer=tokenizer)) == []


def test_a_base_model_is_no_reward_model():
    files = ModelFiles({**LLAMA_8B, "architectures": ["LlamaForCausalLM"]})
    (sentence,) = refusals(RlooTraining(), files, [files])
    assert "no reward head" in sentence
    trained = {"architectures": ["LlamaForSequenceClassification"], "id2label": {"0": "LABEL_0"}}
    assert refusals(RlooTraining(), files, [ModelFiles(trained)]) == []


def test_a_config_that_tells_nothing_is_no_reason_to_refuse():
    assert refusals(PpoTraining(), ModelFiles({"model_type": "new"})) == []
    with pytest.raises(ValueError, match="does not say how large"):
        estimate("sft", SftTraining(), {"model_type": "new"})


@pytest.mark.parametrize(
    ("tokenizer", "generation", "is_refused"),
    [
        ({"pad_token": "<end>", "eos_token": "<end>"}, {"eos_token_id": 7}, False),  # given another one
        ({"pad_token": "<pad>", "eos_token": "<end>"}, {"eos_token_id": 7}, False),
        ({"pad_token": "<pad>", "eos_token": "<end>"}, {"eos_token_id": [7, 9]}, True),
        ({"pad_token": {"content": "<pad>"}, "eos_token": "<end>"}, {"eos_token_id": 9}, True),
        ({}, {"eos_token_id": 9}, False),
    ],
)
def test_a_pad_that_ends_replies_is_seen_in_the_files(tokenizer, generation, is_refused):
    added = {"7": {"content": "<end>"}, "9": {"content": "<pad>"}}
    files = ModelFiles(LLAMA_8B, generation, {**tokenizer, "added_tokens_decoder": added})
    assert files.pad_also_ends is is_refused


@pytest.mark.parametrize("one", PRESETS, ids=lambda one: f"{one.size} {one.kind}")
def test_each_preset_is_a_spec_with_a_source(one):
    assert one.source
    spec_class = SPECS.get(one.kind)
    if spec_class is None:
        pytest.skip(f"{one.kind} is not a kind here")
    needed = {"model": "m", "snapshot": 1} | (
        {"reward_model": "r"} if one.kind in ("rloo", "grpo", "ppo") else {}
    )
    spec_class(**needed, **one.settings)
    with pytest.raises(ValidationError):
        spec_class(**needed, **one.settings, no_such_field=1)


def test_each_size_has_each_kind():
    kinds = ("sft", "reward", "dpo", "kto", "rloo", "grpo", "ppo")
    assert {(one.size, one.kind) for one in PRESETS} == {
        (size, kind) for size in ("small", "1b", "8b", "70b-lora") for kind in kinds
    }
    assert len(PRESETS) == 28
    assert preset("8b", "dpo").settings["loss_type"] == "sigmoid_norm"


def test_the_web_side_loads_no_model_code_for_it():
    program = "import sys, rlhf.memory, rlhf.refusals, rlhf.presets; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_members_with_adapters_cost_a_pass_each_and_share_the_backbone():
    shared = estimate("reward", RewardTraining(lora=Lora(), members=4, dtype="bfloat16"), LLAMA_8B)
    spec = RewardTraining(lora=Lora(), members=4, members_own="adapters", dtype="bfloat16")
    own = estimate("reward", spec, LLAMA_8B)
    assert own.activations == 4 * shared.activations
    assert own.optimizer == 4 * shared.optimizer
    assert own.weights < 1.1 * shared.weights
