"""Losses of rankings, as functions of tensors: which scores would have made people say what they said.

A pair is a ranking of two, so there is one form for everything.

    B rankings, K responses (the most in the batch), N members of an ensemble
    scores  [B, K, N]
    tiers   [B, K]     rank of each response, 0 best, equal in a tie; -1 where a ranking has fewer
    depths  [B, K]     strengths summed from the best tier down to the response's own; 0 where unknown
    flip    [B]        probability that the judgment points the wrong way, in [0, 0.5]

Each loss is [B, N]: a mean over the pairs, or the stages, of one ranking, so that a long ranking, which
is one person's one judgment, weighs no more than a short one (Ouyang et al. 2022).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

Noise = Literal["smoothing", "marginal"]
Strength = Literal["ignore", "margin", "scale"]
MAX_STRENGTH = 3


def pairwise_loss(
    scores: Tensor,
    tiers: Tensor,
    *,
    depths: Tensor | None = None,
    strength: Strength = "ignore",
    flip: Tensor | None = None,
    noise: Noise = "marginal",
    tie_threshold: Tensor | None = None,
) -> Tensor:
    """All pairs of each ranking: Bradley-Terry (1952), or Rao-Kupper (1967) with a `tie_threshold`.

    With D the winner's score less the loser's, t = log theta the threshold (0 without one):
        P(win) = sigmoid(D - t)        P(tie) = 1 - sigmoid(D - t) - sigmoid(-D - t)
    `strength` asks for a margin of D (Touvron et al. 2023) or scales the loss (Wang et al. 2024).
    `flip` is e in `smoothing`, -(1-e) log P(win) - e log P(loss), whose optimum is a hedged D, or in
    `marginal`, -log((1-e) P(win) + e P(loss)), whose optimum is the D of people who do not err.
    Without a threshold ties say nothing. A ranking that says nothing has loss 0.
    """
    present = tiers >= 0
    both = present[:, :, None] & present[:, None, :]
    won = both & (tiers[:, :, None] < tiers[:, None, :])
    difference = scores[:, :, None] - scores[:, None, :]  # [B, K, K, N], row less column
    asked = None
    if depths is not None and strength != "ignore":
        asked = (depths[:, None, :] - depths[:, :, None]).clamp(0, MAX_STRENGTH)[..., None].to(scores.dtype)
    lead = difference - asked if asked is not None and strength == "margin" else difference
    threshold = 0.0 if tie_threshold is None else tie_threshold
    losses = _decided(lead, threshold, flip, noise)
    if asked is not None and strength == "scale":
        losses = losses * asked.clamp(min=1)  # unknown counts as slightly
    said = won
    if tie_threshold is not None:
        tied = (both & (tiers[:, :, None] == tiers[:, None, :])).triu(diagonal=1)
        losses = torch.where(tied[..., None], _tied(difference, tie_threshold), losses)
        said = won | tied
    total = torch.where(said[..., None], losses, 0.0).sum(dim=(1, 2))
    return total / said.sum(dim=(1, 2)).clamp(min=1)[:, None]


def _decided(lead: Tensor, threshold: Tensor | float, flip: Tensor | None, noise: Noise) -> Tensor:
    win = logsigmoid(lead - threshold)
    if flip is None:
        return -win
    loss = logsigmoid(-lead - threshold)
    e = flip.to(lead.dtype)[:, None, None, None]
    if noise == "smoothing":
        return -(1 - e) * win - e * loss
    return -torch.logaddexp(torch.log1p(-e) + win, torch.log(e) + loss)


def _tied(difference: Tensor, threshold: Tensor) -> Tensor:
    """1 - P(win) - P(loss) factors into (theta^2 - 1) P(win) P(loss). A flip does not change a tie."""
    factor = torch.log(torch.expm1(2 * threshold))
    return -(factor + logsigmoid(difference - threshold) + logsigmoid(-difference - threshold))


def plackett_luce_loss(scores: Tensor, tiers: Tensor, *, flip: Tensor | None = None) -> Tensor:
    """-log P(ranking) per stage, the best being drawn first from all, the next from the rest, and so on.

    Tied responses are each drawn from the same rest, their own tier included (Breslow 1974): likeliest
    when their scores are equal, so a tie draws scores together. With `flip` e, a judgment is made by
    chance with probability 2e: -log((1-2e) P(ranking) + 2e P(ranking at equal scores)), which for a pair
    is the `marginal` loss.
    """
    present = tiers >= 0
    rest = present[:, None, :] & (tiers[:, None, :] >= tiers[:, :, None])  # [B, stage, response]
    ahead = torch.where(rest[..., None], scores[:, None], -math.inf).logsumexp(dim=2)
    stages = torch.where(present[..., None], scores - ahead, 0.0)
    likelihood = stages.sum(dim=1)
    choices = torch.where(present, rest.sum(dim=2), 1)
    if flip is not None:
        chance = -choices.to(scores.dtype).log().sum(dim=1)[:, None]
        random = (2 * flip.to(scores.dtype)).clamp(max=1)[:, None]
        likelihood = torch.logaddexp(
            torch.log1p(-random) + likelihood, torch.log(random) + chance.expand_as(likelihood)
        )
    return -likelihood / (choices > 1).sum(dim=1).clamp(min=1)[:, None]


def tie_threshold_at(share: float) -> float:
    """The threshold log theta at which equal scores tie with probability `share` < 1:
    1 - 2 sigmoid(-t) = tanh(t / 2)."""
    return 2 * math.atanh(min(max(share, 0.01), 0.95))
