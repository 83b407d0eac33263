"""How a project runs its queue: `Project.queue_rules`, read into one typed value.

Stored as JSON that holds only what differs from these defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Caps:
    """How much one person may judge; None is no cap. `batch_percent` is of a batch's wanted judgments."""

    per_day: int | None = None
    in_total: int | None = None
    batch_percent: int | None = None

    def __bool__(self) -> bool:
        return any(value is not None for value in asdict(self).values())

    def replaced_by(self, own: Mapping[str, Any]) -> Caps:
        return Caps(**{**asdict(self), **own})


@dataclass(frozen=True, slots=True)
class QueueRules:
    """`overlap_max` above a task's overlap makes new tasks adaptive: see services/adaptive.py.
    `gold_every` and `repeat_every`: one claim in so many, on average, is such a task; 0 is never."""

    overlap_max: int | None = None
    confidence: float = 0.9
    caps: Caps = Caps()
    gold_every: int = 0
    repeat_every: int = 0
    # A hidden repeat comes after at least so many other judgments.
    repeat_after: int = 20
    hold_names: bool = True
    hold_errors: bool = True
    hold_cut_off: bool = True
    # Phrases of the project's own; `*` stands for a few characters of one line.
    hold_phrases: tuple[str, ...] = ()

    @property
    def gate_is_on(self) -> bool:
        return self.hold_names or self.hold_errors or self.hold_cut_off or bool(self.hold_phrases)

    def dump(self) -> dict[str, Any]:
        """JSON of what differs from the defaults."""
        usual = asdict(QueueRules())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}


def rules_of(stored: Mapping[str, Any]) -> QueueRules:
    known = {field.name for field in fields(QueueRules)}
    given = {name: value for name, value in stored.items() if name in known}
    if "caps" in given:
        given["caps"] = Caps(**given["caps"])
    if "hold_phrases" in given:
        given["hold_phrases"] = tuple(given["hold_phrases"])
    return QueueRules(**given)
