"""Why a run ends early."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator


class TrainingError(Exception):
    """One sentence a researcher can act on. Trying the same again would fail the same way."""


class Cancelled(Exception):
    """Somebody asked the run to stop."""


OUT_OF_MEMORY = re.compile(
    r"out of memory|not enough memory|can't allocate memory|alloc failed", re.IGNORECASE
)


@contextlib.contextmanager
def out_of_memory_explained(advice: str) -> Iterator[None]:
    """`advice` names the settings that lower memory use here."""
    try:
        yield
    except MemoryError as error:
        raise TrainingError(f"The machine ran out of memory: {advice}.") from error
    except RuntimeError as error:  # torch.OutOfMemoryError is one, and so is what the CPU allocator raises
        if not OUT_OF_MEMORY.search(str(error)):
            raise
        raise TrainingError(f"The device ran out of memory: {advice}.") from error
