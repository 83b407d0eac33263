"""The same PPO by TRL 1.12, the last release that had it: a program of its own, as it wants another TRL.

PYTHONPATH=<folder that holds TRL 1.12> python -m benchmarks.card.peer SIZE MODEL REWARD_MODEL OUTPUT
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.card.ground import SIZES, peak_gib
from benchmarks.card.ppo import EPOCHS, prompts


def train(name: str, model: Path, reward_model: Path, output: Path) -> dict[str, Any]:
    import torch
    from datasets import Dataset
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSequenceClassification,
        AutoTokenizer,
        TrainerCallback,
    )
    from trl.experimental.ppo import PPOConfig, PPOTrainer

    size = SIZES[name]
    tokenizer = AutoTokenizer.from_pretrained(model, padding_side="left")
    times: list[float] = []

    class Watch(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            times.append(time.perf_counter())

    def causal() -> Any:
        return AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16)

    def scorer() -> Any:
        return AutoModelForSequenceClassification.from_pretrained(
            reward_model, dtype=torch.bfloat16, num_labels=1
        )

    texts = [[{"role": "user", "content": text}] for text in prompts(size)]
    encoded = [
        tokenizer.apply_chat_template(text, add_generation_prompt=True, return_dict=True)["input_ids"]
        for text in texts
    ]
    trainer = PPOTrainer(
        args=PPOConfig(
            output_dir=str(output),
            per_device_train_batch_size=size.rows,
            gradient_accumulation_steps=size.rollout // size.rows,
            local_rollout_forward_batch_size=size.rollout,
            num_ppo_epochs=EPOCHS,
            num_mini_batches=1,
            total_episodes=size.rollout * size.rollouts,
            response_length=size.completion,
            temperature=1.0,
            learning_rate=1e-6,
            num_sample_generations=0,
            gradient_checkpointing=False,
            bf16=torch.cuda.is_available(),
            use_cpu=not torch.cuda.is_available(),
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        ),
        processing_class=tokenizer,
        model=causal(),
        ref_model=causal(),
        reward_model=scorer(),
        value_model=scorer(),
        train_dataset=Dataset.from_list([{"input_ids": ids} for ids in encoded]),
        eval_dataset=Dataset.from_list([{"input_ids": ids} for ids in encoded[: size.rows]]),
        callbacks=[Watch()],
    )
    peak_gib()
    trainer.train()
    tokens = size.rollout * size.completion
    seconds = [later - earlier for earlier, later in itertools.pairwise(times)]
    return {"tokens_per_second": [tokens / one for one in seconds], "peak_gib": peak_gib()}


if __name__ == "__main__":
    name, model, reward_model, output = sys.argv[1:]
    print(json.dumps(train(name, Path(model), Path(reward_model), Path(output))))
