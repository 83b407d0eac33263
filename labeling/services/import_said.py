"""A row of an import beside what is stored of it, and its judgments as rows of the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from labeling.messages import canonical
from labeling.models import Annotator, Judgment, Task
from labeling.services.import_judgments import RowJudgment
from labeling.services.import_rows import Row

NAMESPACE = uuid.UUID("1f0a6b52-6c55-5c0e-9d0e-5b8f2f6f4a11")
NOBODY = "anonymous"


@dataclass(frozen=True, slots=True)
class Placed:
    """A row whose prompt and responses are stored."""

    row: Row
    prompt_id: int
    response_ids: tuple[int, ...]
    hashes: tuple[str, ...]

    @property
    def choice(self) -> frozenset[int]:
        """What there is to choose from: one task each, in whatever order a row lists it."""
        return frozenset(self.response_ids)


@dataclass(frozen=True, slots=True)
class Said:
    """One judgment of a placed row."""

    placed: Placed
    judgment: RowJudgment

    @property
    def annotator(self) -> tuple[str, str]:
        return self.placed.row.prompt.source or "import", self.judgment.worker or NOBODY

    def in_ids(self, places: Iterable[int]) -> list[int]:
        return [self.placed.response_ids[place] for place in places]

    def criteria(self) -> dict[str, dict[str, float]]:
        """As Judgment keeps them: `{criterion: {response id: score}}`."""
        ids = self.placed.response_ids
        return {
            name: {str(ids[place]): score for place, score in enumerate(scores) if score is not None}
            for name, scores in self.judgment.criteria.items()
        }

    def spans(self) -> list[dict[str, Any]]:
        return [
            {**span, "response": self.placed.response_ids[span["response"]]} for span in self.judgment.spans
        ]

    @property
    def exported_key(self) -> uuid.UUID | None:
        """Of the judgment that this server exported."""
        return uuid.UUID(self.judgment.key) if self.judgment.key else None

    def client_key(self, project_id: int) -> uuid.UUID:
        """From the content alone, so that the same row again is the same judgment."""
        said = asdict(self.judgment)
        if key := said.pop("key"):
            # Of one judgment's comparisons each is its own.
            pair = " ".join(map(str, sorted(self.placed.choice)))
            return uuid.uuid5(NAMESPACE, f"{project_id} {key} {pair}")
        said["tiers"] = [sorted(self.in_ids(tier)) for tier in said["tiers"]]
        said["criteria"], said["spans"] = self.criteria(), self.spans()
        content = [project_id, sorted(self.placed.choice), said, self.annotator[0]]
        return uuid.uuid5(NAMESPACE, canonical(content).decode())

    def judgment_of(self, task: Task, annotator: Annotator, *, key: uuid.UUID, now: datetime) -> Judgment:
        """Unsaved."""
        said = self.judgment
        presentation = {
            "order": None,
            "hashes": list(self.placed.hashes),
            "source": self.placed.row.prompt.source,
        }
        return Judgment(
            project_id=task.project_id,
            task=task,
            annotator=annotator,
            client_key=key,
            tiers=[self.in_ids(tier) for tier in said.tiers],
            verdict=said.verdict,
            strengths=said.strengths,
            criteria=self.criteria(),
            reasons=said.reasons,
            comment=said.comment,
            spans=self.spans(),
            active_seconds=said.seconds,
            presentation=presentation | ({"details": said.details} if said.details else {}),
            created_at=now,
        )
