"""What a project asks of its judges, as one checked structure. Knows neither Django nor a database.

A protocol is stored and sent as JSON; what an older one does not mention has the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from labeling.messages import check_storable

MAX_UNDO_SECONDS = 24 * 3600


class Ask(StrEnum):
    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class AtFirst(StrEnum):
    """How something is on the page before anybody touches it."""

    SHOWN = "shown"
    FOLDED = "folded"


def _storable(text: str) -> str:
    check_storable(text, what="the text")
    return text


Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_storable)]
Description = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_storable)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Choice(Part):
    """One of several a judge may pick; `key` is what is stored."""

    key: Key
    label: Label
    description: Description = ""


class Criterion(Choice):
    """A scale of whole numbers on which every response is scored; `labels` name some of them."""

    low: StrictInt = Field(default=1, ge=-100, le=100)
    high: StrictInt = Field(default=5, ge=-100, le=100)
    labels: dict[str, Label] = Field(default_factory=dict)
    required: StrictBool = True

    @model_validator(mode="after")
    def _scale(self) -> Self:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        scores = {str(score) for score in range(self.low, self.high + 1)}
        if unknown := sorted(self.labels.keys() - scores):
            raise ValueError(f"labels name {unknown[0]}, which is no score from {self.low} to {self.high}")
        return self


class Reasons(Part):
    """Categories that say why; none are asked for while `choices` is empty. The numbers hold once
    reasons are required or some are given."""

    choices: list[Choice] = Field(default_factory=list, max_length=50)
    required: StrictBool = False
    min: StrictInt = Field(default=0, ge=0, le=50)
    max: StrictInt = Field(default=50, ge=1, le=50)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _check_keys(self.choices)
        if self.min > self.max:
            raise ValueError("min must not be above max")
        if self.min > len(self.choices):
            raise ValueError(f"min asks for {self.min} of {len(self.choices)} choices")
        if self.required and not self.choices:
            raise ValueError("required needs choices")
        return self

    @property
    def at_least(self) -> int:
        return max(self.min, 1)


class FreeText(Part):
    ask: Ask = Ask.OPTIONAL
    min_length: StrictInt = Field(default=0, ge=0, le=10_000)


class Demonstrations(Part):
    """Whether people are asked to write responses of their own."""

    on: StrictBool = False
    min_length: StrictInt = Field(default=1, ge=1, le=10_000)


class Protocol(Part):
    """What judges are asked, and what they may say."""

    system_prompt: AtFirst = Field(
        default=AtFirst.FOLDED, description="Whether the system prompt is open at first, or a click away."
    )
    ties: StrictBool = True
    strength: StrictBool = True
    both_good: StrictBool = True
    both_bad: StrictBool = True
    cannot_judge: StrictBool = True
    skip: StrictBool = True
    skip_reason: Ask = Field(
        default=Ask.OPTIONAL, description="Of `skip_reasons` where there are some, in words otherwise."
    )
    skip_reasons: list[Choice] = Field(default_factory=list, max_length=50)
    criteria: list[Criterion] = Field(default_factory=list, max_length=20)
    reasons: Reasons = Field(default_factory=Reasons)
    comment: FreeText = Field(default_factory=FreeText)
    spans: list[Choice] = Field(
        default_factory=list, max_length=50, description="Labels for passages marked in responses."
    )
    edit: Ask = Field(default=Ask.OFF, description="Whether the winner is edited after ranking.")
    demonstrations: Demonstrations = Field(default_factory=Demonstrations)
    undo_seconds: StrictInt = Field(
        default=120, ge=0, le=MAX_UNDO_SECONDS, description="How long a judgment can be taken back."
    )

    @field_validator("skip_reasons", "criteria", "spans")
    @classmethod
    def _one_of_each(cls, choices: list[Any]) -> list[Any]:
        _check_keys(choices)
        return choices

    @model_validator(mode="after")
    def _skipping(self) -> Self:
        if self.skip_reason is Ask.OFF and self.skip_reasons:
            raise ValueError("skip_reasons are listed though skip_reason is off")
        return self

    def dump(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def _check_keys(choices: list[Any]) -> None:
    keys = [choice.key for choice in choices]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"“{twice[0]}” is listed twice")


DEFAULTS = Protocol().dump()


def complete(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored protocol with everything it is silent about."""
    return {**DEFAULTS, **stored}
