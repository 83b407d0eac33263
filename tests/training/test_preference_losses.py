from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from rlhf.training.preference_losses import pairwise_loss, plackett_luce_loss, tie_threshold_at


def column(*scores):
    """One ranking, one member."""
    return torch.tensor(scores, dtype=torch.float64)[None, :, None]


def ranked(*tiers):
    return torch.tensor([tiers])


def loss_of_pair(lead, **settings):
    return pairwise_loss(column(lead, 0.0), ranked(0, 1), **settings).item()


def log_sigmoid(x):
    return -math.log1p(math.exp(-x))


@pytest.mark.parametrize("num_responses", [2, 4, 9])
def test_ranking_costs_what_its_pairs_cost_and_moves_scores_as_they_do(num_responses):
    generator = torch.Generator().manual_seed(num_responses)
    scores = torch.randn(5, num_responses, 1, generator=generator, dtype=torch.float64, requires_grad=True)
    tiers = torch.stack([torch.randperm(num_responses, generator=generator) for _ in range(5)])
    together = pairwise_loss(scores, tiers).mean()

    places = itertools.permutations(range(num_responses), 2)
    expanded = torch.stack(
        [
            -logsigmoid(scores[row, i, 0] - scores[row, j, 0])
            for i, j in places
            for row in range(5)
            if tiers[row, i] < tiers[row, j]
        ]
    ).mean()
    assert together.item() == pytest.approx(expanded.item(), abs=1e-12)
    ours, theirs = (torch.autograd.grad(one, scores, retain_graph=True)[0] for one in (together, expanded))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_shorter_ranking_in_a_batch_costs_what_it_costs_alone():
    scores = torch.randn(2, 4, 3, dtype=torch.float64)
    tiers = torch.tensor([[0, 1, 1, 2], [1, 0, -1, -1]])
    threshold = torch.tensor(0.3)
    for loss in (
        lambda s, t: pairwise_loss(s, t, tie_threshold=threshold),
        lambda s, t: pairwise_loss(s, t),
        lambda s, t: plackett_luce_loss(s, t, flip=torch.full((len(s),), 0.1)),
    ):
        torch.testing.assert_close(loss(scores, tiers)[1:], loss(scores[1:, :2], tiers[1:, :2]))


def test_ties_without_a_threshold_say_nothing():
    assert pairwise_loss(column(1.0, -2.0), ranked(0, 0)).item() == 0
    assert pairwise_loss(column(1.0, -2.0, 0.5), ranked(0, 0, 1)).item() == pytest.approx(
        -(log_sigmoid(0.5) + log_sigmoid(-2.5)) / 2
    )


def test_rao_kupper_gives_its_closed_form_and_chances_that_add_up():
    theta, a, b = 1.7, math.exp(0.8), math.exp(-0.3)
    threshold = torch.tensor(math.log(theta), dtype=torch.float64)
    win, loss, tie = (
        math.exp(-pairwise_loss(column(0.8, -0.3), tiers, tie_threshold=threshold).item())
        for tiers in (ranked(0, 1), ranked(1, 0), ranked(0, 0))
    )
    assert win == pytest.approx(a / (a + theta * b))
    assert tie == pytest.approx((theta**2 - 1) * a * b / ((a + theta * b) * (b + theta * a)))
    assert win + loss + tie == pytest.approx(1)


def test_threshold_is_found_from_what_people_tied():
    """Simulated people with theta = 2: gradient descent on the loss comes back to it."""
    generator = torch.Generator().manual_seed(0)
    worth = torch.randn(20_000, 2, 1, generator=generator, dtype=torch.float64)
    lead, truth = worth[:, 0, 0] - worth[:, 1, 0], math.log(2.0)
    chance = torch.rand(len(lead), generator=generator, dtype=torch.float64)
    wins = torch.sigmoid(lead - truth)
    outcome = torch.where(chance < wins, 0, torch.where(chance < wins + torch.sigmoid(-lead - truth), 1, 2))
    tiers = torch.tensor([[0, 1], [1, 0], [0, 0]])[outcome]
    raw = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([raw], max_iter=50)

    def step():
        optimizer.zero_grad()
        loss = pairwise_loss(worth, tiers, tie_threshold=torch.nn.functional.softplus(raw)).mean()
        loss.backward()
        return loss

    optimizer.step(step)
    assert torch.nn.functional.softplus(raw).exp().item() == pytest.approx(2.0, abs=0.05)


