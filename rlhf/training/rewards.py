"""Where the scores of a rollout come from: reward models, rules, services; their weighted sum is learned.

Every source is a function of prompts (messages), completions (texts) and whether each has ended, and
gives one score each. A rule scores 1 where it holds and 0 where it does not.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx
import torch

from rlhf.specs import ModelReward, PpoTraining, RemoteReward, RewardSource, VerifierReward
from rlhf.training import scoring
from rlhf.training.errors import TrainingError
from rlhf.training.ppo_math import RunningMoments
from rlhf.training.remote import Service
from rlhf.training.scoring import Scorer
from rlhf.training.text import Messages


class Source(Protocol):
    name: str

    def score(
        self, prompts: Sequence[Messages], completions: Sequence[str], finished: Sequence[bool]
    ) -> list[float]: ...


class ModelSource:
    def __init__(self, name: str, scorer: Scorer) -> None:
        self.name = name
        self.scorer = scorer

    def score(
        self, prompts: Sequence[Messages], completions: Sequence[str], finished: Sequence[bool]
    ) -> list[float]:
        messages: list[Messages] = [[{"role": "assistant", "content": text}] for text in completions]
        return self.scorer.score(prompts, messages, finished)


class VerifierSource:
    def __init__(self, spec: VerifierReward) -> None:
        self.name: str = spec.verifier
        self._holds = VERIFIERS[spec.verifier](spec.argument)

    def score(
        self, prompts: Sequence[Messages], completions: Sequence[str], finished: Sequence[bool]
    ) -> list[float]:
        return [float(self._holds(text)) for text in completions]


class RemoteSource:
    """POSTs {"prompts": [[{role, content}, ...], ...], "completions": [text, ...], "finished": [bool, ...]}
    and reads {"scores": [number, ...]}. An answer of another form ends the run in one sentence; remote.py
    has the rest."""

    def __init__(self, spec: RemoteReward, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.name = "remote"
        self._batch_size = spec.batch_size
        self._service = Service(
            "reward service",
            spec.url,
            timeout_seconds=spec.timeout_seconds,
            retries=spec.retries,
            sleep=sleep,
        )

    def score(
        self, prompts: Sequence[Messages], completions: Sequence[str], finished: Sequence[bool]
    ) -> list[float]:
        scores: list[float] = []
        for start in range(0, len(prompts), self._batch_size):
            part = slice(start, start + self._batch_size)
            asked = list(completions[part])
            body = {"prompts": prompts[part], "completions": asked, "finished": finished[part]}
            scores += self._read(self._service.post(body, wanted="scores"), len(asked))
        return scores

    def _read(self, response: httpx.Response, count: int) -> list[float]:
        try:
            scores = [float(score) for score in response.json()["scores"]]
        except (ValueError, KeyError, TypeError):
            scores = []
        if len(scores) != count or not all(map(math.isfinite, scores)):
            raise TrainingError(
                f'The {self._service.name} must answer {{"scores": [...]}} with one finite number '
                f"for each of the {count} completions; it answered {response.text[:100]!r}."
            )
        return scores


# Rules, each made from its argument


def _valid_json(argument: Any) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            json.loads(text)
        except ValueError:
            return False
        return True

    return holds


def _json_schema(argument: Any) -> Callable[[str], bool]:
    import jsonschema

    kind = jsonschema.validators.validator_for(argument)
    try:
        kind.check_schema(argument)
    except jsonschema.SchemaError as error:
        raise TrainingError(f"The schema of the verifier json_schema is none: {error.message}.") from error
    validator = kind(argument)

    def holds(text: str) -> bool:
        try:
            return validator.is_valid(json.loads(text))
        except ValueError:
            return False

    return holds


def _regex(argument: Any) -> Callable[[str], bool]:
    pattern = re.compile(argument)
    return lambda text: pattern.search(text) is not None


def _max_words(argument: Any) -> Callable[[str], bool]:
    return lambda text: len(text.split()) <= argument


VERIFIERS: dict[str, Callable[[Any], Callable[[str], bool]]] = {
    "valid_json": _valid_json,
    "json_schema": _json_schema,
    "regex": _regex,
    "max_words": _max_words,
}


# All of them together


class Rewards:
    def __init__(self, sources: Sequence[tuple[Source, float]]) -> None:
        self.sources = list(sources)

    @classmethod
    def load(cls, spec: PpoTraining, reward_model_path: str | Path | None) -> Rewards:
        sources: list[tuple[Source, float]] = []
        if reward_model_path is not None:
            sources.append((_model_source("reward_model", reward_model_path, spec), 1.0))
        for declared in spec.rewards:
            sources.append((_make(declared, spec), declared.weight))
        if not sources:
            raise TrainingError(
                "Nothing scores the completions: name a reward model, or a source in rewards."
            )
        names = [source.name for source, _ in sources]
        for index, (source, _) in enumerate(sources):
            if names.count(source.name) > 1:
                source.name = f"{source.name}_{index}"
        return cls(sources)

    def score(
        self, prompts: Sequence[Messages], completions: Sequence[str], finished: Sequence[bool]
    ) -> list[dict[str, float]]:
        """What each source says of each completion, before weights."""
        by_source = {source.name: source.score(prompts, completions, finished) for source, _ in self.sources}
        return [dict(zip(by_source, values, strict=True)) for values in zip(*by_source.values(), strict=True)]

    def total(self, scores: dict[str, float]) -> float:
        return math.fsum(weight * scores[source.name] for source, weight in self.sources)


def _make(declared: RewardSource, spec: PpoTraining) -> Source:
    if isinstance(declared, ModelReward):
        return _model_source("reward_model", declared.model, spec)
    if isinstance(declared, VerifierReward):
        return VerifierSource(declared)
    return RemoteSource(declared)


def _model_source(name: str, path: str | Path, spec: PpoTraining) -> ModelSource:
    return ModelSource(name, Scorer.load(path, batch_size=4 * spec.batch_size))


def shape_scores(
    totals: Sequence[float],
    lengths: Sequence[int],
    finished: Sequence[bool],
    *,
    spec: PpoTraining,
    moments: RunningMoments,
) -> list[float]:
    """What is put at the last token: total, normalised, clipped, less the penalties, which are therefore
    in units of the score that is learned. `moments` take in `totals`, where the spec wants them to."""
    scores = list(totals)
    if spec.score_normalization == "running" or (spec.score_normalization == "center" and not moments.count):
        moments.add(scores)
    if spec.score_normalization != "none":
        # The first rollout is the reference's, so its mean is that of reference responses.
        spread = moments.std if spec.score_normalization == "running" else 1.0
        scores = [(score - moments.mean) / max(spread, 1e-6) for score in scores]
    if spec.score_clip is not None:
        limit = spec.score_clip
        scores = [min(max(score, -limit), limit) for score in scores]
    return [
        score - spec.length_penalty * length - (0.0 if done else spec.missing_eos_penalty)
        for score, length, done in zip(scores, lengths, finished, strict=True)
    ]


@torch.no_grad()
def check_parity(rewards: Rewards, prompts: Sequence[Messages], completions: Sequence[str]) -> float:
    """The largest difference between how reward models serve a text and how they were trained on it.
    A policy would learn that difference, so TrainingError where it is one."""
    replies: list[Messages] = [[{"role": "assistant", "content": text}] for text in completions]
    models = [source.scorer for source, _ in rewards.sources if isinstance(source, ModelSource)]
    return max((scoring.check_parity(scorer, prompts, replies) for scorer in models), default=0.0)
