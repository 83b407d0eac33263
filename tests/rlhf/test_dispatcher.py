"""What the dispatcher decides, with processes that say nothing to the server."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from rlhf.executors import LocalExecutor, Status
from rlhf.models import DispatcherLease, Run, RunLogLine
from rlhf.services import dispatcher_lease, runs
from rlhf.services.dispatcher import Dispatcher
from tests.rlhf.factories import NOON, SOON
from tests.waiting import until

pytestmark = pytest.mark.django_db
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"]
CRASH = [sys.executable, "-c", "import sys; sys.exit('CUDA ran out of memory')"]


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        return


@pytest.fixture(autouse=True)
def api(settings) -> Iterator[HTTPServer]:
    """A server that is up."""
    server = HTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.WORKER_API_URL = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(launch, preferences) -> Run:
    return launch("reward", snapshot=preferences.pk)


@pytest.fixture
def dispatch(settings):
    """A dispatcher whose workers run a command; whatever it leaves running is ended."""
    made: list[LocalExecutor] = []

    def make(command: list[str]) -> Dispatcher:
        made.append(LocalExecutor(command=command))
        return Dispatcher(made[-1])

    yield make
    for executor in made:
        for child in executor._children.values():
            child.kill()
            child.wait()


def is_dead(dispatcher: Dispatcher, run: Run) -> bool:
    run.refresh_from_db()
    return not dispatcher.executor.status(run.executor_ref).alive


@pytest.mark.once
def test_a_queued_run_gets_a_process(dispatch, run):
    dispatcher = dispatch(SLEEP)
    assert dispatcher.step(now=NOON)
    run.refresh_from_db()
    assert run.state == "starting"
    assert dispatcher.executor.status(run.executor_ref).alive
    assert run.environment["num_threads"] >= 1
    assert not dispatcher.step(now=NOON)


@pytest.mark.once
def test_runs_wait_while_the_server_is_down(dispatch, run, settings, caplog):
    settings.WORKER_API_URL = "http://127.0.0.1:9"
    dispatcher = dispatch(SLEEP)
    for _ in range(3):
        assert not dispatcher.step(now=NOON)
    run.refresh_from_db()
    assert run.state == "queued"
    assert caplog.text.count("queued runs wait for it") == 1


def test_slots_bound_how_many_run_at_once(dispatch, run, launch, preferences, settings):
    settings.LOCAL_SLOTS = 2
    for _ in range(2):
        launch("reward", snapshot=preferences.pk)
    dispatcher = dispatch(SLEEP)
    dispatcher.step(now=NOON)
    assert list(Run.objects.order_by("id").values_list("state", flat=True)) == [
        "starting",
        "starting",
        "queued",
    ]
    slots = {ref.rpartition(":")[2] for ref in Run.objects.values_list("executor_ref", flat=True) if ref}
    assert slots == {"0", "1"}


@pytest.mark.once
def test_a_process_that_dies_is_tried_again_until_it_is_given_up(dispatch, run, settings):
    settings.MAX_ATTEMPTS = 2
    dispatcher = dispatch(CRASH)
    dispatcher.step(now=NOON)
    until(lambda: is_dead(dispatcher, run), seconds=20)
    dispatcher.step(now=SOON)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("starting", 2)
    until(lambda: is_dead(dispatcher, run), seconds=20)
    dispatcher.step(now=SOON)
    run.refresh_from_db()
    assert run.state == "failed"
    assert "exit code 1" in run.error
    assert "CUDA ran out of memory" in run.error
    assert run.error.endswith(f"run-{run.pk}/attempt-2.log.")


def test_a_command_that_cannot_be_started_fails_its_run_and_not_the_loop(
    dispatch, run, settings, caplog, launch, preferences
):
    settings.MAX_ATTEMPTS = 2
    dispatcher = dispatch(["/nowhere/worker"])
    for _ in range(3):
        dispatcher.step(now=NOON)
    run.refresh_from_db()
    assert run.state == "failed"
    assert "could not be started" in run.error
    assert f"run {run.pk}: its worker could not be started" in caplog.text


@pytest.mark.once
def test_a_worker_that_says_nothing_is_ended_and_replaced(dispatch, run, settings, api):
    dispatcher = dispatch(SLEEP)
    dispatcher.step(now=NOON)
    silent = NOON + timedelta(seconds=settings.HEARTBEAT_TIMEOUT_SECONDS + 1)
    dispatcher.step(now=silent)
    until(lambda: is_dead(dispatcher, run), seconds=20)
    dispatcher.step(now=silent)
    run.refresh_from_db()
    assert run.attempt == 2
    assert "no sign of life for 60 seconds" in RunLogLine.objects.get(run=run).line


@pytest.mark.once
def test_silence_proves_nothing_while_the_server_is_down(dispatch, run, settings, api):
    dispatcher = dispatch(SLEEP)
    dispatcher.step(now=NOON)
    silent = NOON + timedelta(seconds=settings.HEARTBEAT_TIMEOUT_SECONDS + 1)
    address, settings.WORKER_API_URL = settings.WORKER_API_URL, "http://127.0.0.1:9"
    dispatcher.step(now=silent)
    settings.WORKER_API_URL = address
    dispatcher.step(now=silent + timedelta(seconds=10))
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("starting", 1)
    assert dispatcher.executor.status(run.executor_ref).alive


def test_a_worker_that_will_not_stop_is_ended(dispatch, run, rita, monkeypatch):
    monkeypatch.setattr("rlhf.executors.local.GRACE_SECONDS", 0.5)
    dispatcher = dispatch(DEAF)
    dispatcher.step(now=NOON)
    run.refresh_from_db()
    runs.cancel(run=run, user=rita, now=NOON)
    dispatcher.step(now=NOON)
    dispatcher.step(now=NOON + timedelta(seconds=10))
    assert dispatcher.executor.status(run.executor_ref).alive

    def gone() -> bool:
        dispatcher.step(now=NOON + timedelta(seconds=20))
        return is_dead(dispatcher, run)

    until(gone, seconds=20)
    dispatcher.step(now=NOON + timedelta(seconds=20))
    run.refresh_from_db()
    assert run.state == "cancelled"


@pytest.mark.once
def test_a_new_dispatcher_finds_the_processes_of_the_old_one(dispatch, run):
    dispatch(SLEEP).step(now=NOON)
    second = dispatch(SLEEP)
    second.step(now=SOON)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("starting", 1)
    assert second.executor.status(run.executor_ref).alive


@pytest.mark.once
def test_a_process_number_given_to_someone_else_is_not_our_worker(dispatch, run):
    dispatcher = dispatch(SLEEP)
    dispatcher.step(now=NOON)
    run.refresh_from_db()
    pid, started_at, slot = run.executor_ref.split(":")
    recycled = f"{pid}:{float(started_at) - 60}:{slot}"
    assert not LocalExecutor().status(recycled).alive
    assert LocalExecutor().status(run.executor_ref).alive


@pytest.mark.once
def test_a_run_claimed_by_a_dispatcher_that_was_killed_is_put_back(dispatch, run):
    runs.claim(executor="local", now=NOON)
    dispatcher = dispatch(SLEEP)
    dispatcher.step(now=SOON)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.num_deaths) == ("starting", 2, 0)
    assert run.executor_ref


def test_a_resumed_run_gets_as_many_threads_as_before(dispatch, run):
    Run.objects.filter(pk=run.pk).update(environment={"num_threads": 7})
    dispatch(SLEEP).step(now=NOON)
    run.refresh_from_db()
    assert run.environment["num_threads"] == 7


def test_stopping_ends_the_workers_and_puts_their_runs_back(dispatch, run):
    dispatcher = dispatch(SLEEP)
    dispatcher.step(now=NOON)
    run.refresh_from_db()
    ref = run.executor_ref
    dispatcher.stop(now=lambda: SOON)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.num_deaths) == ("queued", 2, 0)
    assert not dispatcher.executor.status(ref).alive
    assert DispatcherLease.objects.get().holder == ""


class TestLease:
    def test_a_second_dispatcher_waits_for_the_first(self, dispatch, run, monkeypatch, caplog):
        DispatcherLease.objects.create(pk=1, holder="elsewhere:1:1", expires_at=SOON)
        dispatcher = dispatch(SLEEP)
        for _ in range(3):
            assert not dispatcher.step(now=NOON)
        run.refresh_from_db()
        assert run.state == "queued"
        assert caplog.text.count("Another dispatcher is at work") == 1
        assert dispatcher.step(now=SOON + timedelta(seconds=1))

    def test_a_killed_neighbour_need_not_be_waited_for(self):
        host = dispatcher_lease.my_name().split(":")[0]
        DispatcherLease.objects.create(pk=1, holder=f"{host}:999999999:1", expires_at=SOON)
        assert dispatcher_lease.take(holder="me:1:1", now=NOON)

    def test_a_living_neighbour_keeps_it(self):
        assert dispatcher_lease.take(holder=dispatcher_lease.my_name(), now=NOON)
        assert not dispatcher_lease.take(holder="me:1:1", now=NOON)
        assert dispatcher_lease.take(holder=dispatcher_lease.my_name(), now=NOON)


@pytest.mark.once
def test_a_problem_of_one_run_is_logged_once_and_the_others_go_on(
    dispatch, run, launch, preferences, settings, caplog, monkeypatch
):
    settings.LOCAL_SLOTS = 2
    other = launch("reward", snapshot=preferences.pk)
    dispatcher = dispatch(SLEEP)
    dispatcher.step(now=NOON)
    other.refresh_from_db()
    look = dispatcher.executor.status

    def status(ref: str) -> Status:
        if ref != other.executor_ref:
            raise PermissionError("the machine does not say")
        return look(ref)

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(dispatcher.executor, "status", status)
        dispatcher.executor._children[other.executor_ref].kill()
        dispatcher.executor._children[other.executor_ref].wait()
        for _ in range(3):
            dispatcher.step(now=SOON)
    assert caplog.text.count(f"run {run.pk}: trying again") == 1
    other.refresh_from_db()
    assert (other.state, other.attempt) == ("starting", 2)


def test_a_reference_that_names_no_process_is_a_dead_one(dispatch, run, settings):
    dispatcher = dispatch(SLEEP)
    dispatcher.step(now=NOON)
    Run.objects.update(executor_ref="ray:job-7")
    dispatcher.step(now=NOON)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("starting", 2)


def test_old_working_folders_are_cleaned_but_for_the_logs(dispatch, run, settings):
    folder = settings.WORKDIR / f"run-{run.pk}"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "state").write_text("big")
    (folder / "attempt-1.log").write_text("said")
    (settings.WORKDIR / "run-99999").mkdir()
    Run.objects.filter(pk=run.pk).update(state="succeeded", finished_at=NOON)
    dispatch(SLEEP).step(now=NOON + timedelta(minutes=1))
    assert (folder / "checkpoints").exists()
    assert not (settings.WORKDIR / "run-99999").exists()
    dispatch(SLEEP).step(now=NOON + timedelta(hours=2))
    assert [path.name for path in folder.iterdir()] == ["attempt-1.log"]
    dispatch(SLEEP).step(now=NOON + timedelta(days=30))
    assert not folder.exists()
