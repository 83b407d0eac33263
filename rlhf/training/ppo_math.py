"""What PPO computes, as functions of tensors that know neither models nor processes.

B rollouts, T completion tokens (padded on the right), N real tokens, H hidden units, V vocabulary. A mask
(B, T) is True at real tokens, EOS included. Sources: Schulman et al. 2016 (GAE) and 2017 (PPO), Ziegler
et al. 2019 (KL in the reward, adaptive coefficient), Schulman 2020 (KL estimators), Huang et al. 2024
(the details that make PPO for language models work).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

# Logits that may exist at one time: 256 MiB of float32.
MAX_LOGITS = 2**26


def token_logprobs(
    hidden_NH: Tensor,
    head: nn.Module,
    tokens_N: Tensor,
    *,
    temperature: float,
    softcap: float | None = None,
    scale: float = 1.0,
    max_logits: int = MAX_LOGITS,
) -> tuple[Tensor, Tensor]:
    """(log-probability of each token (N), entropy of each distribution in nats (N), without gradient).

    The logits of a chunk of tokens exist at a time; where gradients are wanted they are made again in
    the backward pass, unless all of them fit into one chunk. Float32, whatever the model computes in.
    """

    def chunk(hidden: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        logits = head(hidden).float()
        if scale != 1.0:
            logits = logits * scale
        if softcap:
            logits = torch.tanh(logits / softcap) * softcap
        if temperature != 1.0:
            logits = logits / temperature
        logprobs = torch.log_softmax(logits, dim=-1)
        with torch.no_grad():
            entropy = -(logprobs.exp() * logprobs).sum(-1)
        return logprobs.gather(-1, tokens[:, None])[:, 0], entropy

    size_V = int(head.weight.shape[0])  # type: ignore[index]
    rows = max(1, max_logits // size_V)
    if len(tokens_N) <= rows:
        return chunk(hidden_NH, tokens_N)
    parts = []
    for hidden, tokens in zip(hidden_NH.split(rows), tokens_N.split(rows), strict=True):
        if torch.is_grad_enabled():
            parts.append(checkpoint(chunk, hidden, tokens, use_reentrant=False))
        else:
            parts.append(chunk(hidden, tokens))
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    return torch.where(mask, values, 0).sum() / mask.sum().clamp(min=1)


def whiten(values: Tensor, mask: Tensor, *, shift_mean: bool = True) -> Tensor:
    """Variance one over all real tokens, and mean zero unless `shift_mean` is False: then the mean
    stays, as rewards need. Zeros at padding."""
    count = mask.sum().clamp(min=1)
    mean = torch.where(mask, values, 0).sum() / count
    centred = torch.where(mask, values - mean, 0)
    # One less in the denominator, as N-details has it.
    variance = centred.square().sum() / (count - 1).clamp(min=1)
    whitened = centred * torch.rsqrt(variance + 1e-8)
    return whitened if shift_mean else torch.where(mask, whitened + mean, 0)


def kl_terms(
    logprobs: Tensor, reference: Tensor, mask: Tensor, *, estimator: Literal["k1", "k3"] = "k1"
) -> Tensor:
    """KL(policy || reference) of each token, estimated from the token that was sampled.

    k1 = log p/q has no bias; k3 = q/p - 1 + log p/q has none either, less variance, and is never
    negative (Schulman 2020). Zeros at padding.
    """
    ratio = logprobs - reference
    terms = ratio if estimator == "k1" else torch.expm1(-ratio) + ratio
    return torch.where(mask, terms, 0)


def last_positions(mask: Tensor) -> Tensor:
    """Index of each row's last real token (B)."""
    return mask.sum(-1) - 1


def token_rewards(scores_B: Tensor, kl: Tensor, mask: Tensor, *, kl_coef: float) -> Tensor:
    """-kl_coef * KL at each token, and the score where the completion really ends: never at padding."""
    rewards = torch.where(mask, -kl_coef * kl, 0)
    return rewards.scatter_add(1, last_positions(mask)[:, None], scores_B[:, None].to(rewards.dtype))


class Advantages(NamedTuple):
    advantages: Tensor  # (B, T), zeros at padding
    returns: Tensor  # (B, T), advantages + values


