"""What PPO is timed on: models, prompts and settings that both sides read from one folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).parents[2] / "fixtures" / "base-model"
NUM_PROMPTS = 512
SETTINGS = "workload.json"


@dataclass(frozen=True, slots=True)
class Workload:
    name: str
    hidden: int | None  # None: the fixture's model; else a random Llama so wide
    stops: bool  # whether EOS ends a completion
    batch: int = 64  # completions of a rollout
    forward: int = 16  # rows in one forward pass that learns, at most
    epochs: int = 4
    mini_batches: int = 1
    max_new_tokens: int = 48
    learning_rate: float = 3e-6
    scheduler: str = "constant"
    kl_coef: float = 0.05
    missing_eos_penalty: float = 1.0
    temperature: float = 1.0
    episodes: int = 64_000  # far more than are run
    seed: int = 0

    def write(self, folder: Path) -> None:
        """With models and prompts of its own making, beneath `folder`."""
        policy = FIXTURE if self.hidden is None else random_llama(folder / "made", self.hidden)
        write_reward_model(policy, folder / "scorer")
        write_prompts(folder / "asked")
        self.lay_out(folder, policy=policy, reward=folder / "scorer", prompts=folder / "asked")

    def lay_out(self, folder: Path, *, policy: Path, reward: Path, prompts: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SETTINGS).write_text(json.dumps(asdict(self)), encoding="utf-8")
        for name, target in (("policy", policy), ("reward", reward), ("prompts", prompts)):
            (folder / name).symlink_to(target.resolve())

    def arithmetic(self, folder: Path, completion: float) -> float:
        """Floating-point operations that a rollout of so long completions needs at least."""
        from statistics import fmean

        from benchmarks.card.ppo import rollout_work
        from rlhf.training.data import read_prompts
        from rlhf.training.modeling import load_tokenizer
        from rlhf.training.text import encode_prompts

        rows = read_prompts(folder / "prompts", splits=["train"])
        encoded = encode_prompts(load_tokenizer(folder / "policy"), [row.messages for row in rows])
        return rollout_work(
            folder / "policy",
            rows=self.batch,
            length=fmean(map(len, encoded)) + completion,
            completion=completion,
            epochs=self.epochs,
            least=True,
        )

    @classmethod
    def read(cls, folder: Path) -> Workload:
        return cls(**json.loads((folder / SETTINGS).read_text(encoding="utf-8")))


def random_llama(folder: Path, hidden: int) -> Path:
    """Eight layers over the fixture's tokens, as drawn: 26 million parameters where hidden is 512."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from rlhf.training.modeling import load_tokenizer

    tokenizer = load_tokenizer(FIXTURE)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=hidden,
            intermediate_size=hidden * 43 // 16,
            num_hidden_layers=8,
            num_attention_heads=hidden // 64,
            max_position_embeddings=512,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            tie_word_embeddings=True,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_reward_model(policy: Path, folder: Path) -> None:
    import torch

    from rlhf.training.modeling import load_reward_model, load_tokenizer, save_model

    tokenizer = load_tokenizer(policy)
    model = load_reward_model(policy, tokenizer, dtype=torch.float32, new_head_seed=0)
    save_model(model, tokenizer, folder)


def write_prompts(folder: Path) -> None:
    from benchmarks.simulation.ground import messages_of, write_split
    from fixtures.dialogues import make_prompts

    prompts = make_prompts(NUM_PROMPTS, seed=1)
    rows: list[dict[str, Any]] = [
        {"prompt": messages_of(prompt), "prompt_id": number} for number, prompt in enumerate(prompts)
    ]
    write_split(folder, "train", rows)
