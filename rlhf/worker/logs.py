"""Log records, warnings and printed lines become log events; progress bars do not."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO

Emit = Callable[[str], None]


def capture(emit: Emit) -> None:
    """From now on, for the whole process. Everything still goes to standard output and error, which
    the executor keeps; progress bars are written to standard error, and stay there."""
    handler = _Forward(emit)
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.addHandler(logging.StreamHandler(sys.stderr))
    root.setLevel(logging.WARNING)
    logging.getLogger("rlhf").setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    seen: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
        text = " ".join(str(message).split())
        if text not in seen:
            seen.add(text)
            logging.getLogger("warnings").warning("%s: %s", category.__name__, text)

    warnings.showwarning = show
    sys.stdout = _Tee(sys.stdout, emit)


def forward_transformers() -> None:
    """transformers keeps its records to a handler of its own; call after it is imported."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_default_handler()
    transformers_logging.enable_propagation()
    transformers_logging.disable_progress_bar()


class _Forward(logging.Handler):
    def __init__(self, emit: Emit) -> None:
        super().__init__()
        self._emit = emit

    def emit(self, record: logging.LogRecord) -> None:
        try:
            for line in self.format(record).splitlines():
                self._emit(line)
        except Exception:
            self.handleError(record)


class _Tee:
    def __init__(self, stream: TextIO, emit: Emit) -> None:
        self._stream = stream
        self._emit = emit
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._emit(line.rpartition("\r")[2])  # what a terminal would show in the end
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
