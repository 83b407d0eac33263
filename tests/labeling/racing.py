"""Real processes that start together on one database, and what must be true when they are done."""

from __future__ import annotations

import multiprocessing
import sqlite3
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import comb
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, connections

from labeling.models import Assignment, Comparison, Judgment, Slot, Withdrawal
from labeling.selectors.queue import EVER_HAD

fork = multiprocessing.get_context("fork")
PATIENCE_SECONDS = 30


def race(*acts: Callable[[], Any]) -> list[Any]:
    """The results of `acts`, each in a process of its own, let go at the same moment."""
    barrier = fork.Barrier(len(acts))
    # A forked child must not inherit an open connection: both would speak on one socket.
    connections.close_all()
    runners = []
    for act in acts:
        receiver, sender = fork.Pipe(duplex=False)
        process = fork.Process(target=_run, args=(act, barrier, sender), daemon=True)
        process.start()
        sender.close()
        runners.append((process, receiver))
    results = [_result(process, receiver) for process, receiver in runners]
    for process, _ in runners:
        process.join(PATIENCE_SECONDS)
    return results


def _run(act: Callable[[], Any], barrier: Any, sender: Any) -> None:
    try:
        connection.ensure_connection()
        barrier.wait(PATIENCE_SECONDS)
        sender.send((True, act()))
    except BaseException:
        sender.send((False, traceback.format_exc()))
    finally:
        connections.close_all()


def _result(process: Any, receiver: Any) -> Any:
    if not receiver.poll(PATIENCE_SECONDS):
        process.kill()
        raise AssertionError("a racer did not come in")
    worked, result = receiver.recv()
    assert worked, result
    return result


@contextmanager
def database_for_processes(folder: Path) -> Iterator[None]:
    """The test database, where other processes can open it: SQLite's lives in memory otherwise."""
    if connection.vendor != "sqlite":
        yield
        return
    in_memory = connections["default"]
    path = folder / "race.sqlite3"
    with sqlite3.connect(path) as target:
        in_memory.ensure_connection()
        in_memory.connection.backup(target)
    on_disk = in_memory.copy()
    on_disk.settings_dict = {**in_memory.settings_dict, "NAME": str(path)}
    connections["default"] = on_disk
    try:
        yield
    finally:
        on_disk.close()
        connections["default"] = in_memory


def check_invariants(acknowledged: dict[UUID, int] | None = None) -> None:
    """No double lease, no lost or doubled judgment, nothing that does not fit together, and the
    counts kept beside the tables are those a recount gives."""

    assignments = list(Assignment.objects.select_related("slot"))
    leases = Counter(one.slot_id for one in assignments)
    holding = Counter(one.slot_id for one in assignments if _stands(one))
    for slot in Slot.objects.all():
        assert slot.fence == leases[slot.pk], "every lease has its assignment"
        assert holding[slot.pk] == (0 if slot.state == "open" else 1), (slot.state, holding[slot.pk])
    for one in assignments:
        if one.state in ("leased", "submitted"):
            assert _stands(one), f"{one.state} assignment without its slot"
    live = Counter((one.task_id, one.annotator_id) for one in assignments if one.state in EVER_HAD)
    assert not live or max(live.values()) == 1, "one person, one task, once"
    _check_judgments(acknowledged or {})
    check_counts()


def check_counts() -> None:
    """Read, recount, read again."""
    from labeling.services import counting

    kept = _kept_counts()
    counting.recount()
    assert kept == _kept_counts()


def _kept_counts() -> dict[tuple[Any, ...], int]:
    from labeling.models import QueueCount, WorkCount

    kept: Counter[tuple[Any, ...]] = Counter()
    for row in QueueCount.objects.values_list("project_id", "batch_id", "what", "n"):
        kept[row[:-1]] += row[-1]
    for row in WorkCount.objects.values_list("project_id", "annotator_id", "batch_id", "day", "n"):
        kept[row[:-1]] += row[-1]
    return {key: n for key, n in kept.items() if n}


def _stands(assignment: Any) -> bool:
    """The slot says the same as the assignment."""
    wanted = {"leased": "leased", "submitted": "done"}.get(assignment.state)
    return assignment.slot.state == wanted and assignment.slot.fence == assignment.fence


def _check_judgments(acknowledged: dict[UUID, int]) -> None:

    judgments = list(Judgment.objects.all())
    stored = {judgment.client_key: judgment.pk for judgment in judgments}
    for key, pk in acknowledged.items():
        assert stored.get(key) == pk, "an acknowledged judgment is there, once"
    assert len(stored) == len(judgments)
    last_words = Counter(
        (judgment.task_id, judgment.annotator_id) for judgment in judgments if not judgment.superseded_at
    )
    assert not last_words or max(last_words.values()) == 1
    superseded = {judgment.supersedes_id for judgment in judgments} - {None}
    withdrawn = set(Withdrawal.objects.values_list("judgment_id", flat=True))
    assert not superseded & withdrawn, "what was taken back has no successor"
    assert superseded | withdrawn == {judgment.pk for judgment in judgments if judgment.superseded_at}
    compared = Counter(Comparison.objects.values_list("judgment_id", flat=True))
    for judgment in judgments:
        num_responses = sum(len(tier) for tier in judgment.tiers)
        expected = comb(num_responses, 2) + (num_responses if judgment.written_response_id else 0)
        if judgment.superseded_at:
            expected = 0
        assert compared[judgment.pk] == expected, "comparisons follow from the last word"
    filled = {one.slot_id for one in Assignment.objects.filter(state="submitted")}
    assert filled == set(Slot.objects.filter(state="done").values_list("pk", flat=True))
