"""How good a policy is in truth, how good its reward model believes it is, and how far it went.

B rows, P prompt tokens, T completion tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.simulation.ground import MAX_COMPLETION
from fixtures.crowd import utility
from rlhf.training.data import PromptRow
from rlhf.training.engines import LoopEngine, derive_seed
from rlhf.training.modeling import device, load_policy, load_tokenizer
from rlhf.training.text import TokenIds, encode_prompts, pad_right, stop_token_ids


class Written(NamedTuple):
    """A policy's reply to each of the prompts, with tokens and what the policy gave them, in nats."""

    texts: list[str]
    finished: list[bool]
    ids: list[TokenIds]
    logprobs: list[float]


def load(folder: Path) -> Any:
    return load_policy(folder, load_tokenizer(folder), dtype=torch.float32).to(device()).eval()  # type: ignore[arg-type]


def write(model: Any, folder: Path, prompts: Sequence[PromptRow], *, seed: int) -> Written:
    """Sampled at temperature 1, each from the random numbers of its prompt: two policies differ by what they
    learned rather than by luck. The tokenizer is that of `folder`."""
    tokenizer = load_tokenizer(folder)
    engine = LoopEngine(
        model,
        temperature=1.0,
        max_new_tokens=MAX_COMPLETION,
        stop_ids=stop_token_ids(tokenizer, model.generation_config.eos_token_id),
        pad_token_id=tokenizer.pad_token_id,
        batch_size=128,
    )
    encoded = encode_prompts(tokenizer, [prompt.messages for prompt in prompts])
    sampled = engine.generate(encoded, [derive_seed(seed, prompt.id) for prompt in prompts])
    return Written(
        [
            text.strip()
            for text in tokenizer.batch_decode([one.ids for one in sampled], skip_special_tokens=True)
        ],
        [one.finished for one in sampled],
        [one.ids for one in sampled],
        [sum(one.logprobs or ()) for one in sampled],
    )


@torch.no_grad()
def log_probabilities(
    model: Any, folder: Path, prompts: Sequence[PromptRow], ids: Sequence[TokenIds]
) -> list[float]:
    """Of each completion as a whole, in nats."""
    tokenizer = load_tokenizer(folder)
    encoded = encode_prompts(tokenizer, [prompt.messages for prompt in prompts])
    found: list[float] = []
    for start in range(0, len(ids), 64):
        befores, afters = encoded[start : start + 64], ids[start : start + 64]
        tokens, mask = pad_right(
            [p + c for p, c in zip(befores, afters, strict=True)], tokenizer.pad_token_id
        )
        logits = model(input_ids=tokens.to(model.device), use_cache=False).logits[:, :-1].float()
        each = torch.log_softmax(logits, -1).gather(-1, tokens[:, 1:, None].to(model.device))[..., 0].cpu()
        places = torch.arange(1, tokens.shape[1])
        is_completion = (places >= torch.tensor([len(ids) for ids in befores])[:, None]) & mask[:, 1:].bool()
        found += torch.where(is_completion, each, 0.0).sum(1).tolist()
    return found


def worth(prompts: Sequence[PromptRow], texts: Sequence[str]) -> list[float]:
    """The true utility of each."""
    return [utility(prompt.messages, text) for prompt, text in zip(prompts, texts, strict=True)]
