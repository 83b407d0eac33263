"""Stores checked rows, a chunk at a time, each thing once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from labeling.messages import content_hash
from labeling.models import Annotator, Batch, Generator, Judgment, Project, Task, TaskResponse
from labeling.services.demonstrations import check_asked, demonstration_task
from labeling.services.generators import get_or_create_generator
from labeling.services.import_messages import RowResponse
from labeling.services.import_rows import Row
from labeling.services.import_said import Placed, Said
from labeling.services.judgments import store_comparisons
from labeling.services.prompts import ResponseText, add_prompts, store_responses
from labeling.services.queue import NewTask, announce, create_tasks

CHUNK = 300
REFERENCE_PREFIX = "import:"


@dataclass(slots=True)
class StoredCounts:
    prompts_created: int = 0
    prompts_known: int = 0
    responses_created: int = 0
    tasks_created: int = 0
    judgments_created: int = 0


class Store:
    """`reference` names the batch of tasks; several stores may fill one."""

    def __init__(
        self, *, project: Project, licence: str, source: str, now: datetime, reference: str = ""
    ) -> None:
        self.counts = StoredCounts()
        self._project, self._now = project, now
        self._licence, self._source = licence, source
        self._batch: Batch | None = None
        self._reference = reference or str(uuid.uuid4())
        self._generators: dict[tuple[str, str], Generator] = {}
        self._annotators: dict[tuple[str, str], Annotator] = {}

    def add(self, rows: Sequence[Row]) -> None:
        placed = self._place([self._with_defaults(row) for row in rows])
        tasks = self._known_tasks(placed)
        wanted = [one for one in placed if one.row.responses and not one.row.judgments]
        self._queue(wanted, {choice for choice, task in tasks.items() if task.overlap})
        self._judge([Said(one, judgment) for one in placed for judgment in one.row.judgments], tasks)
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
        prompt_ids = [added.ids[content_hash(row.prompt.messages)] for row in rows]
        texts = [
            self._texts(row.responses, row, prompt_id)
            for row, prompt_id in zip(rows, prompt_ids, strict=True)
        ]
        written = [
            self._texts(row.demonstrations, row, prompt_id)
            for row, prompt_id in zip(rows, prompt_ids, strict=True)
        ]
        everything = [text for of_row in (*texts, *written) for text in of_row]
        ids, num_created = store_responses(texts=everything, now=self._now)
        self.counts.responses_created += num_created
        return [
            Placed(
                row=row,
                prompt_id=prompt_id,
                response_ids=tuple(ids[prompt_id, text.generator_id, text.hash] for text in of_row),
                hashes=tuple(text.hash for text in of_row),
            )
            for row, prompt_id, of_row in zip(rows, prompt_ids, texts, strict=True)
        ]

    def _texts(self, responses: Sequence[RowResponse], row: Row, prompt_id: int) -> list[ResponseText]:
        return [
            ResponseText(
                prompt_id=prompt_id,
                generator_id=self._generator(
                    response.kind, response.generator or row.prompt.source or "import"
                ).pk,
                messages=response.messages,
                hash=content_hash(response.messages),
            )
            for response in responses
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

    def _judge(self, said: Sequence[Said], tasks: dict[frozenset[int], Task]) -> None:
        by_key = self._not_stored(said)
        if not by_key:
            return
        # Judged already, so no slots: nobody is asked again.
        new = {
            one.placed.choice: self._new_task(one.placed, 0)
            for one in by_key.values()
            if one.placed.choice not in tasks
        }
        rows = create_tasks(batch=self._import_batch(), tasks=list(new.values()), now=self._now)
        tasks |= dict(zip(new, rows, strict=True))
        self._meet({one.annotator for one in by_key.values()})
        judgments = Judgment.objects.bulk_create(
            one.judgment_of(tasks[one.placed.choice], self._annotators[one.annotator], key=key, now=self._now)
            for key, one in by_key.items()
        )
        store_comparisons(
            (judgment, tasks[one.placed.choice])
            for judgment, one in zip(judgments, by_key.values(), strict=True)
        )
        self.counts.judgments_created += len(judgments)

    def _not_stored(self, said: Sequence[Said]) -> dict[uuid.UUID, Said]:
        """By the key each would be stored under; what this project has is left out."""
        by_key = {one.client_key(self._project.pk): one for one in said}
        exported = {one.exported_key for one in said if one.exported_key}
        stored = Judgment.objects.filter(project=self._project, client_key__in=[*by_key, *exported])
        known = set(stored.values_list("client_key", flat=True))
        return {key: one for key, one in by_key.items() if key not in known and one.exported_key not in known}

    def _meet(self, named: set[tuple[str, str]]) -> None:
        """Have a row for each imported annotator, whose name is unique within its source."""
        missing = named - self._annotators.keys()
        if not missing:
            return
        Annotator.objects.bulk_create(
            [
                Annotator(source=source, external_id=name, kind=Annotator.Kind.IMPORTED, created_at=self._now)
                for source, name in sorted(missing - self._known_annotators(missing).keys())
            ],
            ignore_conflicts=True,
        )
        self._annotators |= self._known_annotators(missing)

    def _known_annotators(self, named: set[tuple[str, str]]) -> dict[tuple[str, str], Annotator]:
        found = Annotator.objects.filter(
            user=None, source__in={source for source, _ in named}, external_id__in={name for _, name in named}
        )
        return {(one.source, one.external_id): one for one in found if (one.source, one.external_id) in named}

    def _new_task(self, one: Placed, overlap: int) -> NewTask:
        return NewTask(
            prompt_id=one.prompt_id,
            response_ids=one.response_ids,
            arm=one.row.arm,
            overlap=overlap,
            priority=one.row.priority,
        )

    def _generator(self, kind: str, name: str) -> Generator:
        if (kind, name) not in self._generators:
            self._generators[kind, name] = get_or_create_generator(
                project=self._project, kind=kind, name=name
            )
        return self._generators[kind, name]

    def _import_batch(self) -> Batch:
        if self._batch is None:
            self._batch, _ = Batch.objects.get_or_create(
                project=self._project,
                reference=f"{REFERENCE_PREFIX}{self._reference}",
                defaults={"name": f"Import of {self._now:%Y-%m-%d %H:%M}", "created_at": self._now},
            )
            announce(self._project.pk)
        return self._batch
