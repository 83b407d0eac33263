"""The bench's own book: what was handed out and what was acknowledged, compared with the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


class Ledger:
    """Every task wants one judgment, and no two share a prompt: a prompt handed out under two
    assignments was handed out twice."""

    def __init__(self) -> None:
        self._handed: dict[str, object] = {}
        self._acknowledged: dict[str, tuple[object, str]] = {}  # client key → (judgment, prompt)
        self._wrong: Counter[str] = Counter()

    def handed_out(self, prompt: str, assignment: object) -> None:
        if self._handed.setdefault(prompt, assignment) != assignment:
            self._wrong["handed out twice"] += 1

    def acknowledged(self, client_key: str, judgment: object, prompt: str) -> None:
        self._acknowledged[client_key] = (judgment, prompt)

    def refused(self, status: int) -> None:
        self._wrong[f"answered with {status}"] += 1

    def close(self, stored: Iterable[Sequence[object]]) -> dict[str, int]:
        """What is wrong, by name; empty when the book and the database agree."""
        rows = [(str(key), judgment, str(prompt)) for key, judgment, prompt in stored]
        found = {key: (judgment, prompt) for key, judgment, prompt in rows}
        judged = Counter(prompt for _, _, prompt in rows)
        self._wrong["stored twice"] += sum(count - 1 for count in judged.values())
        self._wrong["lost"] += sum(found.get(key) != said for key, said in self._acknowledged.items())
        self._wrong["stored but not acknowledged"] += len(found.keys() - self._acknowledged.keys())
        return {name: count for name, count in self._wrong.items() if count}

    def __len__(self) -> int:
        return len(self._acknowledged)
