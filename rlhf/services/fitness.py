"""Whether what is asked for can work with the models it names, and what it would take: told before anything
is queued, from the JSON files of models that this server can read. Of others the worker finds out before it
loads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from labeling.core.errors import DomainError
from rlhf import storage
from rlhf.memory import estimate
from rlhf.model_config import ModelFiles, ModelShape
from rlhf.models import ModelVersion
from rlhf.refusals import refusals
from rlhf.specs import Spec

SpecT = TypeVar("SpecT", bound=Spec)


def files_of(model: ModelVersion | None) -> ModelFiles:
    """Empty where they lie elsewhere. An adapter has the config of what it was trained on."""
    if model is None:
        return ModelFiles({})
    if model.source and not Path(model.source).is_absolute():  # the name of one on a hub
        return ModelFiles({})
    own = ModelFiles.of(Path(model.source)) if model.source else ModelFiles.read(_stored(model))
    if model.is_adapter and model.parent is not None:
        base = files_of(model.parent)
        return ModelFiles(base.config, base.generation, own.tokenizer)
    return own


def with_room(spec: SpecT, model: ModelVersion) -> SpecT:
    """A max_length that nobody asked for is no longer than the model's positions."""
    if not hasattr(spec, "max_length") or "max_length" in spec.model_fields_set:
        return spec
    try:
        positions = ModelShape.read(files_of(model).config).positions
    except ValueError:
        positions = None
    return spec.model_copy(update={"max_length": min(spec.max_length, positions or spec.max_length)})


class Part(NamedTuple):
    """Something to run: a spec of one kind, and the models it reads."""

    kind: str
    spec: Spec
    model: ModelVersion | None
    reward_models: Sequence[ModelVersion | None] = ()
    reward_like: ModelVersion | None = None  # what a reward model will be made from that is still to come


@dataclass
class Verdict:
    """What a launch would say."""

    problem: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    memory: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """The first refusal inside is the problem."""
        try:
            yield
        except DomainError as refused:
            self.problem, self.fields = refused.message, dict(refused.fields)


def refuse(parts: Sequence[Part]) -> None:
    """DomainError, with a sentence for each reason why one of `parts` cannot work."""
    found = {
        part.kind: sentences
        for part in parts
        if (sentences := refusals(part.spec, files_of(part.model), list(map(files_of, part.reward_models))))
    }
    named = len(parts) > 1
    words = [f"{kind}: {one}" if named else one for kind, sentences in found.items() for one in sentences]
    if words:
        fields = {kind if named else "model": "unfit" for kind in found}
        raise DomainError(" ".join(words), code="unfit_model", fields=fields)


def memory(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Bytes by what takes them, of each part that trains something and whose models say how large they
    are."""
    return [found for part in parts if (found := _memory(part)) is not None]


def _memory(part: Part) -> dict[str, Any] | None:
    if not hasattr(part.spec, "learning_rate"):
        return None
    scorers = [*part.reward_models, *([part.reward_like] if part.reward_like else [])]
    configs = [files_of(one).config or None for one in scorers]
    try:
        found = estimate(part.kind, part.spec, files_of(part.model).config, reward_configs=configs)
    except ValueError:
        return None
    return {"kind": part.kind, "total_bytes": found.total_bytes, "parts": asdict(found)}


def _stored(model: ModelVersion) -> Callable[[str], bytes | None]:
    def read(name: str) -> bytes | None:
        run = model.produced_by
        file = run.files.filter(name=f"model/{name}").first() if run else None
        if file is None:
            return None
        with storage.open_file(file.path) as stored:
            return stored.read()

    return read
