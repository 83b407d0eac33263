"""The shape of a causal language model, from its config.json. No torch: the web side asks here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

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
