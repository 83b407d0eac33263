"""Rewards of conversations, in batches that do not change them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from transformers.modeling_layers import GenericForSequenceClassification

from rlhf.training.ensembles import combine_members
from rlhf.training.errors import TrainingError
from rlhf.training.last_layer import LastLayer
from rlhf.training.member_adapters import MemberLinear
from rlhf.training.modeling import device, find_model, load_reward_model, load_tokenizer, precision
from rlhf.training.passes import passes
from rlhf.training.reward_heads import RewardFacts
from rlhf.training.text import Messages, TokenIds, encode_conversations, pad_right

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


# How far batches may differ: addition in another order, and a rounding of bfloat16.
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2}


class Scorer:
    """A reward model and the one text path to it: what it scores here is, token for token, what it
    was trained on (rlhf/training/text.py). The members of an ensemble are combined as the model's
    config says (`facts`)."""

    def __init__(self, model: Any, tokenizer: PreTrainedTokenizerBase, *, batch_size: int) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.batch_size = batch_size
        self.facts = RewardFacts.of(model.config)
        self._reader = _reader(model)

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
        if not sequences:  # torch warns about the variance of nothing
            return []
        members = self.member_scores(sequences)
        return combine_members(members, self.facts.combine, self.facts.variance_penalty).tolist()

    def member_scores(self, sequences: Sequence[TokenIds]) -> torch.Tensor:
        """[len(sequences), members], float32. Longest first, so that a batch holds little padding and the
        largest one fails early."""
        was_training = self.model.training
        self.model.eval()
        lengths = [len(ids) for ids in sequences]
        order = sorted(range(len(sequences)), key=lambda index: -lengths[index])
        scores = torch.zeros(len(sequences), self.model.config.num_labels)
        for batch in passes(order, lengths, most_rows=self.batch_size, device=self.model.device):
            scores[batch] = self._score_batch([sequences[index] for index in batch])
        self.model.train(was_training)
        return scores

    @torch.no_grad()
    def _score_batch(self, sequences: Sequence[TokenIds]) -> torch.Tensor:
        input_ids, mask = self.batch(sequences)
        with self._reader.reading(self._ends(input_ids), mask.shape) if self._reader else nullcontext():
            logits = self.model(input_ids=input_ids, attention_mask=mask, use_cache=False).logits
        return logits.float().cpu()

    def _ends(self, input_ids: torch.Tensor) -> torch.Tensor:
        """[R]: where transformers reads the scores of R texts, among all their tokens: at the last that is
        not PAD."""
        rows, columns = (torch.arange(size, device=input_ids.device) for size in input_ids.shape)
        last = (columns * (input_ids != self.tokenizer.pad_token_id)).argmax(1)
        return rows * input_ids.shape[1] + last

    def batch(self, sequences: Sequence[TokenIds]) -> tuple[torch.Tensor, torch.Tensor]:
        """(tokens, mask) on the model's device. What is too long for the model loses its beginning, but
        for the first token, where an encoder is read."""
        limit = reading_limit(self.model, self.tokenizer)
        kept = [ids if len(ids) <= limit else [ids[0], *ids[-(limit - 1) :]] for ids in sequences]
        input_ids, mask = pad_right(kept, self.tokenizer.pad_token_id)
        return input_ids.to(self.model.device), mask.to(self.model.device)


def _reader(model: Any) -> LastLayer | None:
    """Where a score is read off the last token alone. Members with adapters of their own make more rows."""
    is_read_at_end = isinstance(model, GenericForSequenceClassification)
    if not is_read_at_end or any(isinstance(module, MemberLinear) for module in model.modules()):
        return None
    return LastLayer(model.base_model)


def reading_limit(model: Any, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens the model can read; a very large number where nothing says so."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return min(positions or tokenizer.model_max_length, tokenizer.model_max_length)


def check_parity(
    scorer: Scorer,
    prompts: Sequence[Messages],
    completions: Sequence[Messages],
    finished: Sequence[bool] | None = None,
    *,
    token_ids: Sequence[TokenIds] | None = None,
) -> float:
    """The largest difference between a conversation's score as the Scorer gives it and as a training step
    would: encoded as a row of training, in one unsorted batch, by the trainer's collator; and as it is
    when it is scored alone. TrainingError where it exceeds 1e-4 (0.05 in bfloat16) of a score, since a
    policy would then be taught by another reward than the one that was measured.

    `token_ids` are the same conversations as the caller has them, say prompt and sampled tokens of a
    rollout: they must score the same too.
    """
    from rlhf.training.rankings import JudgmentCollator

    served = scorer.score(prompts, completions, finished)
    trained_on = token_ids or encode_conversations(scorer.tokenizer, prompts, completions, finished)
    row = {"input_ids": trained_on, "tiers": [*range(len(trained_on))], "depths": [0] * len(trained_on)}
    batch = JudgmentCollator(scorer.tokenizer.pad_token_id)(
        [{**row, "weight": 1.0, "flip": 0.0, "counts": [1.0]}]
    )
    was_training = scorer.model.training
    scorer.model.eval()
    with torch.no_grad():
        logits = scorer.model(
            input_ids=batch["input_ids"].to(scorer.model.device),
            attention_mask=batch["attention_mask"].to(scorer.model.device),
            use_cache=False,
        ).logits.float()
    scorer.model.train(was_training)
    facts = scorer.facts
    scores = logits.cpu()[batch["texts"][0]]
    trained = combine_members(scores, facts.combine, facts.variance_penalty).tolist()
    alone = [scorer.score_ids([ids])[0] for ids in trained_on]
    others = zip(served, trained, alone, strict=True)
    worst = max((max(abs(a - b), abs(a - c)) for a, b, c in others), default=0.0)
    if not worst < TOLERANCE.get(scorer.model.dtype, 5e-2):
        raise TrainingError(
            f"The reward model scores the same conversation {worst:.2g} apart in training and in serving: "
            "check that its tokenizer, chat template and padding are those it was trained with."
        )
    return worst
