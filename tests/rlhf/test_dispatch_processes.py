"""The dispatcher, a web server and workers as processes that are killed at bad moments."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.rlhf.houses import STEPS, House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def undisturbed(house: House) -> dict[str, Any]:
    """A run that nothing happens to."""
    number = house.launch()
    with house.dispatcher("--until-idle") as dispatcher:
        dispatcher.wait(timeout=90)
    return house.run(number)


def weights(run: dict[str, Any]) -> str:
    files = {file["name"]: file["sha256"] for file in run["produced_model"]["files"]}
    return files["model.safetensors"]


@pytest.mark.once
def test_a_run_goes_through_a_process_and_leaves_a_model(house, undisturbed):
    assert undisturbed["state"] == "succeeded", undisturbed["error"]
    assert undisturbed["attempt"] == 1
    assert house.steps(undisturbed["id"]) == list(range(1, STEPS + 1))
    assert undisturbed["num_steps"] == STEPS


@pytest.mark.once
def test_a_worker_finds_none_of_the_servers_keys(undisturbed):
    variables = set(undisturbed["environment"]["variables"])
    assert {"PLUMBLINE_URL", "PLUMBLINE_RUN_TOKEN", "PLUMBLINE_WORKDIR", "OMP_NUM_THREADS"} <= variables
    assert not {"SECRET_KEY", "DATABASE_URL", "PLUMBLINE_OPERATOR_PASSWORD"} & variables


@pytest.mark.once
def test_a_killed_worker_is_replaced_and_ends_with_the_same_weights(house, undisturbed):
    number = house.launch()
    with house.dispatcher(SCRIPT_STEP_SECONDS="0.2"):
        house.wait(number, lambda run: run["step"] >= 5)
        os.kill(house.worker_pid(number), signal.SIGKILL)
        run = house.wait(number, lambda run: run["finished_at"])
    assert (run["state"], run["attempt"]) == ("succeeded", 2)
    resumed = re.search(r"from step (\d+)", [line for line in house.words(number) if "goes on" in line][-1])
    assert int(resumed[1]) > 0
    assert house.steps(number) == list(range(1, STEPS + 1))
    assert weights(run) == weights(undisturbed)


@pytest.mark.once
def test_a_crash_is_told_apart_and_survived(house, undisturbed):
    number = house.launch()
    with house.dispatcher("--until-idle", SCRIPT_CRASH="1:7") as dispatcher:
        dispatcher.wait(timeout=90)
    run = house.run(number)
    assert (run["state"], run["attempt"]) == ("succeeded", 2)
    assert any("exit code 7" in line and "told to crash" in line for line in house.words(number))
    assert weights(run) == weights(undisturbed)


@pytest.mark.once
def test_a_worker_outlives_a_killed_dispatcher_and_is_found_again(house):
    number = house.launch()
    with house.dispatcher(SCRIPT_STEP_SECONDS="0.4") as first:
        house.wait(number, lambda run: run["step"] >= 2)
        first.kill()
        first.wait()
    pid = house.worker_pid(number)
    assert psutil.pid_exists(pid)
    with house.dispatcher("--until-idle") as second:
        second.wait(timeout=90)
    run = house.run(number)
    assert (run["state"], run["attempt"]) == ("succeeded", 1)
    assert house.worker_pid(number) == pid


@pytest.mark.once
def test_a_stopped_dispatcher_takes_its_workers_along_and_the_next_one_goes_on(house, undisturbed):
    number = house.launch()
    with house.dispatcher(SCRIPT_STEP_SECONDS="0.3") as first:
        house.wait(number, lambda run: run["step"] >= 4)
        pid = house.worker_pid(number)
        began = time.monotonic()
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=10) == 0
        assert time.monotonic() - began < 10
    assert not psutil.pid_exists(pid)
    run = house.run(number)
    assert (run["state"], run["attempt"]) == ("queued", 2)
    with house.dispatcher("--until-idle") as second:
        second.wait(timeout=90)
    run = house.run(number)
    assert run["state"] == "succeeded"
    assert weights(run) == weights(undisturbed)


@pytest.mark.once
def test_a_cancelled_run_stops_soon(house):
    number = house.launch()
    with house.dispatcher(SCRIPT_STEP_SECONDS="0.3"):
        house.wait(number, lambda run: run["step"] >= 1)
        house.client.post(f"/api/runs/{number}/cancel", {})
        run = house.wait(number, lambda run: run["finished_at"])
    assert run["state"] == "cancelled"
    assert run["step"] < STEPS


def test_of_two_dispatchers_one_waits(house):
    number = house.launch()
    with house.dispatcher(SCRIPT_STEP_SECONDS="0.1"), house.dispatcher(SCRIPT_STEP_SECONDS="0.1"):
        run = house.wait(number, lambda run: run["finished_at"])
    assert (run["state"], run["attempt"]) == ("succeeded", 1)
    assert len([line for line in house.words(number) if line.startswith("pid")]) == 1
