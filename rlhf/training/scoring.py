"""Rewards of conversations, in batches that do not change them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch

from rlhf.training.modeling import device, find_model, load_reward_model, load_tokenizer, precision
from rlhf.training.text import Messages, TokenIds, encode_conversations

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Scorer:
    """A reward model and the one text path to it: what it scores here is, token for token, what it
    was trained on (rlhf/training/text.py)."""

    def __init__(self, model: Any, tokenizer: PreTrainedTokenizerBase, *, batch_size: int) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.batch_size = batch_size

    @classmethod
    def load(cls, model_path: str | Path, *, batch_size: int) -> Self:
        folder = find_model(model_path)
        tokenizer = load_tokenizer(folder)
        dtype, _ = precision("auto", lora=False, inference=True)
        model: Any = load_reward_model(folder, tokenizer, dtype=dtype)
        return cls(model.to(device()).eval(), tokenizer, batch_size=batch_size)

    def score(
        self,
        prompts: Sequence[Messages],
        completions: Sequence[Messages],
        finished: Sequence[bool] | None = None,
    ) -> list[float]:
        """One raw score for each conversation. Where `finished` is False the reply was cut off, and
        is scored without the EOS it does not have."""
        return self.score_ids(encode_conversations(self.tokenizer, prompts, completions, finished))

    def score_ids(self, sequences: Sequence[TokenIds]) -> list[float]:
        """Longest first, so that a batch holds little padding and the largest one fails early."""
        was_training = self.model.training
        self.model.eval()
        order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))
        scores = [0.0] * len(sequences)
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            for index, score in zip(batch, self._score_batch([sequences[i] for i in batch]), strict=True):
                scores[index] = score
        self.model.train(was_training)
        return scores

    @torch.no_grad()
    def _score_batch(self, sequences: Sequence[TokenIds]) -> list[float]:
        limit = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        # Padding on the right: a causal model then computes for each row what it would alone.
        kept = [torch.tensor(ids[-limit:] if limit else ids) for ids in sequences]
        input_ids = torch.nn.utils.rnn.pad_sequence(
            kept, batch_first=True, padding_value=self.tokenizer.pad_token_id
        )
        lengths = torch.tensor([len(ids) for ids in kept])
        mask = (torch.arange(input_ids.shape[1]) < lengths[:, None]).long()
        target = self.model.device
        logits = self.model(
            input_ids=input_ids.to(target), attention_mask=mask.to(target), use_cache=False
        ).logits
        return logits[:, 0].float().tolist()
