"""RMS norms by torch: the same bits, or left alone."""

from __future__ import annotations

import copy

import pytest
import torch

from rlhf.training.norms import use_torch_norms
from tests.training.test_last_layer import IDS, made


def replaced(model) -> int:
    use_torch_norms(model)
    return sum("forward" in vars(module) for module in model.modules())


@pytest.mark.parametrize("family", ["Llama", "Qwen2", "Mistral"])
def test_states_and_gradients_keep_their_bits(family):
    model = made(family)
    theirs = copy.deepcopy(model)
    assert replaced(model) == 5  # two of each layer, and the last
    results = []
    for one in (theirs, model):
        states = one(IDS).last_hidden_state
        states.sin().sum().backward()
        results.append([states, *(parameter.grad for parameter in one.parameters())])
    assert all(torch.equal(*pair) for pair in zip(*results, strict=True))


def test_norms_that_do_more_are_left_alone():
    assert replaced(made("Gemma2", head_dim=8)) == 0


def test_another_precision_is_left_to_the_module():
    model = made("Llama")
    theirs = copy.deepcopy(model)
    use_torch_norms(model)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(model(IDS).last_hidden_state, theirs(IDS).last_hidden_state)
    with torch.no_grad():
        assert torch.equal(model.bfloat16()(IDS).last_hidden_state, theirs.bfloat16()(IDS).last_hidden_state)
    assert replaced(made("Llama").bfloat16()) == 0
