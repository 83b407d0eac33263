"""Norms and rotations in fewer steps: the same bits, or left alone."""

from __future__ import annotations

import copy
import importlib

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from rlhf.training import elementwise
from rlhf.training.elementwise import ROTATION, use_fewer_steps
from tests.training.test_last_layer import IDS, made


def family_of(model):
    return importlib.import_module(type(model).__module__)


@pytest.fixture
def theirs(monkeypatch):
    """Models of a family, and its file as transformers has it, whatever earlier tests have put there."""

    def make(family, **changes):
        model = made(family, **changes)
        rotation = getattr(family_of(model), ROTATION, None)
        if rotation is not None:
            monkeypatch.setattr(family_of(model), ROTATION, getattr(rotation, "theirs", rotation))
        return model

    return make


def num_norms_replaced(model) -> int:
    return sum("forward" in vars(module) for module in model.modules())


def is_rotation_replaced(model) -> bool:
    return isinstance(getattr(family_of(model), ROTATION), elementwise._Rotation)


def states_and_gradients(model):
    states = model(IDS).last_hidden_state
    states.sin().sum().backward()
    return [states, *(parameter.grad for parameter in model.parameters())]


@pytest.mark.parametrize(
    ("family", "norms", "changes"),
    [
        ("Llama", 5, {}),  # two of each layer, and the last
        ("Qwen2", 5, {}),
        ("Mistral", 5, {}),
        ("Qwen3", 9, {"head_dim": 8}),
        ("Gemma2", 0, {"head_dim": 8}),  # its norms add one to their weights
        ("GPTNeoX", 0, {}),  # rotates a fourth of each head
    ],
)
def test_states_keep_their_bits_and_so_do_gradients_but_for_sums(family, norms, changes, theirs):
    model = theirs(family, **changes)
    plain = copy.deepcopy(model)
    expected = states_and_gradients(plain)
    use_fewer_steps(model)
    assert num_norms_replaced(model) == norms
    assert is_rotation_replaced(model)
    found = states_and_gradients(model)
    assert torch.equal(found[0], expected[0])
    if family != "Qwen3":  # the gradient of its norms of queries and keys is a sum in another order
        assert all(map(torch.equal, expected, found))
    for one, other in zip(expected, found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


class Written(TorchDispatchMode):
    """Counts the numbers that operators write."""

    total = 0

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        outputs = operator(*args, **(kwargs or {}))
        if not operator.is_view:
            self.total += sum(one.numel() for one in tree_leaves(outputs) if isinstance(one, torch.Tensor))
        return outputs


def test_less_goes_through_memory(theirs):
    model = theirs("Llama")
    written = []
    for _ in range(2):
        model.zero_grad()
        with Written() as counter:
            states_and_gradients(model)
        written.append(counter.total)
        use_fewer_steps(model)
    assert written[1] < 0.95 * written[0], written


def test_families_that_rotate_neighbours_are_left_alone(theirs):
    model = theirs("Cohere")
    use_fewer_steps(model)
    assert not is_rotation_replaced(model)


def test_a_family_is_changed_once(theirs):
    model = theirs("Llama")
    use_fewer_steps(model)
    rotation = family_of(model).apply_rotary_pos_emb
    use_fewer_steps(made("Llama"))
    assert family_of(model).apply_rotary_pos_emb is rotation


def test_what_is_not_float32_on_a_cpu_is_left_to_transformers(theirs):
    model = theirs("Llama")
    plain = copy.deepcopy(model)
    with torch.no_grad():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            expected = plain(IDS).last_hidden_state
        expected_low = copy.deepcopy(plain).bfloat16()(IDS).last_hidden_state
        use_fewer_steps(model)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(model(IDS).last_hidden_state, expected)
        assert torch.equal(model.bfloat16()(IDS).last_hidden_state, expected_low)
    low = made("Llama").bfloat16()
    use_fewer_steps(low)
    assert num_norms_replaced(low) == 0


def test_other_arguments_are_left_to_transformers(theirs):
    model = theirs("Llama")
    use_fewer_steps(model)
    rotation = family_of(model).apply_rotary_pos_emb
    q, k = torch.randn(2, 1, 5, 3, 8)  # (B, T, heads, D)
    cos, sin = torch.randn(2, 1, 5, 8)
    found = rotation(q, k, cos, sin, unsqueeze_dim=2)
    assert all(map(torch.equal, found, rotation.theirs(q, k, cos, sin, unsqueeze_dim=2)))
