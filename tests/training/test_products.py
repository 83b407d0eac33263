"""Products by oneDNN: the same layer, to rounding."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.peers.workloads import FIXTURE
from rlhf.training import products
from rlhf.training.modeling import load_policy, load_tokenizer
from rlhf.training.products import LEAST_ROWS, LEAST_WIDTH, Linear, use_onednn

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="this PyTorch comes without oneDNN"
)


@pytest.fixture
def slow(monkeypatch):
    """A processor on which MKL is slow."""
    monkeypatch.setattr(products, "mkl_is_slow", lambda: True)


@pytest.fixture
def calls(monkeypatch):
    """Shapes that oneDNN was given."""
    found = []

    def multiply(left, right, bias=None):
        found.append((*left.shape, len(right)))
        return by_onednn(left, right, bias)

    by_onednn = products.multiply
    monkeypatch.setattr(products, "multiply", multiply)
    return found


@pytest.mark.parametrize(
    ("vendor", "flags", "expected"),
    [
        ("AuthenticAMD", "fpu avx avx2 avx512f avx512dq", True),
        ("AuthenticAMD", "fpu avx avx2", False),
        ("GenuineIntel", "fpu avx avx2 avx512f", False),
    ],
)
def test_onednn_multiplies_where_mkl_leaves_instructions_unused(vendor, flags, expected):
    told = f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t\t: {flags}\nbugs\t\t: spectre_v1\n"
    assert products.has_unused_instructions(told) is expected


def learn(layer, input):
    layer.zero_grad()
    input = input.clone().requires_grad_()
    output = layer(input)
    (output * torch.linspace(-1, 1, output.numel()).view_as(output)).sum().backward()
    return output.detach(), input.grad, *(parameter.grad for parameter in layer.parameters())


@pytest.mark.parametrize("shape", [(LEAST_ROWS,), (LEAST_ROWS + 1,), (7, 33), (3, 5, 20)])
@pytest.mark.parametrize("bias", [True, False])
def test_output_and_gradients_are_those_of_the_layer(slow, calls, shape, bias):
    layer, input = nn.Linear(96, 160, bias=bias), torch.randn(*shape, 96)
    plain = learn(layer, input)
    use_onednn(layer)
    assert type(layer) is Linear
    found = learn(layer, input)
    assert len(calls) == 3
    torch.testing.assert_close(found, plain, atol=1e-4, rtol=1e-5)


def test_few_numbers_of_rows_occur(slow, calls):
    layer = nn.Linear(64, 64)
    use_onednn(layer)
    for count in range(LEAST_ROWS, 2 * LEAST_ROWS + 1):
        layer(torch.randn(count, 64))
    assert {rows for rows, _, _ in calls} == {128, 192, 256}


def test_what_needs_no_gradient_costs_no_product(slow, calls):
    layer = nn.Linear(64, 64)
    use_onednn(layer)
    layer.requires_grad_(False)
    layer(torch.randn(LEAST_ROWS, 64).requires_grad_()).sum().backward()
    assert len(calls) == 2
    layer.requires_grad_(True)
    layer(torch.randn(LEAST_ROWS, 64)).sum().backward()
    assert len(calls) == 4


def test_what_is_small_or_of_another_dtype_stays_as_it_was(slow, calls):
    model = nn.ModuleList([nn.Linear(LEAST_WIDTH, LEAST_WIDTH - 1), nn.Linear(64, 64)])
    use_onednn(model)
    assert [type(layer) for layer in model] == [nn.Linear, Linear]
    model[1](torch.randn(LEAST_ROWS - 1, 64))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model[1](torch.randn(LEAST_ROWS, 64)).dtype == torch.bfloat16
    model.double()[1](torch.randn(LEAST_ROWS, 64).double())
    model.bfloat16()[1](torch.randn(LEAST_ROWS, 64).bfloat16())
    assert calls == []


def test_an_adapter_goes_onto_such_a_layer_and_into_it(slow, calls):
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64))
    use_onednn(model)
    adapted = get_peft_model(model, LoraConfig(target_modules=["0"], init_lora_weights=False))
    input = torch.randn(LEAST_ROWS, 64)
    with torch.no_grad():
        apart = adapted(input)
        merged = adapted.merge_and_unload()
        assert type(merged[0]) is Linear
        torch.testing.assert_close(merged(input), apart, atol=1e-5, rtol=1e-4)
    assert len(calls) == 2


def test_a_model_that_was_loaded_says_what_it_said(slow, calls, monkeypatch):
    tokenizer, ids = load_tokenizer(FIXTURE), torch.arange(4, 4 + LEAST_ROWS).view(4, -1)
    logits = {}
    for is_slow in (True, False):
        monkeypatch.setattr(products, "mkl_is_slow", lambda is_slow=is_slow: is_slow)
        model = load_policy(FIXTURE, tokenizer, dtype=torch.float32)
        logits[is_slow] = model(input_ids=ids).logits
    assert len(calls) == 4 * 7 + 1  # layers of seven products, and the head
    torch.testing.assert_close(logits[True], logits[False], atol=1e-3, rtol=1e-3)


def test_nothing_changes_on_a_processor_that_mkl_knows(monkeypatch):
    monkeypatch.setattr(products, "mkl_is_slow", lambda: False)
    layer = nn.Linear(64, 64)
    use_onednn(layer)
    assert type(layer) is nn.Linear
