"""What happens when a policy is optimized against a reward model that few judgments made: the score goes on
rising while the truth turns (Gao, Schulman and Hilton 2023), and later where an ensemble's doubts are
taken off the score (Coste et al. 2023)."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from safetensors.torch import load_file

from benchmarks.simulation.ground import MAX_COMPLETION, MAX_LENGTH, Ground, Quiet
from benchmarks.simulation.measures import load, log_probabilities, worth, write
from rlhf.specs import Lora, PpoTraining, RewardTraining
from rlhf.training.ppo import train_ppo
from rlhf.training.reward import train_reward
from rlhf.training.scoring import Scorer

NUM_JUDGMENTS = 400
NUM_ROLLOUTS = 20
EVERY = 2  # rollouts between two looks at the policy
NUM_LOOKED_AT = 128
REWARD = RewardTraining(
    learning_rate=1e-3, max_steps=50, batch_size=16, max_length=MAX_LENGTH, checkpoint_every=100_000
)
ADAPTER = {"lora": Lora(r=8, alpha=16), "learning_rate": 3e-3}
ENSEMBLE = {
    **ADAPTER,
    "members": 4,
    "members_own": "adapters",
    "bootstrap": False,
    "combine": "mean_minus_variance",
    "variance_penalty": 20.0,
}
PPO = PpoTraining(
    learning_rate=3e-4,
    critic_learning_rate=1e-3,
    lr_scheduler="constant",
    kl_coef=0.0,
    rollout_batch_size=64,
    batch_size=32,
    num_ppo_epochs=2,
    num_mini_batches=2,
    total_episodes=64 * NUM_ROLLOUTS,
    temperature=1.0,
    max_length=MAX_LENGTH,
    max_completion_length=MAX_COMPLETION,
    missing_eos_penalty=4.0,
)
ARMS: dict[str, dict[str, Any]] = {"adapter": ADAPTER, "uwo": ENSEMBLE}


@dataclass(slots=True)
class Look:
    """At the policy after so many rollouts. `proxy` is the mean score of the reward model it is trained on,
    `truth` the mean true utility, both in standard deviations of the SFT policy's replies from their mean;
    `kl` in nats."""

    seed: int
    arm: str
    rollouts: int
    kl: float
    proxy: float
    truth: float


class Watch(Quiet):
    """Looks at each checkpoint and throws it away."""

    def __init__(self, ground: Ground, reward_model: Path, arm: str) -> None:
        self.ground = ground
        self.arm = arm
        self.prompts = ground.held_out[:NUM_LOOKED_AT]
        self.sft, self.policy = load(ground.sft), load(ground.sft)
        self.scorer = Scorer.load(reward_model, batch_size=128)
        self.looks: list[Look] = []
        self.start: dict[str, tuple[float, float]] = {}
        self.look(0)

    def checkpoint(self, step: int, folder: Path) -> None:
        weights = load_file(folder / "policy.safetensors")
        state = {
            key.removeprefix("weight|"): value for key, value in weights.items() if key.startswith("weight|")
        }
        self.policy.load_state_dict(state, strict=False)  # tied weights are there once
        shutil.rmtree(folder)
        self.look(step // (PPO.num_ppo_epochs * PPO.num_mini_batches))

    def look(self, rollouts: int) -> None:
        written = write(self.policy, self.ground.sft, self.prompts, seed=self.ground.seed)
        reference = log_probabilities(self.sft, self.ground.sft, self.prompts, written.ids)
        found = {
            "proxy": self.scorer.score(
                [prompt.messages for prompt in self.prompts],
                [[{"role": "assistant", "content": text}] for text in written.texts],
                written.finished,
            ),
            "truth": worth(self.prompts, written.texts),
        }
        if not self.start:
            self.start = {name: (fmean(values), stdev(values)) for name, values in found.items()}
        kl = fmean(own - other for own, other in zip(written.logprobs, reference, strict=True))
        means = {
            name: (fmean(values) - self.start[name][0]) / self.start[name][1]
            for name, values in found.items()
        }
        self.looks.append(Look(self.ground.seed, self.arm, rollouts, kl, **means))


def overoptimize(arm: str, ground: Ground, judged: Path) -> list[Look]:
    told = judged / f"looks-{arm}.json"
    if not told.is_file():
        looks = watch(arm, ground, judged)
        told.write_text(json.dumps([asdict(look) for look in looks]), encoding="utf-8")
    return [Look(**look) for look in json.loads(told.read_text(encoding="utf-8"))]


def watch(arm: str, ground: Ground, judged: Path) -> list[Look]:
    reward_model, policy_dir = reward_of(arm, ground, judged), judged / f"ppo-{arm}"
    watcher = Watch(ground, reward_model, arm)
    every = EVERY * PPO.num_ppo_epochs * PPO.num_mini_batches
    train_ppo(
        PPO.model_copy(update={"seed": ground.seed, "checkpoint_every": every}),
        model_path=ground.sft,
        reward_model_path=reward_model,
        snapshot_dir=judged / "prompts",
        output_dir=policy_dir,
        reporter=watcher,
    )
    watcher.policy = load(policy_dir / "model")
    watcher.look(NUM_ROLLOUTS)
    return watcher.looks


def reward_of(arm: str, ground: Ground, judged: Path) -> Path:
    """The reward model of the arm, trained where it is not there."""
    model = judged / f"reward-{arm}" / "model"
    if not model.is_dir():
        train_reward(
            REWARD.model_copy(update={"seed": ground.seed, **ARMS[arm]}),
            model_path=ground.sft,
            snapshot_dir=judged / "rankings",
            output_dir=model.parent,
            reporter=Quiet(),
        )
    return model


def policy_of(arm: str, ground: Ground, judged: Path) -> Path:
    """The policy after all rollouts against that reward model, trained where it is not there."""
    model = judged / f"ppo-{arm}" / "model"
    if not model.is_dir():
        watch(arm, ground, judged)
    return model
