"""Group relative policy optimization (Shao et al. 2024, DeepSeekMath), driven by a reward model.

TRL's GRPOTrainer: each prompt gets `num_generations` completions, and a completion's advantage is its
reward less the mean of its group, divided by the standard deviation that `scale_rewards` names. The KL
to the policy it starts from is in the loss (estimator k3), and on: a reward model can be fooled.
Losses differ in what they average over: `dapo` all tokens of the batch (Yu et al. 2025), `dr_grpo` a
constant (Liu et al. 2025), `grpo` each completion by its own length, `bnpo` the tokens of one forward pass.
Leaves out: vLLM, several reward models, reuse of rollouts.
"""

from __future__ import annotations

from typing import Any

from rlhf.specs import GrpoTraining
from rlhf.training.online import train_online


def train_grpo(spec: GrpoTraining, **arguments: Any) -> dict[str, Any]:
    """`arguments` are those of `rlhf.training.online.train_online`, from model_path on."""
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    settings = {
        "beta": spec.beta,
        "loss_type": spec.loss_type,
        "scale_rewards": spec.scale_rewards,
        "epsilon": spec.epsilon,
    }
    return train_online(spec, GRPOTrainer, GRPOConfig, settings, **arguments)
