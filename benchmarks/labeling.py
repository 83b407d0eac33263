"""What one ranked pair costs: SQL statements, and pairs a second over HTTP.

    python -m benchmarks.labeling [--long] [--pairs N] [--people N]

Prints one line of JSON. The server runs as in production (`manage.py up` on SQLite) on this same machine, and
so do the clients, so the rate is that of a machine which does both.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import tempfile
import threading
import time
import uuid
from pathlib import Path

from deploy import stack
from rlhf.client import Client

PASSWORD = "a horse that counts to nine"
SLUG = "benchmark"
CONTROL = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE", re.IGNORECASE)


def prepare(url: str, setup_key: str, num_pairs: int, num_people: int) -> list[Client]:
    """A project with `num_pairs` open tasks; returns a signed-in client for each annotator."""
    owner = Client(url)
    owner.get("/api/session")
    account = {"email": "owner@example.com", "name": "Owner", "password": PASSWORD}
    owner.post("/api/setup", {**account, "setup_key": setup_key})
    owner.login("owner@example.com", PASSWORD)
    owner.post("/api/projects", {"name": "Benchmark"})
    emails = [f"annotator{number}@example.com" for number in range(num_people)]
    for email in emails:
        member = {"email": email, "role": "annotator", "name": email, "password": PASSWORD}
        owner.post(f"/api/projects/{SLUG}/members", member)
    rows = (
        {"prompt": f"Question {number}", "responses": [f"First reply {number}.", f"Second reply {number}."]}
        for number in range(num_pairs)
    )
    owner.import_rows(SLUG, rows)
    return [Client(url).login(email, PASSWORD) for email in emails]


def rank_until_empty(client: Client, done: list[int]) -> None:
    while assignments := client.next_assignments(SLUG):
        for assignment in assignments:
            keys = [response["key"] for response in assignment["responses"]]
            client.submit(
                assignment["id"],
                lease_token=assignment["lease_token"],
                tiers=[[keys[0]], [keys[1]]],
                strengths=[2],
            )
            done.append(1)


def pairs_per_second(folder: Path, num_pairs: int, num_people: int) -> dict[str, float]:
    with stack.running(folder) as house:
        clients = prepare(house.url, house.setup_key(), num_pairs, num_people)
        done: list[int] = []
        threads = [threading.Thread(target=rank_until_empty, args=(client, done)) for client in clients]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - started
    assert len(done) == num_pairs, f"{len(done)} of {num_pairs} pairs were ranked"
    return {"pairs": num_pairs, "people": num_people, "pairs_per_second": round(num_pairs / seconds, 1)}


def statements_per_pair(folder: Path) -> dict[str, int]:
    """SQL statements (transaction control not counted) of one "next" and one "submit", signed in."""
    os.environ["PLUMBLINE_VAR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone
    from rest_framework.test import APIClient

    from labeling.core.models import User
    from labeling.models import Project
    from labeling.services.imports import import_rows

    rows = "".join(
        json.dumps({"prompt": f"One more {n}", "responses": ["Yes.", "No."]}) + "\n" for n in range(3)
    )
    import_rows(project=Project.objects.get(), stream=io.BytesIO(rows.encode()), now=timezone.now())
    client = APIClient(headers={"host": "localhost"})
    client.force_login(User.objects.get(email="annotator0@example.com"))
    counted: dict[str, int] = {}

    def post(name: str, path: str, body: dict) -> dict:
        with CaptureQueriesContext(connection) as captured:
            answer = client.post(path, body, format="json")
        assert answer.status_code < 300, answer.content
        counted[name] = sum(not CONTROL.match(query["sql"]) for query in captured)
        return answer.json()

    for _ in range(2):  # the first pair warms what is looked up once
        next_one = post("statements_next", f"/api/projects/{SLUG}/assignments/next", {"count": 1})
        assignment = next_one["assignments"][0]
        keys = [response["key"] for response in assignment["responses"]]
        body = {
            "lease_token": assignment["lease_token"],
            "client_key": str(uuid.uuid4()),
            "tiers": [[key] for key in keys],
            "verdict": "none",
            "strengths": [2],
        }
        post("statements_submit", f"/api/assignments/{assignment['id']}/submit", body)
    return counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--people", type=int, default=4)
    options = parser.parse_args()
    num_pairs = options.pairs or (20_000 if options.long else 1_000)
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as folder:
        rate = pairs_per_second(Path(folder), num_pairs, options.people)
        print(json.dumps({"benchmark": "labeling", **rate, **statements_per_pair(Path(folder))}))


if __name__ == "__main__":
    main()
