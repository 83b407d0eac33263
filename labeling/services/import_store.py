"""Stores checked rows, a chunk at a time, each thing once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from labeling.messages import canonical, content_hash
from labeling.models import Annotator, Batch, Generator, Judgment, Project, Task, TaskResponse
from labeling.services.demonstrations import check_asked, demonstration_task
from labeling.services.generators import get_or_create_generator
from labeling.services.import_rows import Row
from labeling.services.judgments import store_comparisons
from labeling.services.prompts import ResponseText, add_prompts, store_responses
from labeling.services.queue import NewTask, announce, create_tasks

CHUNK = 300
REFERENCE_PREFIX = "import:"
NAMESPACE = uuid.UUID("1f0a6b52-6c55-5c0e-9d0e-5b8f2f6f4a11")
NOBODY = "anonymous"


@dataclass(slots=True)
class StoredCounts:
    prompts_created: int = 0
    prompts_known: int = 0
    responses_created: int = 0
    tasks_created: int = 0
    judgments_created: int = 0


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


class Store:
    def __init__(self, *, project: Project, licence: str, source: str, now: datetime) -> None:
        self.counts = StoredCounts()
        self._project, self._now = project, now
        self._licence, self._source = licence, source
        self._batch: Batch | None = None
        self._generators: dict[str, Generator] = {}
        self._annotators: dict[tuple[str, str], Annotator] = {}

    def add(self, rows: Sequence[Row]) -> None:
        placed = self._place([self._with_defaults(row) for row in rows])
        tasks = self._known_tasks(placed)
        wanted = [one for one in placed if one.row.responses and one.row.preference is None]
        self._queue(wanted, {choice for choice, task in tasks.items() if task.overlap})
        self._judge([one for one in placed if one.row.preference is not None], tasks)
        self._ask_to_write([one for one in placed if one.row.kind == Task.Kind.DEMONSTRATE])

    def _with_defaults(self, row: Row) -> Row:
        prompt = replace(
            row.prompt,
            licence=row.prompt.licence or self._licence,
            source=row.prompt.source or self._source,
        )
        return replace(row, prompt=prompt)

    def _place(self, rows: Sequence[Row]) -> list[Placed]:
        added = add_prompts(project=self._project, rows=[row.prompt for row in rows], now=self._now)
        self.counts.prompts_created += added.num_created
        self.counts.prompts_known += added.num_known
        texts = [self._texts(row, added.ids[content_hash(row.prompt.messages)]) for row in rows]
        ids, num_created = store_responses(texts=[text for row in texts for text in row[1]], now=self._now)
        self.counts.responses_created += num_created
        return [
            Placed(
                row=row,
                prompt_id=prompt_id,
                response_ids=tuple(ids[prompt_id, text.generator_id, text.hash] for text in of_row),
                hashes=tuple(text.hash for text in of_row),
            )
            for row, (prompt_id, of_row) in zip(rows, texts, strict=True)
        ]

    def _texts(self, row: Row, prompt_id: int) -> tuple[int, list[ResponseText]]:
        return prompt_id, [
            ResponseText(
                prompt_id=prompt_id,
                generator_id=self._generator(response.generator or row.prompt.source or "import").pk,
                messages=response.messages,
                hash=content_hash(response.messages),
            )
            for response in row.responses
        ]

    def _known_tasks(self, placed: Sequence[Placed]) -> dict[frozenset[int], Task]:
        """Tasks of earlier imports, by their responses; one in the queue before one that is not."""
        prompt_ids = {one.prompt_id for one in placed}
        places = TaskResponse.objects.filter(
            task__project=self._project,
            task__prompt__in=prompt_ids,
            task__batch__reference__startswith=REFERENCE_PREFIX,
        ).select_related("task")
        tasks: dict[int, Task] = {}
        choices: dict[int, set[int]] = {}
        for place in places:
            tasks[place.task_id] = place.task
            choices.setdefault(place.task_id, set()).add(place.response_id)
        by_overlap = sorted(tasks.values(), key=lambda task: (task.overlap > 0, -task.pk))
        return {frozenset(choices[task.pk]): task for task in by_overlap}

    def _queue(self, wanted: Iterable[Placed], known: set[frozenset[int]]) -> None:
        new = {one.choice: one for one in reversed(list(wanted)) if one.choice not in known}
        if not new:
            return
        tasks = [
            self._new_task(one, one.row.overlap or self._project.overlap) for one in reversed(new.values())
        ]
        create_tasks(batch=self._import_batch(), tasks=tasks, now=self._now)
        self.counts.tasks_created += len(tasks)

    def _ask_to_write(self, asked: Sequence[Placed]) -> None:
        if not asked:
            return
        check_asked(self._project)
        prompt_ids = {one.prompt_id for one in asked}
        known = Task.objects.filter(
            project=self._project,
            kind=Task.Kind.DEMONSTRATE,
            prompt__in=prompt_ids,
            batch__reference__startswith=REFERENCE_PREFIX,
        )
        new: dict[int, Placed] = {}
        for one in asked:
            new.setdefault(one.prompt_id, one)
        for prompt_id in known.values_list("prompt_id", flat=True):
            new.pop(prompt_id, None)
        if not new:
            return
        overlap = self._project.overlap
        tasks = [
            demonstration_task(id, one.row.arm, one.row.overlap or overlap, one.row.priority)
            for id, one in new.items()
        ]
        create_tasks(batch=self._import_batch(), tasks=tasks, now=self._now)
        self.counts.tasks_created += len(tasks)

    def _judge(self, judged: Sequence[Placed], tasks: dict[frozenset[int], Task]) -> None:
        by_key = {self._client_key(one): one for one in judged}
        stored = Judgment.objects.filter(project=self._project, client_key__in=by_key)
        for key in stored.values_list("client_key", flat=True):
            del by_key[key]
        if not by_key:
            return
        # Judged already, so no slots: nobody is asked again.
        new = {one.choice: self._new_task(one, 0) for one in by_key.values() if one.choice not in tasks}
        rows = create_tasks(batch=self._import_batch(), tasks=list(new.values()), now=self._now)
        tasks |= dict(zip(new, rows, strict=True))
        judgments = Judgment.objects.bulk_create(
            self._judgment(one, key, tasks[one.choice]) for key, one in by_key.items()
        )
        store_comparisons(
            (judgment, tasks[one.choice]) for judgment, one in zip(judgments, by_key.values(), strict=True)
        )
        self.counts.judgments_created += len(judgments)

    def _judgment(self, one: Placed, key: uuid.UUID, task: Task) -> Judgment:
        preference = one.row.preference
        assert preference is not None
        chosen, rejected = one.response_ids
        return Judgment(
            project=self._project,
            task=task,
            annotator=self._annotator(one),
            client_key=key,
            tiers=[[chosen], [rejected]],
            strengths=[preference.strength] if preference.strength else [],
            presentation={"order": None, "hashes": list(one.hashes), "source": one.row.prompt.source},
            created_at=self._now,
        )

    def _client_key(self, one: Placed) -> uuid.UUID:
        """From the content alone, so that the same row again is the same judgment."""
        preference = one.row.preference
        assert preference is not None
        said = [self._project.pk, one.prompt_id, one.hashes, preference.worker, preference.strength]
        return uuid.uuid5(NAMESPACE, canonical([*said, one.row.prompt.source]).decode())

    def _new_task(self, one: Placed, overlap: int) -> NewTask:
        return NewTask(
            prompt_id=one.prompt_id,
            response_ids=one.response_ids,
            arm=one.row.arm,
            overlap=overlap,
            priority=one.row.priority,
        )

    def _generator(self, name: str) -> Generator:
        if name not in self._generators:
            self._generators[name] = get_or_create_generator(
                project=self._project, kind=Generator.Kind.IMPORTED, name=name
            )
        return self._generators[name]

    def _annotator(self, one: Placed) -> Annotator:
        assert one.row.preference is not None
        named = (one.row.prompt.source or "import", one.row.preference.worker or NOBODY)
        if named not in self._annotators:
            self._annotators[named], _ = Annotator.objects.get_or_create(
                source=named[0], external_id=named[1], user=None, defaults={"kind": Annotator.Kind.IMPORTED}
            )
        return self._annotators[named]

    def _import_batch(self) -> Batch:
        if self._batch is None:
            self._batch = Batch.objects.create(
                project=self._project,
                reference=f"{REFERENCE_PREFIX}{uuid.uuid4()}",
                name=f"Import of {self._now:%Y-%m-%d %H:%M}",
                created_at=self._now,
            )
            announce(self._project.pk)
        return self._batch
