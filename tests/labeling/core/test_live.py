"""publish() through its three ways out: the server's loop, a signed POST, and Redis."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from channels.layers import get_channel_layer
from django.core import signing

from labeling.core import live
from labeling.core.live import Event

pytestmark = pytest.mark.once


@pytest.fixture
def outbox(monkeypatch):
    """A real outbox in place of the list that other tests publish into."""
    made = live.Outbox()
    monkeypatch.setattr(live, "_outbox", made)
    return made


@pytest.fixture
def server_loop(settings):
    """An event loop in its own thread, as the web process has one."""
    settings.REDIS_URL = ""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    live.attach_server_loop(loop)
    yield loop
    live.attach_server_loop(None)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def on(loop, coroutine):
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout=5)


def listen(loop, group: str) -> str:
    layer = get_channel_layer()
    channel = on(loop, layer.new_channel())
    on(loop, layer.group_add(group, channel))
    return channel


def received(loop, channel: str, num: int) -> list[dict]:
    return [on(loop, get_channel_layer().receive(channel)) for _ in range(num)]


def test_threads_reach_the_servers_loop_in_numbered_order(server_loop, outbox):
    channel = listen(server_loop, "project.71")
    threads = [
        threading.Thread(target=live.publish, args=("project.71",), kwargs={"topic": "runs", "id": number})
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.flush(5)
    messages = received(server_loop, channel, 20)
    assert {message["id"] for message in messages} == set(range(20))
    first = messages[0]["seq"]
    assert [message["seq"] for message in messages] == list(range(first, first + 20))
    assert messages[0]["type"] == "changed"


def test_the_same_news_waiting_twice_is_sent_once(server_loop, outbox):
    channel = listen(server_loop, "project.72")
    blocked = threading.Event()
    server_loop.call_soon_threadsafe(blocked.wait, 5)
    for _ in range(50):
        live.publish("project.72", topic="queue")
    blocked.set()
    assert outbox.flush(5)
    # At most what was under way when the rest arrived, and the rest as one.
    live.publish("project.72", topic="runs")
    assert outbox.flush(5)
    topics = []
    while not topics or topics[-1] != "runs":
        topics += [message["topic"] for message in received(server_loop, channel, 1)]
    assert len(topics) <= 3


def test_publishing_never_waits_nor_raises_when_nobody_answers(outbox, settings):
    settings.REDIS_URL = ""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.WORKER_API_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        for number in range(3 * live.MAX_PENDING):
            live.publish(f"run.{number}", topic="metrics")
        # Waiting would take POST_TIMEOUT_SECONDS each.
        assert time.monotonic() - started < 30
        assert len(outbox._pending) <= live.MAX_PENDING
        assert outbox.flush(30)


def test_signed_news_from_another_process_is_published(anonymous, server_loop, published, settings):
    body = live.sign([Event("run.3", "metrics", None), Event("project.1", "runs", 3)])
    answer = anonymous.post("/api/internal/publish", body, content_type="text/plain")
    assert answer.status_code == 204
    assert published == [Event("run.3", "metrics", None), Event("project.1", "runs", 3)]


def test_unsigned_altered_and_old_news_is_refused(anonymous, server_loop, published, monkeypatch, settings):
    body = live.sign([Event("run.3", "metrics", None)])
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: 1_000_000.0)
        old = live.sign([Event("run.3", "metrics", None)])
    other_purpose = signing.dumps([["run.3", "metrics", None]], salt="something else")
    altered = body[:-1] + ("A" if body[-1] != "A" else "B")
    for forged in ("", "nonsense", altered, old, other_purpose, "\x00"):
        answer = anonymous.post("/api/internal/publish", forged, content_type="text/plain")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature"), forged
    assert published == []


def test_news_do_not_go_in_circles(anonymous, published, settings):
    settings.REDIS_URL = ""
    body = live.sign([Event("run.3", "metrics", None)])
    answer = anonymous.post("/api/internal/publish", body, content_type="text/plain")
    assert answer.status_code == 503
    assert published == []


def test_another_process_posts_what_it_publishes(live_server, server_loop, published):
    """A short-lived command still delivers what it said last."""
    program = (
        "import django; django.setup()\n"
        "from labeling.core import live\n"
        "live.publish('run.5', topic='run', id=5)\n"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "deploy.settings",
        "WORKER_API_URL": live_server.url,
        "REDIS_URL": "",
    }
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    assert published == [Event("run.5", "run", 5)]


@pytest.mark.redis
def test_redis_carries_news_between_processes(outbox, settings):
    settings.REDIS_URL = url = os.environ["TEST_REDIS_URL"]
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [url]}}
    }
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        channel = listen(loop, "run.9")
        program = (
            "import django; django.setup()\n"
            "from labeling.core import live\n"
            "live.publish('run.9', topic='run', id=9)\n"
        )
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "deploy.settings", "REDIS_URL": url}
        subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
        live.publish("run.9", topic="metrics")
        assert outbox.flush(5)
        first, second = received(loop, channel, 2)
        assert (first["topic"], second["topic"]) == ("run", "metrics")
        assert second["seq"] == first["seq"] + 1
        on(loop, get_channel_layer().group_discard("run.9", channel))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
