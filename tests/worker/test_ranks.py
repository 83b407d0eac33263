"""One run on two processes: they train together, and whatever befalls one of them befalls the run."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress

import psutil
import pytest

from rlhf.worker.protocol import EXIT_RANK_LOST
from rlhf.worker.ranks import EXIT_SAID, Ranks
from tests.waiting import until
from tests.worker.test_worker import assert_same_weights, wait_for_exit, weights

SPEC = {
    "model": "base@1",
    "snapshot": 1,
    "learning_rate": 1e-3,
    "batch_size": 4,
    "checkpoint_every": 4,
    "rollout_batch_size": 8,
    "total_episodes": 32,
    "max_completion_length": 12,
    "max_length": 96,
    "rewards": [{"source": "verifier", "verifier": "max_words", "argument": 3}],
    "num_processes": 2,
}


def others(worker) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(worker.pid).children():
        with suppress(psutil.NoSuchProcess):  # some of its children are short: `git describe` is one
            if "rlhf.worker.ranks" in " ".join(child.cmdline()):
                found.append(child)
    return found


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def undisturbed(kept, tmp_path, make_server, start_worker):
    """A run of two processes that nothing happens to, for the first test that asks and all after it."""
    if not kept:
        server = make_server("ppo", SPEC)
        server.root = tmp_path / "undisturbed"
        worker = start_worker(server)
        until(lambda: len(others(worker)) == 1)
        (other,) = others(worker)
        assert wait_for_exit(worker) == 0
        assert server.finished["state"] == "succeeded", server.log()
        assert not psutil.pid_exists(other.pid)
        kept["server"] = server
    return kept["server"]


def test_two_processes_train_what_one_does(make_server, start_worker, undisturbed):
    alone = make_server("ppo", {**SPEC, "num_processes": 1})
    assert wait_for_exit(start_worker(alone)) == 0
    one, two = weights(alone.files / "model"), weights(undisturbed.files / "model")
    for name in one:
        assert (one[name] - two[name]).abs().max() < 1e-4
    together, apart = undisturbed.metrics(), alone.metrics()
    assert together.keys() == apart.keys()
    first = min(together)
    assert together[first]["objective/scores"] == pytest.approx(apart[first]["objective/scores"], abs=1e-6)


@pytest.mark.parametrize("victim", ["the first", "another"])
def test_a_killed_process_ends_the_attempt_and_the_next_goes_on(
    make_server, start_worker, undisturbed, victim
):
    server = make_server("ppo", SPEC)
    worker = start_worker(server)
    until(lambda: server.checkpoint)
    (other,) = others(worker)
    os.kill(worker.pid if victim == "the first" else other.pid, signal.SIGKILL)
    began = time.monotonic()
    code = wait_for_exit(worker, seconds=20)
    assert code == (-signal.SIGKILL if victim == "the first" else EXIT_RANK_LOST)
    until(lambda: not other.is_running() or other.status() == psutil.STATUS_ZOMBIE, seconds=5)
    assert time.monotonic() - began < 15
    assert server.finished is None

    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "succeeded", server.log()
    assert "Resuming from checkpoint-" in server.log()
    assert max(Counter(server.metric_names()).values()) == 1
    assert_same_weights(server.files / "model", undisturbed.files / "model")


def test_a_cancelled_run_ends_all_its_processes(make_server, start_worker):
    server = make_server("ppo", {**SPEC, "total_episodes": 4000})
    worker = start_worker(server)
    until(lambda: server.metrics())
    (other,) = others(worker)
    server.cancel = True
    assert wait_for_exit(worker, seconds=20) == 0
    assert server.finished == {"state": "cancelled"}
    assert not psutil.pid_exists(other.pid)


def test_a_signal_to_the_group_leaves_the_run_to_the_next(make_server, start_worker):
    server = make_server("ppo", {**SPEC, "total_episodes": 4000})
    worker = start_worker(server)
    until(lambda: server.metrics())
    (other,) = others(worker)
    for pid in (other.pid, worker.pid):
        os.kill(pid, signal.SIGTERM)
    assert wait_for_exit(worker, seconds=20) == 128 + signal.SIGTERM
    assert server.finished is None
    until(lambda: not psutil.pid_exists(other.pid), seconds=5)


def test_what_fails_in_every_process_is_one_sentence(make_server, start_worker):
    server = make_server("ppo", {**SPEC, "max_length": 16})
    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "failed"
    assert server.finished["error"].startswith("No prompt of the train split fits into 4 tokens")


def test_what_one_process_says_is_told(tmp_path, monkeypatch):
    """That a device ran out of memory, say, while the others wait for that process."""
    monkeypatch.setattr("rlhf.worker.ranks.GRACE_SECONDS", 0.2)
    program = (
        "import json, os, sys\n"
        "folder = json.loads(sys.stdin.readline())['folder']\n"
        "open(f'{folder}/rank-1.error', 'w').write('Too large.')\n"
        f"sys.exit({EXIT_SAID})\n"
    )
    said, is_told = [], threading.Event()

    def hear(sentence):
        said.append(sentence)
        is_told.set()

    monkeypatch.setattr(os, "environ", dict(os.environ))
    command = [sys.executable, "-c", program]
    with Ranks({}, 2, tmp_path / "ranks", on_failure=hear, on_death=hear, command=command) as ranks:
        assert is_told.wait(20)
        assert not ranks.has_lost_one()
    assert said == ["Too large."]
