"""What happens when several processes want the same run at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from labeling.core.errors import DomainError
from rlhf.models import MetricPoint, Run
from rlhf.services import reports, rounds, runs
from tests.rlhf import factories
from tests.rlhf.factories import NOON, SOON, begin

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
NUM_THREADS = 6


def at_once(act: Callable[[], Any]) -> list[Any]:
    """What each thread got, refusals included; all begin together."""
    barrier = Barrier(NUM_THREADS)

    def run(_: int) -> Any:
        try:
            barrier.wait(timeout=20)
            return act()
        except DomainError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(NUM_THREADS) as pool:
        return list(pool.map(run, range(NUM_THREADS)))


def test_each_queued_run_is_claimed_by_one(launch, preferences):
    queued = {launch("reward", snapshot=preferences.pk).pk for _ in range(4)}
    claims = at_once(lambda: runs.claim(executor="local", now=NOON))
    claimed = Counter(claim.run.pk for claim in claims if claim)
    assert claimed == Counter(dict.fromkeys(queued, 1))


def test_a_batch_sent_by_many_at_once_is_stored_once(launch, preferences):
    run = launch("reward", snapshot=preferences.pk)
    begin(run)
    run.refresh_from_db()
    raw = [
        {"seq": step, "at": NOON.isoformat(), "type": "metrics", "step": step, "values": {"loss": 1.0}}
        for step in range(1, 6)
    ]
    receipts = at_once(lambda: reports.take_events(run=run, first_seq=1, raw=raw, now=NOON))
    assert {receipt.last_seq for receipt in receipts} == {5}
    assert MetricPoint.objects.count() == 5


def test_a_run_that_is_finished_and_lost_at_once_ends_in_one_way(launch, preferences):
    run = launch("reward", snapshot=preferences.pk)
    begin(run)
    run.refresh_from_db()
    acts = iter([lambda: runs.finish(run=run, outcome="failed", error="no", now=SOON)] * 3)
    at_once(lambda: next(acts, lambda: runs.lost(run=run, reason="gone", now=SOON))())
    run.refresh_from_db()
    assert (run.state, run.attempt) in {("failed", 1), ("queued", 2)}


def test_of_two_rounds_launched_at_once_one_runs(project, rita, base):
    factories.add_prompts(project, 30)
    results = at_once(lambda: rounds.launch(project=project, raw={"policy": base}, user=rita, now=NOON))
    assert sum(isinstance(result, DomainError) for result in results) == NUM_THREADS - 1


def test_a_round_advanced_by_many_at_once_starts_one_run(project, rita, base):
    factories.add_prompts(project, 30)
    launched = rounds.launch(project=project, raw={"policy": base}, user=rita, now=NOON)
    assert sum(at_once(lambda: rounds.advance(round_id=launched.pk, now=SOON))) == 1
    assert Run.objects.count() == 1
