"""The linear head that reads a score off a model: how it starts, how it is centred, what it carries.

An ensemble's members are the rows of one head, that is the labels of a sequence classifier, so plain
`from_pretrained` loads them all. What else a reader of scores must know stands in the model's config under
`reward` (RewardFacts).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rlhf.model_config import REWARD_KEY, ModelFiles
from rlhf.training.errors import TrainingError

if TYPE_CHECKING:
    import torch
    from transformers import PretrainedConfig, PreTrainedModel

    from rlhf.training.ensembles import Combine, MembersOwn

# Layers that a sequence classifier adds to a pretrained body, head included.
NEW_WEIGHTS = ("score.", "classifier.", "classification_head.", "pooler.", "head.dense.", "head.norm.")
HEADS = ("score", "classifier", "classifier.out_proj", "classification_head.out_proj")
# How far the constant direction of a head without bias is kept from fitting noise.
RIDGE = 1e-3


@dataclass(slots=True)
class RewardFacts:
    """What belongs to a reward model beside its weights. P(A is preferred to B) =
    sigmoid((score of A - score of B) / temperature), the score being that of the members combined.
    `tie_threshold` is Rao and Kupper's theta, None where ties were not learned from."""

    temperature: float = 1.0
    tie_threshold: float | None = None
    combine: Combine = "mean"
    variance_penalty: float = 0.0
    centred_on: str = "nothing"
    members_own: MembersOwn = "heads"

    @classmethod
    def of(cls, config: PretrainedConfig) -> Self:
        return cls(**(getattr(config, REWARD_KEY, None) or {}))

    def write_to(self, config: PretrainedConfig) -> None:
        setattr(config, REWARD_KEY, asdict(self))


def num_reward_labels(folder: Path) -> int | None:
    """How many members the reward model in `folder` has; None where it holds another kind of model."""
    return ModelFiles.of(folder).num_reward_labels


def reward_head(model: Any) -> torch.nn.Linear:
    """The head itself, out of the wrappers of adapters too."""
    import torch

    for name in HEADS:
        head = model
        for part in name.split("."):
            head = getattr(head, part, None)
        if hasattr(head, "modules_to_save"):
            head = head.modules_to_save["default"]
        if isinstance(head, torch.nn.Linear):
            return head
    raise TrainingError(
        f"{type(model).__name__} cannot become a reward model: it has no linear head (score or classifier)."
    )


def initialize(head: torch.nn.Linear, *, seed: int) -> None:
    """std 1/sqrt(H+1) and bias 0, H hidden units, so that rewards start with a spread near one (Stiennon
    et al. 2020, appendix B); each member draws its own."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        std = 1 / math.sqrt(head.in_features + 1)
        head.weight.copy_(torch.empty(head.weight.shape).normal_(0, std, generator=generator))
        if head.bias is not None:
            head.bias.zero_()


def centre(
    model: PreTrainedModel,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    is_reference: torch.Tensor,
) -> float:
    """Shift each member's scores so that their mean over the reference texts is zero; the shift is written
    into the head, and any way to load the model serves centred scores.

    `batches` are (tokens, mask) of n texts, `is_reference` [n]. A head without bias, as decoders have, is
    shifted along the direction v of its input h for which v·h is nearest to 1 over all the texts (ridge
    regression on a constant), so that differences hardly change. Returns how far v·h deviates, a standard
    deviation relative to the shift; 0 where there is a bias.
    """
    import torch

    head, hidden = reward_head(model), head_inputs(model, batches)
    reference = hidden[:, is_reference.to(hidden.device)].mean(1)
    with torch.no_grad():
        weight = head.weight.double()
        shift = (weight * reference).sum(1)
        if head.bias is not None:
            head.bias.copy_(-shift)
            return 0.0
        moments = hidden.mT @ hidden / hidden.shape[1]
        size = moments.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
        ridge = RIDGE * size * torch.eye(hidden.shape[2]).to(moments)
        direction = torch.linalg.solve(moments + ridge, hidden.mean(1))
        direction = direction / (direction * reference).sum(1, keepdim=True)
        head.weight.copy_(weight - shift[:, None] * direction)
        return float((hidden @ direction[..., None]).std(1, correction=0).max())


def head_inputs(model: PreTrainedModel, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """[M, n, H], float64: what the head reads each text's score off; M is 1 where all members read the same,
    and N where each reads through adapters of its own."""
    import torch

    found: list[torch.Tensor] = []
    hook = reward_head(model).register_forward_pre_hook(lambda _, arguments: found.append(arguments[0]))
    try:
        with torch.no_grad():
            for input_ids, mask in batches:
                model(input_ids=input_ids, attention_mask=mask, use_cache=False)
                states = found.pop()
                if states.dim() == 3:  # every position; the score is read at the last
                    last = (mask.sum(1) - 1).repeat(len(states) // len(mask))
                    states = states[torch.arange(len(states)), last]
                found.append(states.view(-1, len(mask), states.shape[-1]))
    finally:
        hook.remove()
    return torch.cat(found, dim=1).double()
