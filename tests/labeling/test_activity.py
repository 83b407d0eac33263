"""Presence, pace, and counts that do not scan."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from labeling.models import Presence, QueueCount
from labeling.selectors import activity
from labeling.selectors.counts import batch_progress, counts
from labeling.services import counting, presence
from labeling.services.queue import close_batch
from tests.labeling.factories import NOON, fill_queue, judge, next_of
from tests.labeling.plans import plan_of
from tests.labeling.racing import check_counts

PRESENCE = "/api/projects/support/presence"


def test_who_works_is_here_and_who_went_silent_is_not(project, bob, carol, as_lena):
    fill_queue(project, 6)
    now = timezone.now()
    next_of(bob, project, count=2, now=now)
    next_of(carol, project, now=now - timedelta(hours=1))
    here = as_lena.get(PRESENCE).json()
    assert (here["num_here"], here["num_working"]) == (1, 1)
    assert [(one["name"], one["num_held"], one["page_open"]) for one in here["people"]] == [("Bob", 2, False)]


def test_annotators_see_how_many_and_not_who(project, bob, as_bob):
    presence.seen(user_id=bob.pk, project_id=project.pk, now=timezone.now())
    assert as_bob.get(PRESENCE).json() == {"num_here": 1, "num_working": 0, "people": None}


def test_a_page_that_went_away_without_a_word_is_gone_soon(project, bob, published):
    presence.seen(user_id=bob.pk, project_id=project.pk, now=NOON)
    presence.seen(user_id=bob.pk, project_id=project.pk, now=NOON + timedelta(seconds=30))
    assert len(published) == 1
    soon, later = NOON + timedelta(seconds=100), NOON + timedelta(seconds=110)
    assert activity.here(project=project, now=soon, with_names=False).num_here == 1
    assert activity.here(project=project, now=later, with_names=False).num_here == 0
    presence.left(user_id=bob.pk, project_id=project.pk)
    assert (Presence.objects.count(), len(published)) == (0, 2)


def test_pace_counts_the_last_hour_and_day(project, bob, carol, as_lena, as_bob):
    fill_queue(project, 6, overlap=2)
    now = timezone.now()
    for person, ago, seconds in [(bob, 2, 10.0), (bob, 30, 20.0), (carol, 300, 30.0), (bob, 60 * 30, 99.0)]:
        at = now - timedelta(minutes=ago)
        judge(person, next_of(person, project, now=at)[0], now=at, active_seconds=seconds)
    assert as_lena.get("/api/projects/support/pace").json() == {
        "last_hour": 2,
        "last_day": 3,
        "num_annotators": 2,
        "median_seconds": 25.0,
        "num_timed": 4,
    }
    assert as_bob.get("/api/projects/support/pace").status_code == 403


def test_a_correction_is_not_counted_twice(project, bob):
    fill_queue(project, 2)
    [held] = next_of(bob, project)
    judge(bob, held)
    judge(bob, held, now=NOON + timedelta(minutes=1))
    later = NOON + timedelta(minutes=2)
    assert activity.pace(project_id=project.pk, now=later).last_hour == 1
    assert counts(project_id=project.pk, now=later)["judgments"] == 1


# --- counts ------------------------------------------------------------------------------


def test_counts_follow_every_kind_of_change(project, bob, carol):
    first = fill_queue(project, 6, overlap=2).batch
    fill_queue(project, 3, arm="evaluation", word="Evaluate")
    for one in next_of(bob, project, count=4):
        judge(bob, one)
    next_of(carol, project, count=2)
    close_batch(batch_id=first.pk, now=NOON)
    check_counts()
    progress = batch_progress(batch_id=first.pk, now=NOON)
    assert progress["done"] + progress["judgments"] > 0


def test_counts_read_neither_slots_nor_judgments_in_hand_or_done(project, bob):
    fill_queue(project, 100)
    for one in next_of(bob, project, count=5):
        judge(bob, one)
    with CaptureQueriesContext(connection) as captured:
        counts(project_id=project.pk, now=NOON)
    assert len(captured) == 3
    for query in captured:
        plan = plan_of(query["sql"])
        assert not re.search(
            r"SCAN labeling_(slot|judgment|task)|Seq Scan on labeling_(slot|judgment|task)", plan
        )
        if "labeling_slot" in plan:
            assert "slot_expiry" in plan, plan


def test_what_writers_add_is_folded_into_few_rows(project, bob):
    """One row for each change would be 600."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT setseed(0.5)")  # Who folds is drawn by lot.
    fill_queue(project, 150)
    while held := next_of(bob, project, count=10):
        for one in held:
            judge(bob, one)
    assert QueueCount.objects.count() < 450
    assert counts(project_id=project.pk, now=NOON)["slots_done"] == 150


def test_triggers_are_installed_once_and_replaced_when_they_change(db):
    installed = counting._triggers(connection.vendor).keys()
    with connection.cursor() as cursor:
        assert counting._installed(connection.vendor, cursor).keys() == installed
    counting.remove()
    counting.install()
    counting.install()
    with connection.cursor() as cursor:
        assert counting._installed(connection.vendor, cursor).keys() == installed