def gae(rewards: Tensor, values: Tensor, mask: Tensor, *, gamma: float, lam: float) -> Advantages:
    """Generalised advantage estimation: A_t = sum_l (gamma lam)^l delta_{t+l}, where
    delta_t = r_t + gamma V_{t+1} - V_t and V is 0 after the last token. Padding carries what follows
    it through unchanged, so that gaps in a mask do no harm."""
    following = torch.zeros_like(values[:, 0])
    next_value = torch.zeros_like(following)
    columns = []
    for step in range(values.shape[1] - 1, -1, -1):
        real = mask[:, step]
        delta = rewards[:, step] + gamma * next_value - values[:, step]
        following = torch.where(real, delta + gamma * lam * following, following)
        next_value = torch.where(real, values[:, step], next_value)
        columns.append(torch.where(real, following, 0))
    advantages = torch.stack(columns[::-1], dim=1)
    return Advantages(advantages, torch.where(mask, advantages + values, 0))


class Loss(NamedTuple):
    """Sums over real tokens, to be divided by the number of tokens of the whole minibatch."""

    loss: Tensor
    num_clipped: Tensor


def policy_loss(
    logprobs: Tensor,
    old_logprobs: Tensor,
    advantages: Tensor,
    mask: Tensor,
    *,
    cliprange: float,
    weights: Tensor | None = None,
) -> Loss:
    """PPO's clipped objective; `weights` correct for a sampler that was not quite the policy."""
    ratio = torch.exp(torch.where(mask, logprobs - old_logprobs, 0))
    plain = -advantages * ratio
    clipped = -advantages * ratio.clamp(1 - cliprange, 1 + cliprange)
    losses = torch.maximum(plain, clipped)
    if weights is not None:
        losses = losses * weights
    return Loss(torch.where(mask, losses, 0).sum(), (mask & (clipped > plain)).sum())


def value_loss(
    values: Tensor, old_values: Tensor, returns: Tensor, mask: Tensor, *, cliprange: float
) -> Loss:
    """Half the squared error, the larger of that of the value and of the value clipped around the old."""
    near = torch.clamp(values, old_values - cliprange, old_values + cliprange)
    plain, clipped = (values - returns).square(), (near - returns).square()
    losses = 0.5 * torch.maximum(plain, clipped)
    return Loss(torch.where(mask, losses, 0).sum(), (mask & (clipped > plain)).sum())


def importance_weights(trainer: Tensor, sampler: Tensor, mask: Tensor, *, cap: float) -> Tensor:
    """min(p_trainer / p_sampler, cap) of each sampled token; ones at padding. What an inference engine
    samples from differs a little from what the trainer computes (Yao et al. 2025)."""
    return torch.where(mask, torch.exp((trainer - sampler).clamp(max=math.log(cap))), 1)


def explained_variance(values: Tensor, returns: Tensor, mask: Tensor) -> float:
    """1 - Var(returns - values) / Var(returns); 0 where returns do not vary."""
    total = returns[mask].var(unbiased=False)
    left = (returns - values)[mask].var(unbiased=False)
    return float(1 - left / total) if total > 1e-12 else 0.0


@dataclass(slots=True)
class KlController:
    """The weight of the KL in the reward. Without a target it stays; with one, after each rollout of n
    episodes it is multiplied by 1 + clip(KL / target - 1, -0.2, 0.2) * n / horizon (Ziegler et al. 2019)."""

    coef: float
    target: float | None = None
    horizon: int = 10_000

    def update(self, kl: float, num_episodes: int) -> None:
        if self.target is not None:
            error = min(max(kl / self.target - 1, -0.2), 0.2)
            self.coef *= 1 + error * num_episodes / self.horizon


@dataclass(slots=True)
class RunningMoments:
    """Mean and variance of all scores so far (Chan et al. 1979: batches merge without order)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0  # sum of squared distances from the mean

    def add(self, values: list[float]) -> None:
        if not values:
            return
        n, mean = len(values), math.fsum(values) / len(values)
        squares = math.fsum((value - mean) ** 2 for value in values)
        total, distance = self.count + n, mean - self.mean
        self.squares += squares + distance**2 * self.count * n / total
        self.mean += distance * n / total
        self.count = total

    @property
    def std(self) -> float:
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else 1.0

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def learning_rate_factor(
    step: int, total: int, *, warmup: int, kind: Literal["linear", "cosine", "constant"]
) -> float:
    """Of the optimizer step that follows `step` steps of `total`; linear and cosine end at zero."""
    if step < warmup:
        return (step + 1) / warmup
    if kind == "constant":
        return 1.0
    share = (step - warmup) / max(1, total - warmup)
    return 1 - share if kind == "linear" else 0.5 * (1 + math.cos(math.pi * share))
