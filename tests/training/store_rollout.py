"""Writes the rollout that test_ppo.py follows: `python -m tests.training.store_rollout`.

Sampled from the demo's base model, whose weights are in the repository. The snapshot's prompts play no
part in what is compared.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file

from rlhf.training.ppo import Ppo
from rlhf.training.ppo_state import Rollout
from rlhf.training.ppo_targets import Targets
from tests.training.ppo_parts import batch_of, make_run, ppo_spec
from tests.training.tiny import make_snapshot

BASE = Path(__file__).parents[2] / "fixtures" / "base-model"
DATA = Path(__file__).parent / "data"
SPEC = ppo_spec(temperature=0.7, max_completion_length=24, dtype="float32", kl_estimator="k3", seed=7)


def stored_run(snapshot: Path, output_dir: Path) -> Ppo:
    """As if it had learned something: a policy that has left its reference, a critic with opinions."""
    run = make_run(SPEC, BASE, snapshot, output_dir)
    with torch.no_grad():
        for parameter in run.policy.values():
            parameter.mul_(1.02)
        head = run.models.critic.score.weight
        head.copy_(0.1 * torch.arange(head.numel()).cos().reshape(head.shape))
    return run


def expected_tensors(run: Ppo, rollout: Rollout) -> dict[str, torch.Tensor]:
    """Advantages, returns, losses and what else an update would report."""
    targets = Targets(rollout, SPEC)
    rows = list(range(len(rollout.rows)))
    sums = targets.backward(run.models, [(batch_of(run, rollout.rows), rows)], 100, learns_policy=True)
    return {"advantages": targets.advantages, "returns": targets.returns, "sums": sums}


def main() -> None:
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        snapshot = make_snapshot(Path(folder))
        run = stored_run(snapshot, Path(folder))
        rollout, _ = run.collect()
        rollout.scores = torch.randn(len(rollout.rows), generator=torch.Generator().manual_seed(0))
        rollout.save(DATA / "ppo_rollout.safetensors")
        save_file(expected_tensors(run, rollout), DATA / "ppo_targets.safetensors")


if __name__ == "__main__":
    main()
