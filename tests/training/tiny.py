"""What training tests train: a Llama of some 30 thousand weights, and replies worth telling apart."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

# Two threads on a busy machine mostly wait for each other; a model this small needs one. To be set
# before torch is imported.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] | trim }}"
    "<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TOPICS = ["parcel", "refund", "password", "invoice", "delivery", "account", "order", "subscription"]
KIND = ["Sorry about that, I have sent you a new {0}.", "Thank you, your {0} is on its way today."]
CURT = ["No.", "Read the {0} page, we cannot help here and never will, and that is all there is to it."]


def make_model(folder: Path, *, seed: int = 0) -> Path:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=384,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text.format(topic) for text in KIND + CURT for topic in TOPICS], trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|bos|>", eos_token="<|end|>", pad_token="<|pad|>"
    )
    wrapped.chat_template = TEMPLATE
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(wrapped),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=256,
            bos_token_id=wrapped.bos_token_id,
            eos_token_id=wrapped.eos_token_id,
            pad_token_id=wrapped.pad_token_id,
            initializer_range=0.2,
        )
    )
    model.save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def reply(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": text}]


def make_rows(num_rows: int, *, seed: int = 0) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    rows = []
    for number in range(num_rows):
        topic = rng.choice(TOPICS)
        rows.append(
            {
                "prompt": user(f"Where is my {topic}? It is number {rng.randrange(99)}."),
                "chosen": reply(rng.choice(KIND).format(topic)),
                "rejected": reply(rng.choice(CURT).format(topic)),
                "strength": rng.choice([1, 2, None]),
                "tie": number % 10 == 9,
                "weight": 1.0,
                "prompt_id": 100 + number,
            }
        )
    return rows


def write_split(folder: Path, split: str, rows: list[dict[str, Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / f"{split}.parquet")


def make_snapshot(folder: Path) -> Path:
    for seed, (split, num_rows) in enumerate({"train": 60, "validation": 20, "test": 10}.items()):
        write_split(folder, split, make_rows(num_rows, seed=seed))
    return folder


GRADES = [
    "Sorry about that, your {0} is on its way today, thank you.",
    "Your {0} is on its way.",
    *reversed(CURT),
]


def make_rankings(num_rows: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Rows of a rankings snapshot: four responses shown in any order, worse and worse."""
    rng = random.Random(seed)
    rows = []
    for number in range(num_rows):
        topic = rng.choice(TOPICS)
        order = rng.sample(range(4), 4)
        rows.append(
            {
                "prompt": user(f"Where is my {topic}? It is number {rng.randrange(99)}."),
                "prompt_id": 500 + number,
                "responses": [reply(GRADES[place].format(topic)) for place in order],
                "tiers": [min(place, 2) for place in order],
                "strengths": [1, 3],
                "reliability": rng.choice([0.9, None]),
                "annotator": rng.choice(["bob", "carol"]),
            }
        )
    return rows
