"""Layers with gradients by hand: the states and gradients of transformers' own, without work on padding."""

from __future__ import annotations

import copy

import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

from rlhf.training.last_layer import Reader
from rlhf.training.products import Linear
from rlhf.training.trunk import Trunk

SMALL = {
    "vocab_size": 90,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "pad_token_id": 0,
}
LENGTHS = torch.tensor([12, 9, 4])
IDS = torch.randint(1, 90, (3, 12), generator=torch.Generator().manual_seed(0))
IDS[torch.arange(12) >= LENGTHS[:, None]] = 0
POSITIONS = torch.tensor([4, 5, 11, 12, 20, 25, 27])  # of the flattened IDS


def made(family: str = "Llama", **changes):
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**{**SMALL, **changes})
    model = getattr(transformers, f"{family}Model")(config).eval()
    with torch.no_grad():  # norms that do something
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.uniform_(0.5, 1.5)
    return model


def backward(read, ids=IDS, positions=POSITIONS, lengths=LENGTHS):
    states = read(ids, positions, lengths)
    (states * torch.linspace(-1, 1, states.numel()).view_as(states)).sum().backward()
    return states.detach()


def gradients(model):
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_key_value_heads": 2},
        {"num_key_value_heads": 1, "head_dim": 16},
        {"num_hidden_layers": 1, "rms_norm_eps": 0.1},
        {"rope_parameters": {"rope_type": "linear", "factor": 3.0, "rope_theta": 500.0}},
    ],
)
def test_states_and_gradients_are_those_of_transformers(changes):
    model = made(**changes)
    whole, reader = copy.deepcopy(model), Reader(model)
    assert reader.trunk is not None
    expected = Reader(whole, narrow=False)
    for _ in range(2):  # the second adds to what is there
        torch.testing.assert_close(backward(reader), backward(expected), atol=1e-5, rtol=1e-5)
    for name, wanted in gradients(whole).items():
        torch.testing.assert_close(gradients(model)[name], wanted, atol=1e-5, rtol=1e-4, msg=name)


def test_padding_is_not_computed():
    def flops(lengths):
        reader = Reader(made())
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            reader(IDS, POSITIONS, lengths)
        return counter.get_total_flops()

    full = torch.full((3,), 12)
    num_weights = 2 * (4 * 32 * 32 + 3 * 32 * 48) + 2 * 32 * 32  # of the last layer those of keys and values
    assert flops(full) - flops(LENGTHS) == (full - LENGTHS).sum() * 2 * num_weights


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("Qwen2", {}),  # biases
        ("Qwen3", {"head_dim": 8}),  # norms of queries and keys
        ("Gemma2", {"head_dim": 8}),
        ("Mistral", {"sliding_window": 4}),
        ("Phi3", {}),  # one product for queries, keys and values
        ("Mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2}),
        ("Granite", {"residual_multiplier": 0.5}),  # the same parts, which do more
        ("Olmo2", {}),
        ("Llama", {"attention_bias": True}),
        ("Llama", {"hidden_act": "gelu"}),
        ("Llama", {"attn_implementation": "eager"}),
    ],
)
def test_models_that_do_more_are_left_to_transformers(family, changes):
    assert Trunk.of(made(family, **changes)) is None


def test_adapters_and_other_products_are_left_to_transformers():
    from peft import LoraConfig, get_peft_model

    config = transformers.LlamaConfig(**SMALL)
    adapted = get_peft_model(transformers.LlamaForCausalLM(config), LoraConfig(task_type="CAUSAL_LM"))
    assert Trunk.of(adapted.get_base_model().base_model) is None
    onednn = made()
    onednn.layers[1].mlp.up_proj.__class__ = Linear
    assert Trunk.of(onednn) is None


def test_it_computes_where_everything_learns_or_nothing_does():
    model = made()
    reader, whole = Reader(model), Reader(copy.deepcopy(model), narrow=False)
    here = torch.device("cpu")
    assert reader.trunk.is_for(here)
    model.layers[0].mlp.up_proj.weight.requires_grad_(False)
    assert not reader.trunk.is_for(here)
    backward(reader)
    assert model.layers[0].mlp.up_proj.weight.grad is None
    with torch.no_grad():
        assert reader.trunk.is_for(here)
        found, wanted = (read(IDS, POSITIONS, LENGTHS) for read in (reader, whole))
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert not reader.trunk.is_for(here)
