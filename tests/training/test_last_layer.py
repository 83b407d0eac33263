"""The last layer where it is read: the same states and gradients, of less arithmetic."""

from __future__ import annotations

import copy
import threading

import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

from rlhf.training.last_layer import Reader

SMALL = {
    "vocab_size": 90,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
}
IDS = torch.randint(1, 90, (3, 12), generator=torch.Generator().manual_seed(0))
LENGTHS = torch.full((3,), 12)
POSITIONS = torch.tensor([4, 5, 6, 19, 20, 23, 35])  # of the flattened IDS


def made(family: str, **changes):
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**{**SMALL, **changes})
    return getattr(transformers, f"{family}Model")(config).eval()


def states_and_gradients(model, read):
    states = read(IDS, POSITIONS, LENGTHS)
    (states * torch.linspace(-1, 1, states.numel()).view_as(states)).sum().backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    return states.detach(), torch.cat([g.flatten() for g in gradients if g is not None])


def flops(read) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        read(IDS, POSITIONS, LENGTHS)
    return counter.get_total_flops()


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("Llama", {}),
        ("Qwen2", {}),
        ("Qwen3", {"head_dim": 8}),
        ("Gemma2", {"head_dim": 8}),
        ("Mistral", {"sliding_window": 4}),
        ("Phi3", {}),  # one product for queries, keys and values
    ],
)
def test_states_and_gradients_are_those_of_the_whole_layer(family, changes):
    model = made(family, **changes)
    whole = copy.deepcopy(model)
    narrow = Reader(model)
    expected = states_and_gradients(whole, Reader(whole, narrow=False))
    for found, wanted in zip(states_and_gradients(model, narrow), expected, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    assert flops(narrow) < 0.8 * flops(Reader(whole, narrow=False))
    # Whoever calls the model itself gets all of it.
    with torch.no_grad():
        assert torch.equal(model(IDS).last_hidden_state, whole(IDS).last_hidden_state)


def test_a_mixture_of_experts_keeps_its_feed_forward_part():
    model = made("Mixtral", num_local_experts=4, num_experts_per_tok=2)
    whole = copy.deepcopy(model)
    expected = states_and_gradients(whole, Reader(whole, narrow=False))
    for found, wanted in zip(states_and_gradients(model, Reader(model)), expected, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_a_family_with_other_names_is_read_whole():
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=90, n_embd=32, n_layer=2, n_head=4)
    model = transformers.GPT2Model(config).eval()
    assert flops(Reader(model)) == flops(Reader(model, narrow=False))


def test_two_threads_read_other_places_of_one_model():
    model = made("Qwen2")  # Llama's layers are computed by hand, without hooks
    whole, reader = Reader(copy.deepcopy(model), narrow=False), Reader(model)
    meet, found = threading.Barrier(2), {}

    def wait_for_the_other(*_):
        meet.wait(30)

    model.layers[0].register_forward_pre_hook(wait_for_the_other)

    def read(name, positions):
        with torch.no_grad():
            found[name] = reader(IDS, positions, LENGTHS)

    places = {"first": POSITIONS, "second": torch.arange(30)}
    threads = [threading.Thread(target=read, args=item) for item in places.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, positions in places.items():
        torch.testing.assert_close(found[name], whole(IDS, positions, LENGTHS), atol=1e-5, rtol=1e-5)
