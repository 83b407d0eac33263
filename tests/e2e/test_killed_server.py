"""The web server dies while people work: what it acknowledged is there, once."""

from __future__ import annotations

import random
import signal
import threading
import time
import uuid
from collections import Counter

import psutil

from deploy import stack
from rlhf.client import Client
from tests.e2e.houses import PASSWORD, add_member

NUM_TASKS = 120
NUM_KILLS = 3


class Worker(threading.Thread):
    """Ranks until nothing is left; notes each acknowledged judgment with the key it was sent under."""

    def __init__(self, url: str, slug: str, email: str) -> None:
        super().__init__()
        self.client = Client(url, retry_seconds=60).login(email, PASSWORD)
        self.slug = slug
        self.acknowledged: dict[str, int] = {}
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            while assignments := self.client.next_assignments(self.slug):
                for assignment in assignments:
                    self._rank(assignment)
        except Exception as error:
            self.error = error

    def _rank(self, assignment: dict) -> None:
        keys = [response["key"] for response in assignment["responses"]]
        random.shuffle(keys)
        client_key = str(uuid.uuid4())
        answer = self.client.submit(
            assignment["id"],
            lease_token=assignment["lease_token"],
            tiers=[[key] for key in keys],
            strengths=[2],
            client_key=client_key,
        )
        self.acknowledged[client_key] = answer["judgment"]


def kill_web(house: stack.Stack) -> None:
    dispatcher = house.child("dispatch").pid
    web = house.child("deploy.serve")
    web.send_signal(signal.SIGKILL)
    psutil.wait_procs([web], timeout=10)
    stack.wait_until_healthy(house)
    assert house.child("dispatch").pid == dispatcher, "the dispatcher was disturbed"


def test_every_acknowledged_judgment_survives_a_killed_server_exactly_once(
    house: stack.Stack, owner: Client
) -> None:
    slug = owner.post("/api/projects", {"name": "Killed"})["slug"]
    emails = [add_member(owner, slug, name, "annotator") for name in ("Killed1", "Killed2", "Killed3")]
    rows = [{"prompt": f"Question {n}", "responses": [f"Yes {n}.", f"No {n}."]} for n in range(NUM_TASKS)]
    owner.import_rows(slug, rows)

    workers = [Worker(house.url, slug, email) for email in emails]
    for worker in workers:
        worker.start()
    for kill in range(NUM_KILLS):
        wanted = NUM_TASKS * (kill + 1) // (NUM_KILLS + 2)
        while sum(len(worker.acknowledged) for worker in workers) < wanted:
            assert any(worker.is_alive() for worker in workers), [worker.error for worker in workers]
            time.sleep(0.01)
        kill_web(house)
    for worker in workers:
        worker.join(timeout=120)

    assert [worker.error for worker in workers] == [None] * 3
    acknowledged = {key: judgment for worker in workers for key, judgment in worker.acknowledged.items()}
    stored = Counter(row["judgment"] for row in owner.export(slug, "judgments"))
    assert len(acknowledged) == NUM_TASKS
    assert sorted(acknowledged.values()) == sorted(stored)
    assert set(stored.values()) == {1}
    counts = owner.get(f"/api/projects/{slug}/counts")
    assert (counts["slots_open"], counts["slots_leased"], counts["slots_done"]) == (0, 0, NUM_TASKS)
