"""Who gets a mail about what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.core.management import call_command
from django.utils import timezone

from labeling.models import Mail
from labeling.services import background, import_running, notifications
from labeling.services.notifications import notify, send_due, set_preferences
from tests.labeling.test_import_jobs import GOOD, body, upload

NOW = timezone.now()
PAUSED = {"annotator": 7, "reason": "Three gold tasks wrong."}


def never() -> bool:
    return False


def told(event: str = "") -> set[str]:
    return set(Mail.objects.filter(event__startswith=event).values_list("user__name", flat=True))


def test_roles_decide_until_someone_chooses(project, rita, lena):
    notify(project, "annotator.paused", PAUSED, now=NOW)
    assert told() == {"Alice", "Lena"}
    set_preferences(user=lena, project=project, wanted={"annotator.paused": False})
    set_preferences(user=rita, project=project, wanted={"annotator.paused": True})
    Mail.objects.all().delete()
    notify(project, "annotator.paused", PAUSED, now=NOW)
    assert told() == {"Alice", "Rita"}


def test_who_started_it_is_told_too_unless_they_do_not_want_it(project, lena):
    notify(project, "run.finished", {"run": 1}, now=NOW, to=lena)
    assert told() == {"Alice", "Rita", "Lena"}
    set_preferences(user=lena, project=project, wanted={"run.finished": False})
    Mail.objects.all().delete()
    notify(project, "run.finished", {"run": 1}, now=NOW, to=lena)
    assert told() == {"Alice", "Rita"}


def test_annotators_hear_nothing_of_runs(project, bob):
    set_preferences(user=bob, project=project, wanted={"run.finished": True})
    notify(project, "run.finished", {"run": 1}, now=NOW)
    assert "Bob" not in told()


def test_judgments_are_for_programs(project):
    notify(project, "judgment.submitted", {}, now=NOW)
    assert not Mail.objects.exists()


def test_mails_are_sent_once_and_say_what_happened(project):
    notify(project, "annotator.paused", PAUSED, now=NOW)
    assert send_due(now=NOW, stop=never)
    assert not send_due(now=NOW, stop=never)
    assert sorted(one.to[0] for one in outbox.outbox) == ["alice@example.com", "lena@example.com"]
    message = outbox.outbox[0]
    assert message.subject == "[Support] annotator 7 was paused: Three gold tasks wrong."
    assert "/projects/support" in message.body


def test_a_mail_that_cannot_be_sent_is_tried_again(project, monkeypatch):
    def broken(*args, **options):
        raise OSError("no mail today")

    notify(project, "queue.empty", {}, now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr(notifications, "send_mail", broken)
        send_due(now=NOW, stop=never)
    assert not outbox.outbox
    assert not send_due(now=NOW, stop=never)
    assert send_due(now=NOW + timedelta(minutes=2), stop=never)
    assert len(outbox.outbox) == 2


def test_a_subject_cannot_smuggle_a_header(project):
    notify(project, "annotator.paused", {"annotator": 1, "reason": "x\r\nBcc: all@example.com"}, now=NOW)
    send_due(now=NOW, stop=never)
    assert "\n" not in outbox.outbox[0].subject


def test_preferences_over_http(project, as_lena, as_bob):
    url = "/api/projects/support/notifications"
    assert as_lena.get(url).json()["mail"]["queue.empty"] is True
    changed = as_lena.patch(url, {"mail": {"queue.empty": False}}, format="json").json()["mail"]
    assert changed["queue.empty"] is False
    answer = as_lena.patch(url, {"mail": {"moon.full": True}}, format="json")
    assert "no mail about “moon.full”" in answer.json()["message"]
    assert as_bob.get(url).status_code == 403


@pytest.fixture
def _looks_afresh(monkeypatch):
    from labeling.services import queue_watch

    monkeypatch.setattr(queue_watch, "_looked_at", None)
    yield
    import_running._open.clear()


@pytest.mark.usefixtures("_looks_afresh")
def test_the_background_command_does_all_that_is_due(project, as_rita):
    upload(as_rita, body(*GOOD[:3]))
    call_command("background", "--once")
    assert [one.subject for one in outbox.outbox] == [
        "[Support] the import of rows.jsonl succeeded: 3 rows, 0 left out."
    ]


def test_a_job_that_fails_does_not_keep_the_others(project, monkeypatch):
    def broken(**options):
        raise RuntimeError("broken")

    monkeypatch.setattr(background, "JOBS", (broken, notifications.send_due))
    notify(project, "queue.empty", {}, now=NOW)
    assert background.run_due(now=NOW, stop=never)
    assert len(outbox.outbox) == 2
