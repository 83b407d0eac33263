"""What samples completions of a model, behind one interface.

The default is a loop of our own over a transformers model (decoding.py): rows that have ended leave the
batch, and the log-probability of each token is kept, never the logits. Each row draws one uniform number
per token from its own seed and takes the token at that quantile, so a completion depends on its prompt
and seed alone, whatever batch it shares, and can be drawn again. transformers' `generate` and its
continuous batching can be chosen by name; vllm_engine.py has vLLM.

All keep the log-probability each token had when it was drawn, so that PPO can correct for what their
arithmetic does differently.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList
from transformers.generation.logits_process import TopPLogitsWarper

from rlhf.training.decoding import Decoder
from rlhf.training.errors import TrainingError
from rlhf.training.text import TokenIds

PAGE = 32  # tokens of continuous batching; where the room is set by us
KEEP_SHARE = 0.8  # rows that must go on for the others to be carried along
HANDED_SHARE = 0.5  # rows of a batch that end before they are handed over together


class Sampled(NamedTuple):
    ids: TokenIds  # with the token that ended it
    logprobs: list[float] | None  # what the sampler believed, at its temperature
    finished: bool  # False: cut off


class Engine(Protocol):
    def generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> list[Sampled]:
        """One completion for each prompt, in their order."""

    def as_they_end(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> Iterator[dict[int, Sampled]]:
        """The same by the number of the prompt, each once: some of them while others are still sampled, where
        the engine can say so."""
        yield dict(enumerate(self.generate(prompts, seeds)))


def derive_seed(*parts: object) -> int:
    """63 bits that follow from `parts` on every machine."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def choose(
    logits_BV: Tensor, uniform_B: Tensor, *, temperature: float, top_p: float = 1.0
) -> tuple[Tensor, Tensor]:
    """(token (B), its log-probability (B)): the token whose stretch of the cumulated probabilities holds
    the uniform number. In float64, so that no token is out of reach."""
    logits = logits_BV.float()
    if temperature != 1.0:
        logits = logits / temperature
    if top_p < 1.0:
        logits = TopPLogitsWarper(top_p)(None, logits)
    logprobs = torch.log_softmax(logits, dim=-1)
    cumulated = logprobs.exp().cumsum(-1, dtype=torch.float64)
    wanted = (uniform_B * cumulated[:, -1])[:, None]
    tokens = torch.searchsorted(cumulated, wanted, right=True).clamp_(max=logits.shape[-1] - 1)
    return tokens[:, 0], logprobs.gather(-1, tokens)[:, 0]


def uniforms(seeds: Sequence[int], count: int) -> Tensor:
    """(len(seeds), count); drawn on the CPU, so that they are the same for every device."""
    rows = [torch.rand(count, generator=torch.Generator().manual_seed(s), dtype=torch.float64) for s in seeds]
    return torch.stack(rows)


class ModelEngine(Engine):
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
        top_p: float = 1.0,
    ) -> None:
        self.model = model
        self.temperature = temperature
        self.max_new_tokens = max_new_tokens
        self.stop_ids = sorted(stop_ids)
        self.pad_token_id = pad_token_id
        self.batch_size = batch_size
        self.top_p = top_p

    def choose(self, logits_BV: Tensor, uniform_B: Tensor) -> tuple[Tensor, Tensor]:
        return choose(logits_BV, uniform_B, temperature=self.temperature, top_p=self.top_p)


