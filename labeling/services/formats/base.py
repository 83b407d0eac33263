"""What a format is, and what converters share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.messages import BadContent

Value = Mapping[str, Any]
# A row as import_rows.parse_row takes it.
Plain = dict[str, Any]
PASSED_ON = ("tags", "risk_tags", "licence", "source")


@dataclass(frozen=True, slots=True)
class Options:
    """`aspect`: rank ratings by this one, not by their mean. `texts`: what a row's ids stand for."""

    aspect: str = ""
    texts: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """`keys` must all be in a row for it to be recognised, and none of `without`."""

    name: str
    summary: str
    keys: frozenset[str]
    to_rows: Callable[[Value, Options], Iterable[Plain]]
    without: frozenset[str] = frozenset()
    accepts: Callable[[Value], bool] = lambda value: True
    # Its keys say too little to know it by.
    by_name_only: bool = False

    def fits(self, value: Value) -> bool:
        return self.keys <= value.keys() and not self.without & value.keys() and self.accepts(value)


def keys(names: str) -> frozenset[str]:
    return frozenset(names.split())


def plain(value: Value, **fields: Any) -> Plain:
    """A row with what every format may carry along: tags, licence, source."""
    return {name: value[name] for name in PASSED_ON if value.get(name) is not None} | fields


def joined(*parts: object) -> str:
    """Instruction and input as one prompt."""
    return "\n\n".join(part.strip() for part in parts if isinstance(part, str) and part.strip())


def word(value: object) -> str:
    """An id, a name or a number as a worker's or generator's name."""
    return "" if value is None else str(value)


def number(value: object, what: str) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as problem:
        raise BadContent(f"{what} must be a number.") from problem


_WORDS: Mapping[type[Any], str] = {list: "a list", dict: "an object", str: "text"}


def need(value: object, name: str, kind: type[Any]) -> Any:
    """`value[name]`, which must be there and of this kind."""
    given = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(given, kind):
        raise BadContent(f"{name} must be {_WORDS[kind]}.")
    return given


def shared_start(first: list[Any], second: list[Any]) -> int:
    """How many messages two conversations share, up to and with the last that a person wrote."""
    shared = 0
    while shared < min(len(first), len(second)) and first[shared] == second[shared]:
        shared += 1
    while shared and first[shared - 1]["role"] not in ("user", "tool"):
        shared -= 1
    return shared


def walk(node: Value, children: str) -> Iterator[tuple[tuple[Value, ...], Value]]:
    """Each node of a tree with the nodes above it; not by recursion, since a row may nest deeply."""
    waiting: list[tuple[tuple[Value, ...], Value]] = [((), node)]
    while waiting:
        above, one = waiting.pop()
        yield above, one
        below = one.get(children) or []
        if not isinstance(below, list) or not all(isinstance(child, Mapping) for child in below):
            raise BadContent(f"{children} must be a list of objects.")
        waiting += [((*above, one), child) for child in reversed(below)]
