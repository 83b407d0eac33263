"""What a rollout asks of policy and critic, and the gradients that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from rlhf.specs import PpoTraining
from rlhf.training import ppo_math as math_
from rlhf.training.ppo_models import Batch, Models
from rlhf.training.ppo_state import Rollout

Share = tuple[Batch, Sequence[int]]  # rows of a rollout that go through a model together, and which they are


class Targets:
    """Tensors are (B, T)."""

    # Summed over tokens in each update, then divided by their number.
    SUMS = (
        "loss/policy_avg",
        "loss/value_avg",
        "policy/approxkl_avg",
        "policy/clipfrac_avg",
        "val/clipfrac_avg",
        "policy/entropy_avg",
        "val/ratio",
    )

    def __init__(self, rollout: Rollout, spec: PpoTraining) -> None:
        self.spec = spec
        self.rollout = rollout
        self.mask = rollout.mask
        kl = math_.kl_terms(rollout.logprobs, rollout.reference, self.mask, estimator=spec.kl_estimator)
        rewards = math_.token_rewards(rollout.scores, kl, self.mask, kl_coef=rollout.kl_coef)
        if spec.whiten_rewards:
            rewards = math_.whiten(rewards, self.mask, shift_mean=False)
        advantages, self.returns = math_.gae(
            rewards, rollout.values, self.mask, gamma=spec.gamma, lam=spec.lam
        )
        self.advantages = math_.whiten(advantages, self.mask) if spec.whiten_advantages else advantages
        self.weights: Tensor | None = None
        if rollout.sampler is not None:
            self.weights = math_.importance_weights(
                rollout.logprobs, rollout.sampler, self.mask, cap=spec.importance_cap
            )

    def backward(
        self, models: Models, batches: Sequence[Share], num_tokens: int, *, learns_policy: bool
    ) -> Tensor:
        """Adds the gradients of these rows to those of policy and critic; returns SUMS. `num_tokens` is
        that of the whole minibatch over all processes: how it is cut up must not change its gradient."""
        policy_sums, critic_sums = models.side_by_side(
            lambda: self.policy_backward(models, batches, num_tokens, learns=learns_policy),
            lambda: self.critic_backward(models, batches, num_tokens),
        )
        sums = policy_sums | critic_sums
        zero = torch.zeros((), dtype=torch.float64, device=self.mask.device)
        return torch.stack([sums.get(name, zero) for name in self.SUMS])

    def policy_backward(
        self, models: Models, batches: Sequence[Share], num_tokens: int, *, learns: bool
    ) -> dict[str, Tensor]:
        with torch.set_grad_enabled(learns):
            return _add_up(self._policy_backward(models, *share, num_tokens) for share in batches)

    def critic_backward(self, models: Models, batches: Sequence[Share], num_tokens: int) -> dict[str, Tensor]:
        return _add_up(self._critic_backward(models, *share, num_tokens) for share in batches)

    def _policy_backward(
        self, models: Models, batch: Batch, part: Sequence[int], num_tokens: int
    ) -> dict[str, Tensor]:
        flat = self._flat(part)
        old, real = flat(self.rollout.logprobs), torch.ones_like(batch.tokens_N, dtype=torch.bool)
        logprobs, entropies = models.logprobs(batch)
        policy = math_.policy_loss(
            logprobs,
            old,
            flat(self.advantages),
            real,
            cliprange=self.spec.cliprange,
            weights=None if self.weights is None else flat(self.weights),
        )
        if policy.loss.requires_grad:
            (policy.loss / num_tokens).backward()
        change = logprobs.detach() - old
        return {
            "loss/policy_avg": policy.loss.detach(),
            "policy/approxkl_avg": 0.5 * change.square().sum(),
            "policy/clipfrac_avg": policy.num_clipped,
            "policy/entropy_avg": entropies.sum(),
            "val/ratio": change.exp().sum(),
        }

    def _critic_backward(
        self, models: Models, batch: Batch, part: Sequence[int], num_tokens: int
    ) -> dict[str, Tensor]:
        flat = self._flat(part)
        value = math_.value_loss(
            models.values(batch),
            flat(self.rollout.values),
            flat(self.returns),
            torch.ones_like(batch.tokens_N, dtype=torch.bool),
            cliprange=self.spec.cliprange_value,
        )
        (self.spec.vf_coef * value.loss / num_tokens).backward()
        return {"loss/value_avg": value.loss.detach(), "val/clipfrac_avg": value.num_clipped}

    def _flat(self, part: Sequence[int]) -> Callable[[Tensor], Tensor]:
        mask = self.mask[part]
        return lambda tensor: tensor[part][mask]  # (N), in the order of the batch


def _add_up(found: Iterable[dict[str, Tensor]]) -> dict[str, Tensor]:
    total: dict[str, Tensor] = {}
    for one in found:
        for name, value in one.items():
            total[name] = total.get(name, 0.0) + value.double()
    return total
