"""Several reward models on one backbone, and one score from them.

Optimizing a policy against one reward model finds its errors; members that were taught differently
disagree where they err, and a score that heeds this is harder to exploit (Coste et al. 2023). Members
differ by their first weights and, unless all are to see everything, by an online bootstrap: member n counts
all judgments about one prompt Poisson(1) times (Oza and Russell 2001; the prompt is the cluster). Each has
a row of one linear head, and one forward pass serves all; or an adapter of its own as well, and a pass
(member_adapters.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch

Combine = Literal["mean", "min", "mean_minus_variance"]
MembersOwn = Literal["heads", "adapters"]


def combine_members(scores: torch.Tensor, how: Combine, variance_penalty: float) -> torch.Tensor:
    """[..., N] to [...]: the mean, the worst case (WCO), or the mean less the penalized variance (UWO).
    The variance is that of a population: one member has none."""
    if how == "min":
        return scores.amin(-1)
    mean = scores.mean(-1)
    if how == "mean":
        return mean
    return mean - variance_penalty * scores.var(-1, correction=0)


def bootstrap_counts(prompt_ids: Sequence[int], *, members: int, seed: int) -> list[list[float]]:
    """How often each member sees the judgments about each prompt. A prompt's counts depend on nothing
    but the seed and its id, so a resumed training draws the same."""
    return [
        np.random.default_rng([seed, abs(int(prompt_id))]).poisson(1.0, members).astype(float).tolist()
        for prompt_id in prompt_ids
    ]
