from __future__ import annotations

import json
import time

import pytest

from rlhf.client import ApiError
from rlhf.worker import spool as spool_module
from rlhf.worker.protocol import RunApi, Settings
from rlhf.worker.reporter import ServerReporter
from rlhf.worker.spool import Spool
from tests.worker.protocol_server import ProtocolServer


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(spool_module, "SEND_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(spool_module, "MAX_BACKOFF_SECONDS", 0.05)


@pytest.fixture
def server(tmp_path):
    server = ProtocolServer(tmp_path / "server", "sft", {}, {}, {}).start()
    server.new_attempt()
    yield server
    server.stop()


@pytest.fixture
def api(server, tmp_path):
    return RunApi(Settings(server.url, server.token, tmp_path, tmp_path / "cache"))


@pytest.fixture
def open_spool(api, tmp_path):
    opened = []

    def open_one(last_seq=0):
        spool = Spool(tmp_path / "events.jsonl", api, last_seq=last_seq, on_answer=lambda answer: None)
        opened.append(spool)
        return spool

    yield open_one
    for spool in opened:
        spool.close()


def lines(server):
    return [event["line"] for event in server.of_type("log")]


def test_events_arrive_in_order_and_once(server, open_spool):
    spool = open_spool()
    for number in range(1200):
        spool.add("log", line=str(number))
    assert spool.drain(10)
    assert lines(server) == [str(number) for number in range(1200)]


def test_outage_loses_nothing(server, open_spool):
    spool = open_spool()
    spool.add("log", line="before")
    assert spool.drain(5)
    server.stop()
    for number in range(20):
        spool.add("log", line=str(number))
    assert not spool.drain(0.2)
    server.start()
    assert spool.drain(10)
    assert lines(server) == ["before", *[str(number) for number in range(20)]]


def test_failing_requests_neither_lose_nor_repeat_events(server, open_spool):
    turns = iter(["drop", "lose", 500, None, "lose", 503, "drop", None] * 50)
    server.faults = lambda method, path: next(turns)
    spool = open_spool()
    for number in range(30):
        spool.add("log", line=str(number))
        time.sleep(0.002)
    assert spool.drain(20)
    assert lines(server) == [str(number) for number in range(30)]


def test_server_that_forgot_gets_the_events_again(server, open_spool):
    spool = open_spool()
    for number in range(5):
        spool.add("log", line=str(number))
    assert spool.drain(5)
    server.last_seq = 2  # restored from a backup
    server.events = server.events[:2]
    spool.add("log", line="5")
    assert spool.drain(5)
    assert lines(server) == ["0", "1", "2", "3", "4", "5"]


def test_restarted_process_goes_on_where_the_file_ends(server, open_spool, tmp_path):
    server.stop()
    first = open_spool()
    first.add("log", line="unsent")
    first.add("metrics", step=3, values={"loss": 1.0})
    first.close()
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b'{"seq": 3, "type": "lo')  # killed while writing
    server.start()
    second = open_spool()
    assert max(second.metrics_found) == 3
    second.add("log", line="after")
    assert second.drain(5)
    assert lines(server) == ["unsent", "after"]


def test_refused_events_end_the_wait(server, open_spool):
    server.faults = lambda method, path: 400
    spool = open_spool()
    spool.add("log", line="x")
    with pytest.raises(ApiError, match="Injected"):
        spool.drain(5)


@pytest.fixture
def reporter(api, tmp_path):
    reporter = ServerReporter(
        api,
        tmp_path / "e.jsonl",
        last_seq=0,
        last_step=5,
        last_step_metrics=["loss", "train_runtime"],
        heartbeat_seconds=0.02,
    )
    yield reporter
    reporter.close()


def test_known_steps_are_not_reported_again(server, reporter):
    for step in (4, 5, 6):
        reporter.metrics(step, {"loss": 1.0})
    reporter.metrics(5, {"eval_accuracy": 0.7, "loss": 1.0, "train_runtime": 3.0})
    reporter.spool.drain(5)
    assert list(server.metric_names()) == [(6, "loss"), (5, "eval_accuracy")]


def test_values_that_are_no_numbers_are_sent_as_null(server, reporter):
    reporter.metrics(6, {"loss": float("nan"), "kl": float("inf"), "reward": 1.5})
    reporter.spool.drain(5)
    assert server.metrics()[6] == {"loss": None, "kl": None, "reward": 1.5}
    assert "NaN" not in json.dumps(server.events)


def test_heartbeats_resume_after_an_outage_and_carry_the_wish_to_stop(server, reporter):
    from rlhf.training.errors import Cancelled

    server.stop()
    time.sleep(0.1)
    server.cancel = True
    server.start()
    assert reporter.cancelled.wait(5)
    with pytest.raises(Cancelled):
        reporter.raise_if_cancelled()


def test_repeated_and_endless_lines_are_cut(server, reporter):
    for line in ("same", "same", "  ", "x" * 5000, "same"):
        reporter.log(line)
    reporter.spool.drain(5)
    assert lines(server) == ["same", "x" * 2000, "same"]
