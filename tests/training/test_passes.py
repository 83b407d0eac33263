"""Which rows go through a model together, and two models at a time."""

from __future__ import annotations

import threading

import pytest
import torch

from rlhf.training.passes import CPU_TOKENS, passes, side_by_side
from tests.training.ppo_parts import make_run, ppo_spec

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_passes_hold_each_row_once_and_no_more_tokens_than_a_cpu_likes():
    lengths = [900, 300, 300, 200, *[20] * 30]
    order = list(range(len(lengths)))
    found = list(passes(order, lengths, most_rows=10, device=CPU))
    assert [row for part in found for row in part] == order
    assert found[:3] == [[0], [1], [2]]  # one row may be longer than all tokens of a pass; two are not
    assert all(len(part) == 1 or len(part) * lengths[part[0]] <= CPU_TOKENS for part in found)
    assert max(map(len, found)) == 10
    assert [len(part) for part in passes(order, lengths, most_rows=10, device=CUDA)] == [10, 10, 10, 4]
    assert list(passes([], [], most_rows=10, device=CPU)) == []


@pytest.mark.usefixtures("two_threads")
def test_two_things_are_done_side_by_side():
    here = threading.get_ident()

    def look():
        return threading.get_ident(), torch.get_num_threads(), torch.is_grad_enabled()

    with torch.no_grad():
        first, second = side_by_side(look, look)
    assert first == (here, 1, False)
    assert second[0] != here
    assert second[1:] == (1, False)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    assert side_by_side(look, look) == ((here, 1, True), (here, 1, True))


@pytest.mark.usefixtures("two_threads")
def test_what_fails_beside_fails_and_leaves_the_threads_as_they_were():
    def fail():
        raise ValueError("beside")

    with pytest.raises(ValueError, match="beside"):
        side_by_side(lambda: 1, fail)
    assert torch.get_num_threads() == 2


def one_after_the_other(first, second):
    torch.set_num_threads(1)
    try:
        return first(), second()
    finally:
        torch.set_num_threads(2)


@pytest.mark.usefixtures("two_threads")
def test_policy_and_critic_learn_the_same_bits_one_after_the_other(base_model, snapshot, tmp_path):
    weights = []
    for order in (side_by_side, one_after_the_other):
        run = make_run(ppo_spec(total_episodes=16), base_model, snapshot, tmp_path)
        run.models.side_by_side = order
        run.train()
        learned = {**run.policy, **{f"critic.{name}": p for name, p in run.critic.items()}}
        weights.append({name: p.detach().clone() for name, p in learned.items()})
    assert all(torch.equal(weights[0][name], weight) for name, weight in weights[1].items())
