"""What samples completions, behind one interface.

The default is a loop of our own over a transformers model (decoding.py): rows that have ended leave the
batch, and the log-probability of each token is kept, never the logits. Each row draws one uniform number
per token from its own seed and takes the token at that quantile, so a completion depends on its prompt
and seed alone, whatever batch it shares, and can be drawn again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from torch import Tensor

from rlhf.specs import PpoTraining
from rlhf.training.data import PromptRow, read_prompts
from rlhf.training.decoding import Decoder
from rlhf.training.errors import TrainingError
from rlhf.training.ppo_models import Models
from rlhf.training.reporting import Reporter
from rlhf.training.text import TokenIds, encode_prompts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

KEEP_SHARE = 0.8  # rows that must go on for the others to be carried along


class Sampled(NamedTuple):
    ids: TokenIds  # with the token that ended it
    logprobs: list[float] | None  # what the sampler believed, at its temperature
    finished: bool  # False: cut off


class Engine(Protocol):
    def generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> list[Sampled]:
        """One completion for each prompt, in their order."""


def derive_seed(*parts: object) -> int:
    """63 bits that follow from `parts` on every machine."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def choose(logits_BV: Tensor, uniform_B: Tensor, *, temperature: float) -> tuple[Tensor, Tensor]:
    """(token (B), its log-probability (B)): the token whose stretch of the cumulated probabilities holds
    the uniform number. In float64, so that no token is out of reach."""
    logits = logits_BV.float()
    logprobs = torch.log_softmax(logits / temperature if temperature != 1.0 else logits, dim=-1)
    cumulated = logprobs.exp().cumsum(-1, dtype=torch.float64)
    wanted = (uniform_B * cumulated[:, -1])[:, None]
    tokens = torch.searchsorted(cumulated, wanted, right=True).clamp_(max=logits.shape[-1] - 1)
    return tokens[:, 0], logprobs.gather(-1, tokens)[:, 0]


def uniforms(seeds: Sequence[int], count: int) -> Tensor:
    """(len(seeds), count); drawn on the CPU, so that they are the same for every device."""
    rows = [torch.rand(count, generator=torch.Generator().manual_seed(s), dtype=torch.float64) for s in seeds]
    return torch.stack(rows)


class ModelEngine:
    """`model` is a transformers causal model in evaluation mode; with adapters, those that are active."""

    def __init__(
        self,
        model: Any,
        *,
        temperature: float,
        max_new_tokens: int,
        stop_ids: Sequence[int],
        pad_token_id: int,
        batch_size: int | None = None,
    ) -> None:
        self.model = model
        self.temperature = temperature
        self.max_new_tokens = max_new_tokens
        self.stop_ids = sorted(stop_ids)
        self.pad_token_id = pad_token_id
        self.batch_size = batch_size


