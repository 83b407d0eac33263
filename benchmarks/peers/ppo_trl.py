"""PPO of TRL 1.12.0, one rollout a turn: `python -m benchmarks.peers.ppo_trl FOLDER`, that TRL first on the
path."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, TrainerCallback
from trl.experimental.ppo import PPOConfig, PPOTrainer, ppo_trainer

from benchmarks.peers.turns import Channel
from benchmarks.peers.workloads import Workload
from rlhf.training.data import read_prompts
from rlhf.training.modeling import load_tokenizer
from rlhf.training.ppo import ADAM_EPS
from rlhf.training.text import encode_prompts


class Turns(TrainerCallback):
    def __init__(self, channel: Channel, workload: Workload) -> None:
        self.channel = channel
        self.facts: dict[str, float] = {"mean_length": workload.max_new_tokens}

    def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
        self.channel.tell(ready=1)
        self.channel.wait()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any
    ) -> None:
        self.facts["score"] = (logs or {}).get("objective/scores", 0.0)

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        self.channel.done(**self.facts)
        self.channel.wait()

    def watch_lengths(self) -> None:
        plain = ppo_trainer.truncate_response

        def truncate_response(stop: int, pad: int, responses: torch.Tensor) -> torch.Tensor:
            cut = plain(stop, pad, responses)
            self.facts["mean_length"] = (cut != pad).sum(1).float().mean().item()
            return cut

        ppo_trainer.truncate_response = truncate_response


def main() -> None:
    assert trl.__version__.startswith("1.12."), f"This is TRL {trl.__version__}."
    folder = Path(sys.argv[1])
    workload, channel = Workload.read(folder), Channel()
    tokenizer = load_tokenizer(folder / "policy")
    tokenizer.padding_side = "left"
    prompts = [row.messages for row in read_prompts(folder / "prompts", splits=["train"])]
    rows = Dataset.from_list([{"input_ids": ids} for ids in encode_prompts(tokenizer, prompts)])
    turns = Turns(channel, workload)
    turns.watch_lengths()

    def policy() -> Any:
        return AutoModelForCausalLM.from_pretrained(folder / "policy", dtype=torch.float32)

    def scorer() -> Any:
        return AutoModelForSequenceClassification.from_pretrained(
            folder / "reward", num_labels=1, dtype=torch.float32
        )

    with tempfile.TemporaryDirectory() as output:
        trainer = PPOTrainer(
            args=PPOConfig(
                output_dir=output,
                learning_rate=workload.learning_rate,
                lr_scheduler_type=workload.scheduler,
                total_episodes=workload.episodes,
                per_device_train_batch_size=workload.forward,
                gradient_accumulation_steps=workload.batch // workload.forward,
                num_ppo_epochs=workload.epochs,
                num_mini_batches=workload.mini_batches,
                response_length=workload.max_new_tokens,
                stop_token="eos" if workload.stops else None,
                missing_eos_penalty=workload.missing_eos_penalty,
                temperature=workload.temperature,
                kl_coef=workload.kl_coef,
                bf16=False,
                gradient_checkpointing=False,
                adam_epsilon=ADAM_EPS,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                num_sample_generations=0,
                seed=workload.seed,
            ),
            processing_class=tokenizer,
            model=policy(),
            ref_model=policy(),
            reward_model=scorer(),
            value_model=scorer(),
            train_dataset=rows,
            callbacks=[turns],
        )
        trainer.train()
    trainer.policy_model.save_pretrained(folder / "peer" / "model")
    tokenizer.save_pretrained(folder / "peer" / "model")
    channel.tell(saved=1)


if __name__ == "__main__":
    main()
