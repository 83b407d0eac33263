"""TRL's RewardTrainer, taught to read rankings, ties, strengths, doubts and several heads.

All else of it stays: schedule, checkpoints, exact resumption, the names of metrics.
"""

from __future__ import annotations

from typing import Any

import torch
from datasets import Dataset
from torch.nn.functional import softplus
from trl.trainer.reward_trainer import RewardTrainer

from rlhf.specs import RewardTraining
from rlhf.training.passes import logits_of
from rlhf.training.preference_losses import pairwise_loss, plackett_luce_loss, tie_threshold_at
from rlhf.training.rankings import TRAINED_ON
from rlhf.training.reward_heads import reward_head

# The threshold is one number in units of a score: it moves at its own pace, whatever suits the weights.
TIE_LEARNING_RATE = 1e-2


class RankingTrainer(RewardTrainer):
    """B judgments of up to K responses, N members; see preference_losses for the shapes."""

    def __init__(self, model: Any, *, spec: RewardTraining, tie_share: float, **settings: Any) -> None:
        self.spec = spec
        if spec.ties == "rao_kupper":
            # In the head, because full and LoRA checkpoints both hold the whole head.
            start = torch.tensor(tie_threshold_at(tie_share)).expm1().log()  # softplus undone
            reward_head(model).register_parameter("tie_threshold", torch.nn.Parameter(start))
        num_members = model.config.num_labels
        model.config.num_labels = 1  # TRL refuses others
        super().__init__(model=model, **settings)
        model.config.num_labels = num_members

    def _prepare_dataset(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
        return dataset  # tokens already

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = [*TRAINED_ON, "places"]  # type: ignore[assignment]

    def create_optimizer(self, *args: Any, **kwargs: Any) -> torch.optim.Optimizer:
        optimizer = super().create_optimizer(*args, **kwargs)
        threshold = getattr(reward_head(self.model), "tie_threshold", None)
        if threshold is not None:
            for group in optimizer.param_groups:
                group["params"] = [weight for weight in group["params"] if weight is not threshold]
            rate = max(self.args.learning_rate, TIE_LEARNING_RATE)
            optimizer.add_param_group({"params": [threshold], "lr": rate, "weight_decay": 0.0})
        return optimizer

    def tie_threshold(self) -> torch.Tensor | None:
        """log theta > 0; None where ties say nothing."""
        raw = getattr(reward_head(self.model), "tie_threshold", None)
        return None if raw is None else softplus(raw)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        logits = logits_of(model, inputs["input_ids"], inputs["attention_mask"]).float()  # [R, N]
        scores = logits[inputs["texts"]]  # [B, K, N]; where tiers is -1 any score, which counts for nothing
        threshold = self.tie_threshold()
        losses = self._losses(scores, inputs, threshold)
        loss = (inputs["weight"] * losses).mean()
        if self.spec.center_rewards_coefficient is not None:
            # TRL's: of a pair, the square of the sum.
            present = inputs["tiers"] >= 0
            means = (scores * present[..., None]).sum(1) / present.sum(1)[:, None]
            loss = loss + self.spec.center_rewards_coefficient * (2 * means).pow(2).mean()
        self._record(scores.detach(), logits.detach(), inputs, threshold)
        return (loss, {"logits": logits}) if return_outputs else loss

    def _losses(
        self, scores: torch.Tensor, inputs: dict[str, torch.Tensor], threshold: torch.Tensor | None
    ) -> torch.Tensor:
        spec = self.spec
        flip = inputs["flip"] if spec.reliability in ("smoothing", "marginal") else None
        if spec.loss == "plackett_luce":
            return plackett_luce_loss(scores, inputs["tiers"], flip=flip)
        return pairwise_loss(
            scores,
            inputs["tiers"],
            depths=inputs["depths"],
            strength=spec.strength,
            flip=flip,
            noise="smoothing" if spec.reliability == "smoothing" else "marginal",
            tie_threshold=threshold,
        )

    @torch.no_grad()
    def _record(
        self,
        scores: torch.Tensor,
        logits: torch.Tensor,
        inputs: dict[str, torch.Tensor],
        threshold: torch.Tensor | None,
    ) -> None:
        """TRL's metrics, over the pairs that somebody decided, of the members' mean."""
        assert self.model is not None
        mode = "train" if self.model.training else "eval"
        record = self._metrics[mode]
        if mode == "train":
            tokens = self.accelerator.gather_for_metrics(inputs["attention_mask"].sum()).sum().item()
            self._total_train_tokens += tokens
        record["num_tokens"] = [self._total_train_tokens]
        rewards = self.accelerator.gather(logits.mean(1))
        record["min_reward"].append(rewards.min().item())
        record["mean_reward"].append(rewards.mean().item())
        record["max_reward"].append(rewards.max().item())
        tiers, mean = inputs["tiers"], scores.mean(2)
        won = (tiers[:, :, None] >= 0) & (tiers[:, :, None] < tiers[:, None, :])
        margins = (mean[:, :, None] - mean[:, None, :])[won]
        sums = torch.stack([(margins > 0).float().sum(), margins.sum(), won.sum().float()])
        right, margin, count = self.accelerator.gather(sums[None]).sum(0).tolist()
        if count:
            record["accuracy"].append(right / count)
            record["margin"].append(margin / count)
        if threshold is not None:
            record["tie_threshold"].append(threshold.exp().item())
