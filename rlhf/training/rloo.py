"""REINFORCE with leave-one-out baselines (Ahmadian et al. 2024), driven by a reward model.

TRL's RLOOTrainer: each prompt gets `num_generations` completions, and a completion's advantage is its
reward less the mean reward of the others. The KL to the policy it starts from is inside the reward.
Leaves out: vLLM, several reward models, reuse of rollouts.
"""

from __future__ import annotations

from typing import Any

from rlhf.specs import RlooTraining
from rlhf.training.online import train_online


def train_rloo(spec: RlooTraining, **arguments: Any) -> dict[str, Any]:
    """`arguments` are those of `rlhf.training.online.train_online`, from model_path on."""
    from trl.trainer.rloo_config import RLOOConfig
    from trl.trainer.rloo_trainer import RLOOTrainer

    return train_online(spec, RLOOTrainer, RLOOConfig, {"beta": spec.beta}, **arguments)
