"""PPO of ours, one rollout a turn: `python -m benchmarks.peers.ppo_ours FOLDER`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.peers.turns import Channel
from benchmarks.peers.workloads import Workload
from rlhf.specs import PpoTraining
from rlhf.training.engines import LoopEngine
from rlhf.training.modeling import load_tokenizer
from rlhf.training.ppo import Ppo
from rlhf.training.ppo_models import Models
from rlhf.training.processes import Processes
from rlhf.training.reporting import ConsoleReporter, Reporter
from rlhf.training.rewards import Rewards
from rlhf.training.rollout import prompts_with_room


def spec_of(workload: Workload) -> PpoTraining:
    return PpoTraining(
        learning_rate=workload.learning_rate,
        lr_scheduler=workload.scheduler,
        total_episodes=workload.episodes,
        rollout_batch_size=workload.batch,
        batch_size=workload.forward,
        num_ppo_epochs=workload.epochs,
        num_mini_batches=workload.mini_batches,
        max_completion_length=workload.max_new_tokens,
        max_length=512,
        temperature=workload.temperature,
        kl_coef=workload.kl_coef,
        missing_eos_penalty=workload.missing_eos_penalty,
        dtype="float32",
        checkpoint_every=10**9,
        seed=workload.seed,
    )


class Turns(ConsoleReporter):
    """A rollout has ended when its metrics come."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        length, score = values["completions/mean_length"], values["objective/scores"]
        self.channel.done(mean_length=length, score=score, generation=values["time/generation_share"])
        self.channel.wait()


def make_run(folder: Path, reporter: Reporter) -> Ppo:
    """One that has not begun, on the models and prompts in `folder`."""
    workload = Workload.read(folder)
    spec, tokenizer = spec_of(workload), load_tokenizer(folder / "policy")
    models = Models.load(spec, folder=folder / "policy", tokenizer=tokenizer, reward_folder=folder / "reward")
    prompts = prompts_with_room(folder / "prompts", tokenizer, spec, models.max_positions, reporter)
    rewards = Rewards.load(spec, folder / "reward")
    run = Ppo(spec, models, rewards, prompts, Processes(), reporter, folder / "ours")
    if not workload.stops:
        assert isinstance(run.engine, LoopEngine)
        run.engine.stop_ids = run.engine.stop_ids[:0]
    return run


def main() -> None:
    channel = Channel()
    run = make_run(Path(sys.argv[1]), Turns(channel))
    channel.tell(ready=1)
    channel.wait()
    run.train()
    run.models.save(run.output_dir)
    channel.tell(saved=1)


if __name__ == "__main__":
    main()
