"""A training process dies in the middle of its run: the run goes on by itself and ends the same."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy import stack
from rlhf.client import Client
from tests.e2e.houses import sign_up
from tests.training.tiny import CURT, KIND, TOPICS, make_model

NUM_STEPS = 120
CHECKPOINT_EVERY = 10
KILL_AFTER_STEP = 35


def preference_rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "prompt": f"Where is my {TOPICS[number % len(TOPICS)]}? It is number {number}.",
            "chosen": KIND[number % 2].format(TOPICS[number % len(TOPICS)]),
            "rejected": CURT[number % 2].format(TOPICS[number % len(TOPICS)]),
        }
        for number in range(count)
    ]


def is_worker(process: psutil.Process) -> bool:
    words = process.cmdline()
    if words[-1:] == ["rlhf.worker.warm"]:  # which forks workers, or is one of these
        return process.parent().cmdline() == words
    return words[-1:] == ["rlhf.worker"]


def worker_of(house: stack.Stack) -> psutil.Process:
    found = [
        process
        for process in psutil.Process(house.process.pid).children(recursive=True)
        if is_worker(process)
    ]
    assert len(found) == 1, found
    return found[0]


def kill_in_the_middle(house: stack.Stack, client: Client, run_id: int) -> None:
    """SIGKILL the worker once it has come some way."""
    deadline = time.monotonic() + 120
    while client.run(run_id)["step"] < KILL_AFTER_STEP:
        assert time.monotonic() < deadline, client.run(run_id)
        time.sleep(0.2)
    worker_of(house).kill()


def weights(run: dict[str, Any]) -> dict[str, str]:
    files = {file["name"]: file["sha256"] for file in run["produced_model"]["files"]}
    return {name: digest for name, digest in files.items() if name.endswith(".safetensors")}


@pytest.mark.training
def test_killed_run_resumes_by_itself_and_ends_bit_equal(tmp_path: Path) -> None:
    model = make_model(tmp_path / "base")
    with stack.running(tmp_path / "var", LOCAL_THREADS="1", LOCAL_WARM="1") as house:
        client = sign_up(house)
        slug = client.post("/api/projects", {"name": "Support"})["slug"]
        client.import_rows(slug, preference_rows(160))
        snapshot = client.snapshot(slug, kind="preferences")
        spec = {
            "kind": "dpo",
            "model": str(model),
            "snapshot": snapshot["id"],
            "batch_size": 4,
            "max_steps": NUM_STEPS,
            "checkpoint_every": CHECKPOINT_EVERY,
            "learning_rate": 1e-4,
            "max_length": 128,
        }
        run_id = client.launch_run(slug, spec)["id"]
        kill_in_the_middle(house, client, run_id)
        killed = client.wait_for_run(run_id, timeout=180)
        undisturbed = client.wait_for_run(client.launch_run(slug, spec)["id"], timeout=180)

        assert (killed["state"], killed["attempt"]) == ("succeeded", 2), killed["error"]
        assert (undisturbed["state"], undisturbed["attempt"]) == ("succeeded", 1), undisturbed["error"]
        resumed_at = [
            int(found[1])
            for row in client.logs(run_id)
            if row["attempt"] == 2 and (found := re.search(r"Resuming from .*-(\d+)", row["line"]))
        ]
        assert len(resumed_at) == 1
        assert 0 < resumed_at[0] < NUM_STEPS
        losses = [point["step"] for point in client.metrics(run_id) if point["key"] == "loss"]
        assert losses == list(range(1, NUM_STEPS + 1)), "each step once, in order"
        assert weights(killed)
        assert weights(killed) == weights(undisturbed)
