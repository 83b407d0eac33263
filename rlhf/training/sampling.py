"""Replies of a policy to prompts.

Full support (no top-k, top-p only when asked) whatever the model's own generation settings say, so
that what is sampled is what the policy believes. Each reply has its own stream of random numbers from
(seed, prompt id, number of the reply): the batch it happens to share changes nothing but rounding.
"""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList
from transformers.generation.logits_process import TemperatureLogitsWarper, TopPLogitsWarper

from rlhf.specs import Sampling
from rlhf.training.data import PromptRow
from rlhf.training.errors import TrainingError, out_of_memory_explained
from rlhf.training.modeling import device, find_model, load_policy, load_tokenizer, precision
from rlhf.training.reporting import Reporter
from rlhf.training.text import TokenIds, encode_prompts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(slots=True)
class Completion:
    text: str
    num_tokens: int  # with the one that ended it
    finish: Literal["stop", "length"]


def sample(
    spec: Sampling,
    *,
    model_path: str | Path,
    prompts: Sequence[PromptRow],
    num_responses: int,
    seed: int,
    reporter: Reporter,
    on_progress: Callable[[int], None] | None = None,
) -> list[list[Completion]]:
    """`num_responses` completions for each prompt, in the order of `prompts`."""
    folder = find_model(model_path)
    tokenizer = load_tokenizer(folder)
    dtype, _ = precision("auto", lora=False, inference=True)
    model: Any = load_policy(folder, tokenizer, dtype=dtype)
    model = model.to(device()).eval()
    encoded = encode_prompts(tokenizer, [prompt.messages for prompt in prompts])
    _check_room(model, prompts, encoded, spec)

    # Longest first: batches hold little padding, and one that is too large fails at once.
    order = sorted(range(len(prompts)), key=lambda index: -len(encoded[index]))
    completions: list[list[Completion]] = [[] for _ in prompts]
    advice = f"lower batch_size (now {spec.batch_size}) or max_new_tokens (now {spec.max_new_tokens})"
    started = time.monotonic()
    for start in range(0, len(order), spec.batch_size):
        batch = order[start : start + spec.batch_size]
        rows = [(index, number) for index in batch for number in range(num_responses)]
        streams = [_stream(seed, prompts[index].id, number) for index, number in rows]
        with out_of_memory_explained(advice):
            replies = _generate(model, tokenizer, [encoded[index] for index, _ in rows], streams, spec)
        for (index, _), reply in zip(rows, replies, strict=True):
            completions[index].append(reply)
        reporter.raise_if_cancelled()
        if on_progress:
            on_progress(start + len(batch))
    seconds = time.monotonic() - started
    num_tokens = sum(reply.num_tokens for replies in completions for reply in replies)
    reporter.log(f"{len(prompts)} prompts, {num_tokens} tokens in {seconds:.1f} seconds.")
    return completions


def free_memory() -> None:
    """Of a model that nothing refers to any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@torch.no_grad()
def _generate(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[TokenIds],
    streams: Sequence[torch.Generator],
    spec: Sampling,
) -> list[Completion]:
    longest = max(len(ids) for ids in prompts)
    padding = [[tokenizer.pad_token_id] * (longest - len(ids)) for ids in prompts]
    input_ids = torch.tensor([pad + ids for pad, ids in zip(padding, prompts, strict=True)])
    mask = torch.tensor([[0] * len(pad) + [1] * (longest - len(pad)) for pad in padding])
    stop_ids = set(model.generation_config.eos_token_id)

    processors = LogitsProcessorList()
    if spec.temperature != 1.0:
        processors.append(TemperatureLogitsWarper(spec.temperature))
    if spec.top_p < 1.0:
        processors.append(TopPLogitsWarper(spec.top_p))
    processors.append(GumbelNoise(streams))
    generated = model.generate(
        input_ids=input_ids.to(model.device),
        attention_mask=mask.to(model.device),
        logits_processor=processors,
        generation_config=GenerationConfig(
            do_sample=False,  # the largest of the noisy logits is a sample
            num_beams=1,
            max_new_tokens=spec.max_new_tokens,
            eos_token_id=sorted(stop_ids),
            pad_token_id=tokenizer.pad_token_id,
        ),
    )[:, longest:].tolist()

    kept: list[tuple[TokenIds, bool]] = []
    for ids in generated:
        end = next((position for position, token in enumerate(ids) if token in stop_ids), None)
        kept.append((ids, False) if end is None else (ids[: end + 1], True))
    texts = tokenizer.batch_decode([ids for ids, _ in kept], skip_special_tokens=True)
    return [
        Completion(text=text, num_tokens=len(ids), finish="stop" if stopped else "length")
        for text, (ids, stopped) in zip(texts, kept, strict=True)
    ]


class GumbelNoise(LogitsProcessor):
    """Turns argmax into sampling: argmax(logits + Gumbel noise) follows softmax(logits) (Gumbel 1954).
    Each row draws from its own stream."""

    def __init__(self, streams: Sequence[torch.Generator]) -> None:
        self.streams = streams

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        noise = torch.empty_like(scores, dtype=torch.float32)
        for row, stream in zip(noise, self.streams, strict=True):
            row.exponential_(generator=stream)
        # A draw of zero would let any token win; clamped, it wins as rarely as it should.
        return scores.float() - noise.clamp_min_(torch.finfo(torch.float32).eps / 2).log()


def _stream(seed: int, prompt_id: int, number: int) -> torch.Generator:
    digest = hashlib.sha256(f"{seed}:{prompt_id}:{number}".encode()).digest()
    return torch.Generator(device()).manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def _check_room(
    model: Any, prompts: Sequence[PromptRow], encoded: Sequence[TokenIds], spec: Sampling
) -> None:
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    for prompt, ids in zip(prompts, encoded, strict=True):
        if limit and len(ids) + spec.max_new_tokens > limit:
            raise TrainingError(
                f"Prompt {prompt.id} has {len(ids)} tokens: with max_new_tokens ({spec.max_new_tokens}) it "
                f"exceeds the {limit} positions of the model. Lower max_new_tokens, or archive the prompt."
            )