class LoopEngine(ModelEngine):
    def generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> list[Sampled]:
        order = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
        size = self.batch_size or max(1, len(order))
        completions: dict[int, Sampled] = {}
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            sampled = self._generate([prompts[i] for i in batch], [seeds[i] for i in batch])
            completions.update(zip(batch, sampled, strict=True))
        return [completions[index] for index in range(len(prompts))]

    @torch.no_grad()
    def _generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> list[Sampled]:
        target = self.model.device
        longest, num_rows = max(map(len, prompts)), len(prompts)
        room = longest + self.max_new_tokens
        padding = torch.tensor([longest - len(ids) for ids in prompts])
        padded = [[self.pad_token_id] * (longest - len(ids)) + list(ids) for ids in prompts]
        input_ids = torch.tensor(padded, device=target)
        decoder = Decoder(self.model, (torch.arange(room) >= padding[:, None]).to(target))
        next_positions = (longest - padding).to(target)
        positions = (torch.arange(longest) - padding[:, None]).clamp(min=0).to(target)
        uniform = uniforms(seeds, self.max_new_tokens).to(target)
        stop_ids = torch.tensor(self.stop_ids, device=target)

        tokens_BT = torch.full((num_rows, self.max_new_tokens), self.pad_token_id, device=target)
        logprobs_BT = torch.zeros((num_rows, self.max_new_tokens), device=target)
        lengths = torch.full((num_rows,), self.max_new_tokens, device=target)
        finished = torch.zeros(num_rows, dtype=torch.bool, device=target)
        alive = torch.arange(num_rows, device=target)  # the rows the batch still holds
        going = torch.ones(num_rows, dtype=torch.bool, device=target)  # of those, the ones not ended

        for step in range(self.max_new_tokens):
            logits = decoder(input_ids, positions)
            tokens, logprobs = choose(logits, uniform[:, step], temperature=self.temperature)
            tokens_BT[alive, step] = tokens
            logprobs_BT[alive, step] = logprobs
            ended = torch.isin(tokens, stop_ids) & going
            # Nothing here asks the device for an answer: it would stand still meanwhile.
            lengths[alive] = torch.where(ended, step + 1, lengths[alive])
            finished[alive] |= ended
            going &= ~ended
            input_ids, positions = tokens[:, None], next_positions[:, None] + step
            num_going = int(going.sum())
            if not num_going:
                break
            if num_going < KEEP_SHARE * len(going):
                kept = going.nonzero()[:, 0]
                decoder.keep(kept)
                alive, going, uniform = alive[kept], going[kept], uniform[kept]
                input_ids, positions = input_ids[kept], positions[kept]
                next_positions = next_positions[kept]

        rows = zip(tokens_BT.tolist(), logprobs_BT.tolist(), lengths.tolist(), finished.tolist(), strict=True)
        return [Sampled(ids[:length], values[:length], done) for ids, values, length, done in rows]


def cut_at_stop(ids: TokenIds, logprobs: list[float] | None, stop_ids: set[int]) -> Sampled:
    """Up to the first stop token and with it; what follows is not part of the completion."""
    for position, token in enumerate(ids):
        if token in stop_ids:
            return Sampled(ids[: position + 1], logprobs[: position + 1] if logprobs else None, True)
    return Sampled(ids, logprobs[: len(ids)] if logprobs else None, False)


def make_engine(spec: PpoTraining, models: Models, stop_ids: Sequence[int]) -> Engine:
    settings: dict[str, Any] = {
        "temperature": spec.temperature,
        "max_new_tokens": spec.max_completion_length,
        "stop_ids": stop_ids,
        "pad_token_id": models.tokenizer.pad_token_id,
        "batch_size": spec.generation_batch_size,
    }
    if spec.engine == "transformers":
        return LoopEngine(models.sampler, **settings)
    from rlhf.training import engines

    if spec.engine == "generate":
        return engines.GenerateEngine(models.sampler, **settings)
    if spec.engine == "continuous_batching":
        return engines.ContinuousBatchingEngine(models.sampler, **settings)
    return engines.VllmEngine(models, spec, stop_ids)


def prompts_with_room(
    snapshot_dir: Path,
    tokenizer: PreTrainedTokenizerBase,
    spec: PpoTraining,
    max_positions: int | None,
    reporter: Reporter,
) -> list[tuple[PromptRow, TokenIds]]:
    """Prompts of the train split, with their tokens, that leave room for a completion."""
    room = min(spec.max_length, max_positions or spec.max_length) - spec.max_completion_length
    rows = read_prompts(snapshot_dir, splits=["train"])
    encoded = zip(rows, encode_prompts(tokenizer, [row.messages for row in rows]), strict=True)
    fitting = [(row, ids) for row, ids in encoded if len(ids) <= room]
    if len(fitting) < len(rows):
        reporter.log(f"{len(rows) - len(fitting)} of {len(rows)} prompts exceed {room} tokens.")
    if not fitting:
        raise TrainingError(
            f"No prompt of the train split fits into {room} tokens. Raise max_length, or lower "
            "max_completion_length."
        )
    return fitting