class LoopEngine(ModelEngine):
    def generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> list[Sampled]:
        completions: dict[int, Sampled] = {}
        for ended in self.as_they_end(prompts, seeds):
            completions |= ended
        return [completions[index] for index in range(len(prompts))]

    def as_they_end(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> Iterator[dict[int, Sampled]]:
        order = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
        size = self.batch_size or max(1, len(order))
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            for ended in self._generate([prompts[i] for i in batch], [seeds[i] for i in batch]):
                yield {batch[place]: sampled for place, sampled in ended.items()}

    @torch.no_grad()
    def _generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> Iterator[dict[int, Sampled]]:
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
        handed = torch.zeros_like(going)
        # A device has nobody who could do something with them meanwhile.
        enough = HANDED_SHARE * num_rows if target.type == "cpu" else num_rows

        def hand_over(rows: Tensor) -> dict[int, Sampled]:
            handed[rows] = True
            columns = (tokens_BT[rows], logprobs_BT[rows], lengths[rows], finished[rows])
            found = zip(rows.tolist(), *(column.tolist() for column in columns), strict=True)
            return {row: Sampled(ids[:end], values[:end], done) for row, ids, values, end, done in found}

        for step in range(self.max_new_tokens):
            logits = decoder(input_ids, positions)
            tokens, logprobs = self.choose(logits, uniform[:, step])
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
            if enough < num_rows and len(ready := (finished & ~handed).nonzero()[:, 0]) >= enough:
                yield hand_over(ready)
            if num_going < KEEP_SHARE * len(going):
                kept = going.nonzero()[:, 0]
                decoder.keep(kept)
                alive, going, uniform = alive[kept], going[kept], uniform[kept]
                input_ids, positions = input_ids[kept], positions[kept]
                next_positions = next_positions[kept]
        yield hand_over((~handed).nonzero()[:, 0])


class GenerateEngine(LoopEngine):
    """transformers' own `generate`, drawing the same numbers: slower, for models the loop cannot run."""

    @torch.no_grad()
    def _generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> Iterator[dict[int, Sampled]]:
        longest = max(map(len, prompts))
        padding = [[self.pad_token_id] * (longest - len(ids)) for ids in prompts]
        target = self.model.device
        input_ids = torch.tensor([pad + list(ids) for pad, ids in zip(padding, prompts, strict=True)])
        mask = torch.tensor([[0] * len(pad) + [1] * (longest - len(pad)) for pad in padding])
        chooser = _Chooser(uniforms(seeds, self.max_new_tokens).to(target), self.choose)
        generated = self.model.generate(
            input_ids=input_ids.to(target),
            attention_mask=mask.to(target),
            logits_processor=LogitsProcessorList([chooser]),
            generation_config=GenerationConfig(
                do_sample=False,
                num_beams=1,
                max_new_tokens=self.max_new_tokens,
                eos_token_id=self.stop_ids,
                pad_token_id=self.pad_token_id,
            ),
        )[:, longest:].tolist()
        logprobs = torch.stack(chooser.logprobs, dim=1).tolist()
        yield {
            row: cut_at_stop(ids, values, set(self.stop_ids))
            for row, (ids, values) in enumerate(zip(generated, logprobs, strict=True))
        }


class _Chooser(LogitsProcessor):
    """Leaves one token possible: the one that was drawn."""

    def __init__(self, uniform: Tensor, choose: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> None:
        self.uniform = uniform
        self.choose = choose
        self.logprobs: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        step = len(self.logprobs)
        tokens, logprobs = self.choose(scores, self.uniform[:, step])
        self.logprobs.append(logprobs)
        return torch.full_like(scores, -torch.inf).scatter_(1, tokens[:, None], 0.0)


class ContinuousBatchingEngine(ModelEngine):
    """A row that ends makes room for one that waits. Rows share one stream of random numbers: the same
    prompts with the same seeds give the same completions, another company gives others."""

    def generate(self, prompts: Sequence[TokenIds], seeds: Sequence[int]) -> list[Sampled]:
        from transformers.generation.configuration_utils import ContinuousBatchingConfig

        room: dict[str, Any] = {}
        if self.model.device.type == "cpu":  # it would take most of the machine's memory, and a while
            pages = sum(math.ceil((len(ids) + self.max_new_tokens) / PAGE) for ids in prompts)
            room = {"page_size": PAGE, "num_blocks": pages + 1, "max_batch_tokens": 512}
        generated = self.model.generate_batch(
            [list(ids) for ids in prompts],
            generation_config=GenerationConfig(
                do_sample=True,
                temperature=self.temperature,
                top_k=0,
                top_p=self.top_p,
                max_new_tokens=self.max_new_tokens,
                eos_token_id=self.stop_ids,
                pad_token_id=self.pad_token_id,
            ),
            continuous_batching_config=ContinuousBatchingConfig(
                return_logprobs=True,
                seed=derive_seed(*seeds) % 2**31,
                max_requests_per_batch=self.batch_size,
                **room,
            ),
            progress_bar=False,
        )
        if len(generated) != len(prompts):
            raise TrainingError(
                f"Continuous batching answered {len(generated)} of {len(prompts)} prompts: the log has its "
                "error. Choose engine: transformers."
            )
        stops = set(self.stop_ids)
        return [
            cut_at_stop(list(one.generated_tokens), list(one.logprobs), stops) for one in generated.values()
        ]


def cut_at_stop(ids: TokenIds, logprobs: list[float] | None, stop_ids: set[int]) -> Sampled:
    """Up to the first stop token and with it; what follows is not part of the completion."""
    for position, token in enumerate(ids):
        if token in stop_ids:
            return Sampled(ids[: position + 1], logprobs[: position + 1] if logprobs else None, True)
    return Sampled(ids, logprobs[: len(ids)] if logprobs else None, False)
