"""A second file that says what the ids in the first stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labeling.core.errors import DomainError
from labeling.services.readers import opened

MAX_TEXTS = 1_000_000
ID_KEYS = ("arg_id", "id")


def read_texts(path: Path, *, name: str = "") -> dict[str, dict[str, Any]]:
    """Its rows by `arg_id` or `id`; held in memory."""
    found: dict[str, dict[str, Any]] = {}
    with opened(path, name=name) as records:
        for record in records:
            row = record.value
            key = next((row[one] for one in ID_KEYS if one in row), None) if isinstance(row, dict) else None
            if key is None:
                raise DomainError(
                    f"Line {record.number} of the texts has neither arg_id nor id: name what it stands for.",
                    code="bad_texts",
                )
            found[str(key)] = row
            if len(found) > MAX_TEXTS:
                raise DomainError(f"The texts hold more than {MAX_TEXTS:,} rows: import in parts.")
    return found
