"""A rollout: completions, and what policy, reference, critic and rewards say of them.

On a CPU rows that have ended are looked at while the others are still sampled: a step of few rows does not
keep two cores busy.

The sampler has said already what the policy believes. The longest rows are read again, and where the policy
finds there what the sampler believed, the others are not: a fourth of the work. A sampler of other arithmetic
or another precision is not believed so, and PPO corrects for what it does differently.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rlhf.training.data import PromptRow
from rlhf.training.engines import Engine, Sampled
from rlhf.training.ppo_models import Batch, Models, Row
from rlhf.training.rewards import Rewards
from rlhf.training.text import TokenIds

SAME = 1e-4  # log-probabilities no further apart differ by rounding alone


class Drawn(NamedTuple):
    """A prompt of a rollout, its tokens, and the seed of its completion."""

    prompt: PromptRow
    ids: TokenIds
    seed: int


class Seen(NamedTuple):
    """A completion, what each model says of its tokens, and what each reward says of it."""

    sampled: Sampled
    logprobs: list[float]
    reference: list[float]
    values: list[float]
    scores: dict[str, float]


Found = dict[tuple[str, int], Any]  # (field of Seen, row)


class Look:
    def __init__(self, models: Models, rewards: Rewards, *, most_rows: int) -> None:
        """`most_rows` go through a model together."""
        self.models = models
        self.rewards = rewards
        self.most_rows = most_rows
        self._scoring = threading.Lock()  # a source may be anyone's, and made for one thread

    @torch.no_grad()
    def __call__(self, engine: Engine, drawn: Sequence[Drawn]) -> tuple[list[Seen], float]:
        """What is seen of each; and the seconds that sampling took."""
        sampled: dict[int, Sampled] = {}
        rows: dict[int, Row] = {}
        seconds = 0.0

        def tasks() -> Iterator[Callable[[], Found]]:
            nonlocal seconds
            started = time.monotonic()
            for ended in engine.as_they_end([one.ids for one in drawn], [one.seed for one in drawn]):
                sampled.update(ended)
                yield partial(self._score, [drawn[row] for row in ended], ended)
                rows.update({row: Row(drawn[row].ids, one.ids) for row, one in ended.items()})
                for batch, part in self._batches(rows, ended):
                    yield partial(_of_rows, "reference", self.models.reference_logprobs, batch, part)
                    yield partial(_of_rows, "values", self.models.values, batch, part)
            seconds = time.monotonic() - started
            yield partial(self._policy, rows, {row: one.logprobs for row, one in sampled.items()})

        found: Found = {}
        for some in self.models.shared_out(tasks()):
            found |= some
        fields = [name for name in Seen._fields if name != "sampled"]
        seen = [
            Seen(sampled[row], **{name: found[name, row] for name in fields}) for row in range(len(drawn))
        ]
        return seen, seconds

    def _score(self, drawn: Sequence[Drawn], ended: dict[int, Sampled]) -> Found:
        ids = [one.ids for one in ended.values()]
        texts = self.models.tokenizer.batch_decode(ids, skip_special_tokens=True)
        with self._scoring:
            scores = self.rewards.score(
                [one.prompt.messages for one in drawn], texts, [one.finished for one in ended.values()]
            )
        return {("scores", row): one for row, one in zip(ended, scores, strict=True)}

    def _policy(self, rows: dict[int, Row], believed: dict[int, list[float] | None]) -> Found:
        """`believed` is what the sampler says of a row; None where it does not say."""
        told: Found = {("logprobs", row): one for row, one in believed.items()}
        found: Found = {}
        for number, (batch, part) in enumerate(self._batches(rows, rows)):
            found |= self._read(batch, part)
            if number == 0 and all(believed.values()) and all(_agree(found[key], told[key]) for key in found):
                return told | found
        return found

    def _read(self, batch: Batch, part: Sequence[int]) -> Found:
        return _of_rows("logprobs", lambda one: self.models.logprobs(one)[0], batch, part)

    def _batches(self, rows: dict[int, Row], which: Iterable[int]) -> list[tuple[Batch, Sequence[int]]]:
        return self.models.batches(rows, which, most_rows=self.most_rows)


def _of_rows(name: str, read: Callable[[Batch], Tensor], batch: Batch, part: Sequence[int]) -> Found:
    """`read` gives (N), of the N completion tokens of a batch."""
    values = iter(read(batch).tolist())
    return {(name, row): list(islice(values, end)) for row, end in zip(part, batch.lengths, strict=True)}


def _agree(found: Sequence[float], believed: Sequence[float]) -> bool:
    return all(abs(one - other) <= SAME for one, other in zip(found, believed, strict=True))
