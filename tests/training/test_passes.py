"""Which rows go through a model together, and two models at a time."""

from __future__ import annotations

import threading

import pytest
import torch

from rlhf.training import passes as module
from rlhf.training.passes import (
    CPU_TOKENS,
    logits_of,
    of_like_length,
    passes,
    per_token,
    shared_out,
    side_by_side,
)
from tests.training.ppo_parts import make_run, ppo_spec

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


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


@pytest.fixture
def batch():
    """Texts of 5 to 40 tokens in no order, padded on the right."""
    lengths = torch.tensor([12, 40, 5, 23, 38, 7, 9, 12])
    mask = (torch.arange(40) < lengths[:, None]).long()
    ids = torch.randint(5, 60, mask.shape, generator=torch.Generator().manual_seed(0))
    return ids.masked_fill(mask == 0, 0), mask


def compared(model, plain, in_passes):
    """(what each gives, each weight's gradients, tokens that went through the model) of both ways."""
    found = []
    for way in (plain, in_passes):
        tokens = []
        hook = model.base_model.register_forward_pre_hook(
            lambda _, arguments, named, tokens=tokens: tokens.append(
                (arguments[0] if arguments else named["input_ids"]).numel()
            ),
            with_kwargs=True,
        )
        model.zero_grad()
        outputs = way()
        sum((number + 1) * value.sin().sum() for number, value in enumerate(outputs)).backward()
        hook.remove()
        found.append((outputs, [weight.grad.clone() for weight in model.parameters()], tokens))
    return found


def assert_near(plain, other):
    for a, b in zip(plain, other, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-4, atol=1e-5)


def test_rows_of_like_length_go_together_on_a_cpu_only(batch, monkeypatch):
    monkeypatch.setattr(module, "CPU_TOKENS", 80)
    _, mask = batch
    assert of_like_length(mask) == [([1, 4], 40), ([3, 0, 7], 23), ([6, 5, 2], 9)]
    assert of_like_length(mask.to("meta")) == [(list(range(8)), 40)]


@pytest.mark.parametrize("members", [1, 3])
def test_scores_and_gradients_of_passes_are_those_of_one_padded_batch(
    members, batch, base_model, monkeypatch
):
    from rlhf.training.modeling import load_reward_model, load_tokenizer

    monkeypatch.setattr(module, "CPU_TOKENS", 80)
    model = load_reward_model(
        base_model, load_tokenizer(base_model), dtype=torch.float32, new_head_seed=1, members=members
    )
    ids, mask = batch
    plain, ours = compared(
        model,
        lambda: [model(input_ids=ids, attention_mask=mask, use_cache=False).logits],
        lambda: [logits_of(model, ids, mask)],
    )
    assert ours[0][0].shape == (8, members)
    assert_near(plain[0], ours[0])
    assert_near(plain[1], ours[1])
    assert plain[2] == [8 * 40]
    assert ours[2] == [2 * 40, 3 * 23, 3 * 9]


def test_what_a_fused_head_says_of_tokens_does_not_depend_on_passes(batch, base_model, monkeypatch):
    from trl.trainer.utils import add_fused_lm_head

    from rlhf.training.modeling import load_policy, load_tokenizer

    monkeypatch.setattr(module, "CPU_TOKENS", 80)
    model = load_policy(base_model, load_tokenizer(base_model), dtype=torch.float32)
    fields = ("log_probs", "entropy", "mean_logits", "is_top1")
    add_fused_lm_head(model, outputs=fields)
    ids, mask = batch
    labels = ids.masked_fill((mask == 0) | (torch.arange(40) < 3), -100)
    inputs = {"input_ids": ids, "attention_mask": mask, "labels": labels, "fused_lm_head": True}

    def say(way):
        outputs = way(**inputs, use_cache=False)
        assert all(getattr(outputs, name).shape == (8, 39) for name in fields)
        return [getattr(outputs, name).float() for name in fields]

    plain, ours = compared(model, lambda: say(model), lambda: say(per_token(model)))
    assert_near(plain[0], ours[0])
    assert_near(plain[1], ours[1])
    assert sum(ours[2]) < 0.6 * sum(plain[2])


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


@pytest.mark.usefixtures("two_threads")
def test_who_is_free_takes_the_next():
    long_one_ends = threading.Event()

    def task(number):
        if number == 0:
            assert long_one_ends.wait(30)  # while all others are done by the other thread
        elif number == 5:
            long_one_ends.set()
        return number, torch.get_num_threads(), torch.is_grad_enabled()

    with torch.no_grad():
        found = shared_out([lambda number=number: task(number) for number in range(6)])
    assert found == [(number, 1, False) for number in range(6)]


@pytest.mark.usefixtures("two_threads")
def test_tasks_are_done_while_others_are_made():
    here, done = threading.get_ident(), threading.Event()
    made_on = []

    def tasks():
        made_on.append(torch.get_num_threads())
        yield lambda: (done.set(), threading.get_ident())[1]
        assert done.wait(30)  # by the other thread: this one has not made all tasks yet
        made_on.append(torch.get_num_threads())
        yield threading.get_ident

    first, second = shared_out(tasks())
    assert first != here
    assert made_on == [2, 1]  # all of torch's threads until there is something to do beside
    assert {first, second} <= {first, here}
    torch.set_num_threads(1)
    done.set()
    assert shared_out(tasks()) == [here, here]
    assert shared_out([]) == []


@pytest.mark.usefixtures("two_threads")
def test_who_waits_for_tasks_is_let_go_where_none_comes():
    def tasks():
        yield lambda: 1
        raise ValueError("sampling failed")

    with pytest.raises(ValueError, match="sampling failed"):
        shared_out(tasks())

    def failing():
        raise ValueError("a task failed")

    with pytest.raises(ValueError, match="a task failed"):
        shared_out([failing, lambda: 1, lambda: 2])
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


def record_stretches(run):
    """How many updates policy and critic make by themselves, each time that they do."""
    found, update_apart = [], run._update_apart

    def record(rollout, targets, minibatches):
        found.append(len(minibatches))
        return update_apart(rollout, targets, minibatches)

    run._update_apart = record
    return found


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("warmup", [0, 1])
def test_each_learns_the_same_whether_or_not_it_waits_for_the_other(base_model, snapshot, tmp_path, warmup):
    """Checkpoints after three updates, and so within a rollout's four."""
    weights, metrics = [], []
    for waits in (False, True):
        spec = ppo_spec(total_episodes=32, critic_warmup_rollouts=warmup, checkpoint_every=3)
        run = make_run(spec, base_model, snapshot, tmp_path)
        stretches = record_stretches(run)
        if waits:
            run._stretch = lambda: 1
        run.train()
        assert stretches == ([] if waits else [3, 2, 2])  # single updates are made together
        assert run.state.policy_version == 4 * (2 - warmup)
        learned = {**run.policy, **{f"critic.{name}": p for name, p in run.critic.items()}}
        weights.append({name: p.detach().clone() for name, p in learned.items()})
        metrics.append(run.reporter.values[8])
    for name, weight in weights[1].items():
        torch.testing.assert_close(weights[0][name], weight, atol=1e-6, rtol=1e-5)
    assert metrics[0].keys() == metrics[1].keys()
    for name in ("policy/approxkl_avg", "loss/value_avg", "val/grad_norm", "lr"):
        assert metrics[0][name] == pytest.approx(metrics[1][name], rel=1e-3, abs=1e-7)
