"""What is trained on: models with random weights, words that are one token each, and how much work it is."""

from __future__ import annotations

import itertools
import json
import operator
import random
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rlhf.model_config import ModelShape

SPECIAL = ("<|pad|>", "<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|unknown|>")
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}"
    "<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Size:
    """A Llama, and a load for it. Lengths are in tokens."""

    name: str
    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    intermediate: int
    vocabulary: int
    prompt: int
    completion: int
    rollout: int  # rows of a PPO rollout
    rows: int  # in one forward pass
    rollouts: int  # the first one warms up
    steps: int  # of DPO

    @property
    def length(self) -> int:
        return self.prompt + self.completion


SIZES = {
    size.name: size
    for size in (
        Size("0.5B", 1280, 20, 20, 20, 3456, 32_000, 256, 256, 128, 32, 4, 12),
        Size("1.5B", 2048, 32, 32, 8, 5632, 32_000, 256, 256, 128, 16, 4, 12),
        Size("tiny", 64, 2, 4, 2, 128, 500, 12, 8, 8, 4, 3, 3),
    )
}


def make_model(size: Size, folder: Path, *, is_reward: bool = False) -> Path:
    """The same weights for the same size; a reward model has a head of one label."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = _tokenizer(size.vocabulary)
    config = LlamaConfig(
        vocab_size=size.vocabulary,
        hidden_size=size.hidden,
        intermediate_size=size.intermediate,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.key_value_heads,
        max_position_embeddings=4 * size.length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **({"num_labels": 1} if is_reward else {}),
    )
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        made = LlamaForSequenceClassification(config) if is_reward else LlamaForCausalLM(config)
    made.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    del made
    torch.cuda.empty_cache()  # another process may want it
    return folder


def _tokenizer(vocabulary: int) -> Any:
    """One word, one token, there and back: what a random model writes is scored as it was written."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = [*SPECIAL, *(f"w{number}" for number in range(vocabulary - len(SPECIAL)))]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token=SPECIAL[-1]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(list(SPECIAL))
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=SPECIAL[0], bos_token=SPECIAL[1], eos_token=SPECIAL[2]
    )
    wrapped.chat_template = TEMPLATE
    return wrapped


def sentence(size: Size, num_words: int, rng: random.Random) -> str:
    return " ".join(f"w{rng.randrange(size.vocabulary - len(SPECIAL))}" for _ in range(num_words))


def shape(folder: Path) -> ModelShape:
    return ModelShape.read(json.loads((folder / "config.json").read_text(encoding="utf-8")))


def forward(
    shape: ModelShape, *, rows: int, length: float, predicted: float, read: float | None = None
) -> float:
    """Floating-point operations of a pass over `rows` of `length` tokens, of which the head reads
    `predicted`: two for each weight and token, and causal attention, which sees half of all pairs. Where
    `read` says of how many tokens the last state is read, the others have keys and values in the last layer
    and nothing else."""
    layer = sum(inputs * outputs for inputs, outputs in shape.projections)
    attention = 2 * shape.layers * shape.heads * shape.head_size * length
    keys_and_values = 2 * shape.hidden * shape.key_value_heads * shape.head_size
    unread = 0.0 if read is None else 2 * (length - read) * (layer - keys_and_values)
    head = 2.0 * predicted * shape.hidden * shape.vocabulary
    return rows * (length * (2 * shape.layers * layer + attention) - unread + head)


def ceiling(device: Any, edge: int, *, dtype: Any = None, multiply: Any = operator.matmul) -> float:
    """Floating-point operations a second of a product of two square matrices, bfloat16 unless told."""
    import torch

    left, right = (torch.randn(edge, edge, device=device, dtype=dtype or torch.bfloat16) for _ in range(2))
    seconds = []
    for _ in range(13):
        started = time.perf_counter()
        product = multiply(left, right)
        product[0, 0].item()  # waits for the device
        seconds.append(time.perf_counter() - started)
    return 2 * edge**3 / median(seconds[3:])


class Clock:
    """A reporter that keeps what was said, and when."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.values: list[dict[str, float]] = []

    def metrics(self, step: int, values: Any) -> None:
        self.times.append(time.perf_counter())
        self.values.append(dict(values))

    @property
    def seconds(self) -> list[float]:
        """Between one time and the next: the first, which warms up, is left out."""
        return [later - earlier for earlier, later in itertools.pairwise(self.times)]

    def log(self, line: str) -> None:
        pass

    def raise_if_cancelled(self) -> None:
        pass

    def _ignore(self, *args: Any, **kwargs: Any) -> None:
        pass

    progress = environment = checkpoint = _ignore


def peak_gib() -> float | None:
    """Of this process's device since it was last asked."""
    import torch

    if not torch.cuda.is_available():
        return None
    peak = torch.cuda.max_memory_allocated() / 2**30
    torch.cuda.reset_peak_memory_stats()
    return round(peak, 2)
