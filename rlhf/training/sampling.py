"""Replies of a policy to prompts, from a model that is loaded here or an endpoint that serves it.

Full support (no top-k, top-p only when asked) whatever the model's own generation settings say, so
that what is sampled is what the policy believes. Each reply has its own random numbers from (seed, prompt
id, number of the reply): the batch it happens to share changes nothing but rounding.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from rlhf.specs import Endpoint, Sampling
from rlhf.training.data import Completion, PromptRow
from rlhf.training.endpoint import ask
from rlhf.training.engines import Engine, GenerateEngine, LoopEngine, derive_seed
from rlhf.training.errors import TrainingError, out_of_memory_explained
from rlhf.training.modeling import device, find_model, load_policy, load_tokenizer, precision
from rlhf.training.reporting import Reporter
from rlhf.training.text import TokenIds, encode_prompts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


# A folder or the name of a model on a hub, to be loaded; or who answers for it.
Model = str | Path | Endpoint


def sample(
    spec: Sampling,
    *,
    model: Model,
    prompts: Sequence[PromptRow],
    num_responses: int,
    seed: int,
    reporter: Reporter,
    on_progress: Callable[[int], None] | None = None,
) -> list[list[Completion]]:
    """`num_responses` completions for each prompt, in the order of `prompts`."""
    arguments: dict[str, Any] = {
        "prompts": prompts,
        "num_responses": num_responses,
        "seed": seed,
        "reporter": reporter,
        "on_progress": on_progress,
    }
    answer = partial(ask, model, spec) if isinstance(model, Endpoint) else _load(find_model(model), spec)
    started = time.monotonic()
    completions = answer(**arguments)
    seconds = time.monotonic() - started
    num_tokens = sum(reply.num_tokens for replies in completions for reply in replies)
    reporter.log(f"{len(prompts)} prompts, {num_tokens} tokens in {seconds:.1f} seconds.")
    return completions


def _load(folder: Path, spec: Sampling) -> Callable[..., list[list[Completion]]]:
    tokenizer = load_tokenizer(folder)
    dtype, _ = precision("auto", lora=False, inference=True)
    model: Any = load_policy(folder, tokenizer, dtype=dtype)
    return partial(_sample_here, model.to(device()).eval(), tokenizer, spec)


def _sample_here(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    spec: Sampling,
    *,
    prompts: Sequence[PromptRow],
    num_responses: int,
    seed: int,
    reporter: Reporter,
    on_progress: Callable[[int], None] | None,
) -> list[list[Completion]]:
    engine = _engine(model, tokenizer, spec)
    encoded = encode_prompts(tokenizer, [prompt.messages for prompt in prompts])
    _check_room(model, prompts, encoded, spec)

    # Longest first: batches hold little padding, and one that is too large fails at once.
    order = sorted(range(len(prompts)), key=lambda index: -len(encoded[index]))
    completions: list[list[Completion]] = [[] for _ in prompts]
    advice = f"lower batch_size (now {spec.batch_size}) or max_new_tokens (now {spec.max_new_tokens})"
    for start in range(0, len(order), spec.batch_size):
        batch = order[start : start + spec.batch_size]
        rows = [(index, number) for index in batch for number in range(num_responses)]
        seeds = [derive_seed(seed, prompts[index].id, number) for index, number in rows]
        with out_of_memory_explained(advice):
            sampled = engine.generate([encoded[index] for index, _ in rows], seeds)
        texts = tokenizer.batch_decode([one.ids for one in sampled], skip_special_tokens=True)
        for (index, _), one, text in zip(rows, sampled, texts, strict=True):
            finish: Literal["stop", "length"] = "stop" if one.finished else "length"
            completions[index].append(Completion(text=text, num_tokens=len(one.ids), finish=finish))
        reporter.raise_if_cancelled()
        if on_progress:
            on_progress(start + len(batch))
    return completions


def free_memory() -> None:
    """Of a model that nothing refers to any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _engine(model: Any, tokenizer: PreTrainedTokenizerBase, spec: Sampling) -> Engine:
    """Our loop, or `generate` for models that keep a state of another kind than keys and values."""
    kind = GenerateEngine if getattr(model, "_is_stateful", False) else LoopEngine
    return kind(
        model,
        temperature=spec.temperature,
        top_p=spec.top_p,
        max_new_tokens=spec.max_new_tokens,
        stop_ids=model.generation_config.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


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
