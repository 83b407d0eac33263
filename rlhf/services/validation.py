"""Specs as researchers send them, checked and explained in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from labeling.core.errors import DomainError
from rlhf.specs import SPECS, Spec

SpecT = TypeVar("SpecT", bound=Spec)


def run_spec(raw: Mapping[str, Any]) -> Spec:
    """`raw` as the spec of its `kind`, defaults filled in."""
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in SPECS:
        raise DomainError(
            f"Say which kind of run: one of {', '.join(SPECS)}.", code="bad_spec", fields={"kind": "unknown"}
        )
    return checked(SPECS[kind], raw)


def checked(spec_class: type[SpecT], raw: Mapping[str, Any]) -> SpecT:
    if storable(raw) != raw:
        raise DomainError(
            "A text in the spec holds characters that are no text: remove them.", code="bad_spec"
        )
    try:
        return spec_class.model_validate(raw)
    except ValidationError as problem:
        fields = {_path(error["loc"]): _in_words(error["msg"]) for error in problem.errors()}
    listed = "; ".join(f"{path} {words}" for path, words in fields.items())
    raise DomainError(f"Correct the spec: {listed}.", code="bad_spec", fields=fields)


def storable(value: Any) -> Any:
    """`value` without what databases refuse in a text: null characters and half surrogates."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {storable(key): storable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [storable(part) for part in value]
    return value


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "spec"


def _in_words(message: str) -> str:
    message = {
        "Field required": "is missing",
        "Extra inputs are not permitted": "is not a field here",
    }.get(message, message)
    message = message.removeprefix("Value error, ")
    message = re.sub(r"^(Input|String|List|Value) should", "should", message)
    return message if message.startswith(("is ", "should")) else f"is wrong ({message})"
