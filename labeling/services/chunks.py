from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`, so that no statement and no list grows with the whole."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
