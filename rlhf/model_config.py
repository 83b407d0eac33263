"""What the JSON files of a model say of it. No torch: the web side asks here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

REWARD_KEY = "reward"  # what reward models made here carry in their config.json

# Architectures whose feed-forward has no gate, so two matrices where the others have three.
UNGATED = (
    "gpt2",
    "gpt_neox",
    "gptj",
    "gpt_neo",
    "opt",
    "bloom",
    "falcon",
    "phi",
    "mpt",
    "codegen",
    "starcoder2",
)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The contents of a model's JSON files; empty where it has no such file, or one that is none."""

    config: Mapping[str, Any]
    generation: Mapping[str, Any] = field(default_factory=dict)
    tokenizer: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, read: Callable[[str], bytes | None]) -> Self:
        """`read` gives a file by its name."""
        names = ("config.json", "generation_config.json", "tokenizer_config.json")
        return cls(*(_object(read(name)) for name in names))

    @classmethod
    def of(cls, folder: Path) -> Self:
        return cls.read(lambda name: path.read_bytes() if (path := folder / name).is_file() else None)

    @property
    def num_reward_labels(self) -> int | None:
        """How many members the reward model has; None where it is another kind of model."""
        architectures = self.config.get("architectures") or [""]
        num_labels = len(self.config.get("id2label") or ("two", "labels"))  # two are not written down
        is_reward = architectures[0].endswith("ForSequenceClassification") and (
            num_labels == 1 or REWARD_KEY in self.config
        )
        return num_labels if is_reward else None

    @property
    def pad_also_ends(self) -> bool:
        """Whether the token that fills up rows is among those that end a reply. One that is EOS itself
        does not count: whoever loads the tokenizer gives it another (rlhf/training/modeling.py)."""
        pad, eos = (_content(self.tokenizer.get(name)) for name in ("pad_token", "eos_token"))
        if not pad or pad == eos:
            return False
        added = self.tokenizer.get("added_tokens_decoder") or {}
        ids: list[Any] = [int(number) for number, token in added.items() if _content(token) == pad]
        declared = self.generation.get("eos_token_id", self.config.get("eos_token_id"))
        ends = declared if isinstance(declared, list) else [declared]
        known = ids or [self.config.get("pad_token_id")]
        return any(number in ends for number in known if number is not None)


def _object(content: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _content(token: Any) -> str | None:
    return token.get("content") if isinstance(token, dict) else token


@dataclass(frozen=True, slots=True)
class ModelShape:
    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    head_size: int
    intermediate: int
    vocabulary: int
    positions: int | None
    is_gated: bool
    is_tied: bool
    experts: int  # 1 where the feed-forward is dense
    learned_positions: int

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        """Raises ValueError where `config` does not say how large the model is."""
        config = config.get("text_config") or config

        def first(*names: str, default: Any = None) -> Any:
            return next((config[name] for name in names if config.get(name) is not None), default)

        hidden, layers = (
            first("hidden_size", "n_embd", "d_model"),
            first("num_hidden_layers", "n_layer", "n_layers"),
        )
        vocabulary = first("vocab_size")
        heads = first("num_attention_heads", "n_head", "n_heads")
        if not (hidden and layers and vocabulary and heads):
            raise ValueError(
                "config.json does not say how large the model is (hidden_size, num_hidden_layers, …)"
            )
        kind = config.get("model_type", "")
        positions = first("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len")
        return cls(
            hidden=hidden,
            layers=layers,
            heads=heads,
            key_value_heads=first("num_key_value_heads", default=heads),
            head_size=first("head_dim", default=hidden // heads),
            intermediate=first("intermediate_size", "n_inner", "ffn_dim", default=4 * hidden),
            vocabulary=vocabulary,
            positions=positions,
            is_gated=kind not in UNGATED,
            is_tied=bool(first("tie_word_embeddings", default=kind in ("gpt2", "opt", "gemma", "gemma2"))),
            experts=first("num_local_experts", "num_experts", "n_routed_experts", default=1) or 1,
            learned_positions=positions or 0 if kind in ("gpt2", "opt", "gpt_neo") else 0,
        )

    @property
    def projections(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each linear layer of one block, as LoRA on all-linear finds them."""
        own, shared = self.heads * self.head_size, self.key_value_heads * self.head_size
        attention = [(self.hidden, own), (self.hidden, shared), (self.hidden, shared), (own, self.hidden)]
        inner = [(self.hidden, self.intermediate)] * (2 if self.is_gated else 1)
        return attention + [*inner, (self.intermediate, self.hidden)] * self.experts

    @property
    def num_parameters(self) -> int:
        """To within a percent: norms are counted as two vectors a block, biases not at all."""
        block = sum(rows * columns for rows, columns in self.projections) + 2 * self.hidden
        embeddings = self.vocabulary * self.hidden * (1 if self.is_tied else 2)
        return self.layers * block + embeddings + (1 + self.learned_positions) * self.hidden

    def num_lora_parameters(self, r: int) -> int:
        return self.layers * sum(r * (rows + columns) for rows, columns in self.projections)