def test_threshold_starts_where_equal_scores_tie_as_often_as_people_do():
    threshold = torch.tensor(tie_threshold_at(0.3), dtype=torch.float64)
    assert math.exp(-pairwise_loss(column(1.0, 1.0), ranked(0, 0), tie_threshold=threshold).item()) == (
        pytest.approx(0.3)
    )


def test_strength_is_a_margin_or_a_factor():
    depths = torch.tensor([[0, 2]])
    assert loss_of_pair(1.5, depths=depths) == pytest.approx(-log_sigmoid(1.5))
    assert loss_of_pair(1.5, depths=depths, strength="margin") == pytest.approx(-log_sigmoid(-0.5))
    assert loss_of_pair(1.5, depths=depths, strength="scale") == pytest.approx(-2 * log_sigmoid(1.5))
    unknown = torch.tensor([[0, 0]])
    for strength in ("margin", "scale"):
        assert loss_of_pair(1.5, depths=unknown, strength=strength) == pytest.approx(-log_sigmoid(1.5))


def test_strengths_of_a_ranking_add_up_to_three_at_most():
    scores, depths = column(0.0, 0.0, 0.0), torch.tensor([[0, 2, 4]])
    scaled = pairwise_loss(scores, ranked(0, 1, 2), depths=depths, strength="scale").item()
    assert scaled == pytest.approx(math.log(2) * (2 + 2 + 3) / 3)


def test_doubted_judgments_have_their_closed_forms():
    flip = torch.tensor([0.2], dtype=torch.float64)
    win, loss = math.exp(log_sigmoid(1.5)), math.exp(log_sigmoid(-1.5))
    smooth = loss_of_pair(1.5, flip=flip, noise="smoothing")
    assert smooth == pytest.approx(-0.8 * math.log(win) - 0.2 * math.log(loss))
    assert loss_of_pair(1.5, flip=flip) == pytest.approx(-math.log(0.8 * win + 0.2 * loss))


def test_judgment_that_is_never_wrong_costs_the_plain_loss_and_a_guess_teaches_nothing():
    for loss in (pairwise_loss, plackett_luce_loss):
        for flip, expected in ((0.0, -log_sigmoid(1.5)), (0.5, math.log(2))):
            scores = column(1.5, 0.0).requires_grad_()
            found = loss(scores, ranked(0, 1), flip=torch.tensor([flip]))
            assert found.item() == pytest.approx(expected)
            found.sum().backward()
            slope = scores.grad[0, 0, 0].item()
            assert slope == pytest.approx(math.exp(log_sigmoid(1.5)) - 1 if flip == 0 else 0, abs=1e-9)


def test_plackett_luce_gives_its_closed_form():
    a, b, c = math.exp(0.9), math.exp(0.2), math.exp(-0.4)
    expected = -math.log(a / (a + b + c) * b / (b + c)) / 2
    assert plackett_luce_loss(column(0.9, 0.2, -0.4), ranked(0, 1, 2)).item() == pytest.approx(expected)
    tied = -math.log(a / (a + b + c) * (b / (b + c)) * (c / (b + c))) / 3
    assert plackett_luce_loss(column(0.9, 0.2, -0.4), ranked(0, 1, 1)).item() == pytest.approx(tied)


def test_plackett_luce_of_a_pair_is_bradley_terry():
    flip = torch.tensor([0.1], dtype=torch.float64)
    pair = column(0.7, -0.9), ranked(1, 0)
    assert plackett_luce_loss(*pair).item() == pytest.approx(pairwise_loss(*pair).item())
    assert plackett_luce_loss(*pair, flip=flip).item() == pytest.approx(
        pairwise_loss(*pair, flip=flip).item()
    )


def test_plackett_luce_over_all_orders_is_a_distribution():
    scores, flip = column(0.9, 0.2, -0.4, 0.1), torch.tensor([0.15], dtype=torch.float64)
    total = sum(
        math.exp(-3 * plackett_luce_loss(scores, ranked(*order), flip=flip).item())
        for order in itertools.permutations(range(4))
    )
    assert total == pytest.approx(1)


def test_plackett_luce_draws_tied_scores_together():
    scores = column(1.0, -1.0).requires_grad_()
    plackett_luce_loss(scores, ranked(0, 0)).sum().backward()
    assert scores.grad[0, 0, 0] > 0 > scores.grad[0, 1, 0]
