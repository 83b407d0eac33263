"""How often something may be tried, in one process, across processes, and without Redis."""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils import timezone

from deploy.stack import free_port
from labeling.core.services import limits, tokens
from rlhf.client import Client
from tests.conftest import PASSWORD
from tests.labeling.factories import NOON

pytestmark = pytest.mark.once


@pytest.fixture
def few_writes(settings):
    settings.LIMIT_WRITES_PER_MINUTE = 5


def redis_cache(url: str) -> dict:
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": url,
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        },
        "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "local"},
    }


@pytest.fixture
def redis_away(settings, monkeypatch):
    """REDIS_URL names a server that is not there."""
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = redis_cache(settings.REDIS_URL)
    monkeypatch.setattr(limits, "_redis_rests_until", 0.0)
    caches["local"].clear()


def test_one_account_writes_so_many_times_a_minute(few_writes, as_bob, as_carol):
    for _ in range(5):
        assert as_bob.patch("/api/me", {"name": "Bob"}, format="json").status_code == 200
    slowed = as_bob.patch("/api/me", {"name": "Bob"}, format="json")
    assert slowed.status_code == 429
    assert slowed.json()["code"] == "throttled"
    wait = int(slowed.headers["Retry-After"])
    assert 1 <= wait <= 60
    assert slowed.json()["message"].endswith(f"wait {wait} seconds and go on.")
    assert as_bob.get("/api/me").status_code == 200
    assert as_carol.patch("/api/me", {"name": "Carol"}, format="json").status_code == 200


def test_the_client_waits_out_the_minute(few_writes, transactional_db, live_server, bob, monkeypatch):
    monkeypatch.setattr(limits, "WINDOW_SECONDS", 1)
    _, secret = tokens.create_token(user=bob, name="script", now=timezone.now())
    with Client(live_server.url, token=secret) as client:
        began = time.monotonic()
        for number in range(11):
            client.patch("/api/me", {"name": f"Bob {number}"})
    assert time.monotonic() - began > 1  # eleven writes are more than two windows hold
    bob.refresh_from_db()
    assert bob.name == "Bob 10"


def test_the_next_minute_starts_anew(few_writes, db):
    for _ in range(5):
        limits.count_write(user_id=1, now=NOON)
    with pytest.raises(limits.TooManyTries):
        limits.count_write(user_id=1, now=NOON + timedelta(seconds=59))
    limits.count_write(user_id=1, now=NOON + timedelta(seconds=60))


def test_the_first_writes_of_a_minute_may_come_at_once(few_writes, db, monkeypatch):
    """As a page's draft, heartbeat and judgment do, and however long counting takes."""
    together, add = threading.Barrier(5), limits._add

    def add_slowly(*args, **options):
        time.sleep(0.01)
        return add(*args, **options)

    monkeypatch.setattr(limits, "_add", add_slowly)

    def write(minute):
        together.wait()
        limits.count_write(user_id=1, now=NOON + timedelta(minutes=minute))

    with ThreadPoolExecutor(5) as pool:
        for minute in range(5):
            list(pool.map(write, [minute] * 5))
            with pytest.raises(limits.TooManyTries):
                limits.count_write(user_id=1, now=NOON + timedelta(minutes=minute))


def test_writes_may_be_unlimited(settings, db):
    settings.LIMIT_WRITES_PER_MINUTE = 0
    for _ in range(100):
        limits.count_write(user_id=1, now=NOON)


def test_counting_a_write_asks_the_database_nothing(few_writes, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        limits.count_write(user_id=1, now=NOON)


@pytest.mark.redis
def test_processes_share_one_account_of_writes(settings, db):
    settings.LIMIT_WRITES_PER_MINUTE = 100
    settings.REDIS_URL = os.environ["TEST_REDIS_URL"]
    settings.CACHES = redis_cache(settings.REDIS_URL)
    now = timezone.now() + timedelta(days=1)
    user_id = os.getpid()  # the other lane counts in the same Redis
    for _ in range(10):  # as many processes, each with parts of its own
        limits.forget_writes()
        for _ in range(10):
            limits.count_write(user_id=user_id, now=now)
    limits.forget_writes()
    with pytest.raises(limits.TooManyTries):
        limits.count_write(user_id=user_id, now=now)


def test_people_sign_in_while_redis_is_away(redis_away, anonymous, bob, caplog):
    credentials = {"email": bob.email, "password": PASSWORD}
    with caplog.at_level(logging.WARNING, logger="labeling.core.services.limits"):
        for _ in range(3):
            answer = anonymous.post("/api/session", credentials, format="json")
            assert answer.status_code == 200, answer.content
        answer = anonymous.post("/api/password-reset", {"email": "nobody@example.com"}, format="json")
        assert answer.status_code == 204
    said = [record for record in caplog.records if "Redis does not answer" in record.message]
    assert len(said) == 1


def test_guessing_is_slowed_down_while_redis_is_away(redis_away, anonymous, bob):
    wrong = {"email": bob.email, "password": "nope"}
    for _ in range(limits.SIGN_IN.tries):
        assert anonymous.post("/api/session", wrong, format="json").status_code == 400
    assert anonymous.post("/api/session", wrong, format="json").status_code == 429


def test_writes_are_counted_while_redis_is_away(redis_away, few_writes, as_bob):
    codes = [as_bob.patch("/api/me", {"name": "Bob"}, format="json").status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
