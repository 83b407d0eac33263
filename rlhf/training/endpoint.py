"""A model that is served elsewhere, asked by OpenAI's chat completions.

For what needs no more than texts: sampling, best of n, evaluation. PPO, RLOO and GRPO learn from tokens and
log-probabilities of the policy as it is after every step, which such a server does not have.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from rlhf.specs import Endpoint, Sampling
from rlhf.training.data import Completion, PromptRow
from rlhf.training.engines import derive_seed
from rlhf.training.errors import TrainingError
from rlhf.training.remote import SHOWN, Service
from rlhf.training.reporting import Reporter

KEYS = "ENDPOINT_KEYS"
MOST_AT_ONCE = 64  # requests
SEEDS = 2**31  # what every server takes as one


def ask(
    endpoint: Endpoint,
    spec: Sampling,
    *,
    prompts: Sequence[PromptRow],
    num_responses: int,
    seed: int,
    reporter: Reporter,
    on_progress: Callable[[int], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[list[Completion]]:
    """`num_responses` completions for each prompt, in the order of `prompts`. Each is a request, with a seed
    of its own where the server heeds it; those of `batch_size` prompts are under way together. Tokens are
    counted as the server counts them, as words where it does not."""
    served = _Served(endpoint, spec, sleep)
    at_once = min(spec.batch_size * num_responses, MOST_AT_ONCE)
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="endpoint")
    waiting: deque[list[Future[Completion]]] = deque()
    completions: list[list[Completion]] = []

    def take() -> None:
        completions.append([reply.result() for reply in waiting.popleft()])
        reporter.raise_if_cancelled()
        if on_progress:
            on_progress(len(completions))

    try:
        for prompt in prompts:
            seeds = [derive_seed(seed, prompt.id, number) % SEEDS for number in range(num_responses)]
            waiting.append([pool.submit(served.complete, prompt, one) for one in seeds])
            if len(waiting) > at_once:  # enough for every thread, and no million of prompts
                take()
        while waiting:
            take()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after a failure nothing more is asked
    return completions


class _Served:
    def __init__(self, endpoint: Endpoint, spec: Sampling, sleep: Callable[[float], None]) -> None:
        key = key_of(endpoint.url)
        self._service = Service(
            "endpoint",
            endpoint.url.rstrip("/") + "/chat/completions",
            timeout_seconds=endpoint.timeout_seconds,
            retries=endpoint.retries,
            headers={"Authorization": f"Bearer {key}"} if key else None,
            sleep=sleep,
        )
        self._settings = {
            "model": endpoint.model,
            "temperature": spec.temperature,
            "top_p": spec.top_p,
            "max_tokens": spec.max_new_tokens,
        }

    def complete(self, prompt: PromptRow, seed: int) -> Completion:
        body = {**self._settings, "messages": prompt.messages, "seed": seed}
        response = self._service.post(body, wanted=f"reply to prompt {prompt.id}")
        try:
            answer = response.json()
            choice = answer["choices"][0]
            text = choice["message"]["content"] or ""  # null where nothing was said before the end
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, KeyError, IndexError, TypeError):
            raise TrainingError(
                f"The {self._service.name} must answer as OpenAI's chat completions do, with a text in "
                f"choices; it answered {response.text[:SHOWN]!r}."
            ) from None
        has_ended = choice.get("finish_reason") == "stop"
        return Completion(text, _num_tokens(answer, text), "stop" if has_ended else "length")


def _num_tokens(answer: dict[str, Any], text: str) -> int:
    usage = answer.get("usage")
    counted = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return counted if isinstance(counted, int) else len(text.split())


def key_of(url: str) -> str | None:
    """The operator's key for what is at `url`: ENDPOINT_KEYS holds `address=key`, comma-separated, and a key
    goes to the scheme, host and port of its address alone, whatever else a spec names."""
    for entry in filter(None, map(str.strip, os.environ.get(KEYS, "").split(","))):
        address, _, key = entry.partition("=")
        try:
            origin = _origin(address)
        except (ValueError, KeyError):
            key = ""
        if not key:
            raise TrainingError(
                f"{KEYS} must be addresses with their keys, as in https://models.example.com=secret: ask the "
                "operator to correct it."
            )
        if origin == _origin(url):
            return key
    return None


def _origin(address: str) -> tuple[str, str | None, int]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
