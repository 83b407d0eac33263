"""The background process is killed in the middle of its work; the next one ends what it began."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.rlhf.houses import House, wait_for

BACKGROUND = (str(Path(__file__).with_name("brief_background.py")),)
SUPPORT = "/api/projects/support"
NUM_ROWS = 3000


@dataclass
class Listener:
    """Keeps its first caller waiting until `go_on`; answers 200 to everybody after that."""

    url: str = ""
    received: list[tuple[str, bytes]] = field(default_factory=list)
    is_called: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def listener() -> Iterator[Listener]:
    state = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.received.append((self.headers["webhook-id"], body))
            state.is_called.set()
            state.go_on.wait(timeout=60)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    state.go_on.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"), WEBHOOK_ALLOW_PRIVATE="1", WEBHOOK_TIMEOUT_SECONDS="2")
    yield made
    made.stop()


def test_a_webhook_arrives_though_its_sender_was_killed_and_says_that_it_is_the_same(
    house: House, listener: Listener
) -> None:
    wanted = {"url": listener.url, "events": ["queue.empty"]}
    hook = house.client.post(f"{SUPPORT}/webhooks", wanted)["id"]
    sent = house.client.post(f"{SUPPORT}/webhooks/{hook}/test", {})
    with house.dispatcher(program=BACKGROUND) as first:
        assert listener.is_called.wait(timeout=30)
        first.kill()
        first.wait()
    listener.go_on.set()

    def delivery() -> dict[str, Any]:
        return house.client.get(f"{SUPPORT}/webhooks/{hook}/deliveries")["results"][0]

    assert delivery()["state"] == "pending"
    with house.dispatcher(program=BACKGROUND):
        done = wait_for(delivery, lambda found: found["state"] == "sent", seconds=30)
    assert (done["message_id"], done["num_tries"]) == (sent["message_id"], 2)
    [one, again] = listener.received
    assert one == again
    assert one[0] == sent["message_id"]


def test_an_import_ends_whole_and_once_though_its_process_was_killed(house: House) -> None:
    rows = [{"prompt": f"Q{n}?", "chosen": f"Yes {n}", "rejected": f"No {n}"} for n in range(NUM_ROWS)]
    before = len(list(house.client.export("support", "judgments")))
    job = house.client.http.request(
        "POST",
        f"{SUPPORT}/import-jobs",
        params={"filename": "rows.jsonl"},
        content="\n".join(json.dumps(row) for row in rows).encode(),
        headers={"Content-Type": "application/octet-stream"},
    )["id"]

    def shown() -> dict[str, Any]:
        return house.client.get(f"{SUPPORT}/import-jobs/{job}")

    with house.dispatcher(program=BACKGROUND) as first:
        wait_for(shown, lambda found: found["rows_done"] > 0, seconds=30)
        first.kill()
        first.wait()
    assert 0 < shown()["rows_done"] < NUM_ROWS
    with house.dispatcher(program=BACKGROUND):
        done = wait_for(shown, lambda found: found["finished_at"], seconds=60)
    assert (done["state"], done["rows_done"]) == ("succeeded", NUM_ROWS)
    assert done["counts"]["judgments_created"] == NUM_ROWS
    stored = [row["judgment"] for row in house.client.export("support", "judgments")]
    assert len(stored) == len(set(stored)) == before + NUM_ROWS
    about = {"action": "import.finished", "object_type": "importjob", "object_id": job}
    told = house.client.get(f"{SUPPORT}/audit", **about)["results"]
    assert len(told) == 1
