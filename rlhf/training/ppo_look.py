"""What policy, reference and critic say of completions that the policy has just sampled.

The sampler has said already what the policy believes. The first batch is read again, and where the policy
finds there what the sampler believed, the other batches are not: a fourth of the work. A sampler of other
arithmetic or another precision is not believed so, and PPO corrects for what it does differently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from rlhf.training.ppo_models import Batch, Models

SAME = 1e-4  # log-probabilities no further apart differ by rounding alone

Scores = TypeVar("Scores")


class Columns(NamedTuple):
    """(N) each, of the N completion tokens of a batch."""

    logprobs: Tensor
    reference: Tensor
    values: Tensor


@torch.no_grad()
def look(
    models: Models,
    batches: Sequence[Batch],
    believed: Sequence[Tensor] | None,
    scoring: Callable[[], Scores],
) -> tuple[list[Columns], Scores]:
    """`believed` are (N), what the sampler says of each batch; None where it does not say. `scoring` needs no
    model of these."""

    def policy() -> list[Tensor]:
        first = [models.logprobs(batch)[0] for batch in batches[:1]]
        if believed is not None and all(_agree(*pair) for pair in zip(first, believed, strict=False)):
            return [*first, *believed[1:]]
        return first + [models.logprobs(batch)[0] for batch in batches[1:]]

    num = len(batches)
    logprobs, scores, *others = models.shared_out(
        [
            policy,
            scoring,
            *(partial(models.reference_logprobs, batch) for batch in batches),
            *(partial(models.values, batch) for batch in batches),
        ]
    )
    columns = zip(logprobs, others[:num], others[num:], strict=True)
    return [Columns(*one) for one in columns], scores


def _agree(found: Tensor, believed: Tensor) -> bool:
    return bool((found - believed).abs().max() <= SAME)
