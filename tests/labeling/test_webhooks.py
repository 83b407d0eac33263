"""Webhooks against a server that listens, fails, hangs and redirects."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from labeling.core.errors import DomainError
from labeling.core.services.secrets import decrypt
from labeling.models import Mail, Project, Webhook, WebhookDelivery
from labeling.services import webhook_sending, webhooks
from labeling.services.addresses import resolve
from labeling.services.queue_watch import look
from labeling.services.webhook_sending import DISABLE_AFTER, WAITS_SECONDS, send_due
from tests.labeling.factories import fill_queue, judge, next_of

NOW = timezone.now()


def never() -> bool:
    return False


class Listener:
    """Answers with the next of `answers` (then 200) and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self.another_came = threading.Event()

    def json(self) -> list[dict]:
        return [json.loads(body) for _, body in self.received]


@pytest.fixture
def listener(settings) -> Iterator[Listener]:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    settings.WEBHOOK_TIMEOUT_SECONDS = 1
    state = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            answer = state.answers.pop(0) if state.answers else 200
            if answer == "hang":
                time.sleep(2)
                return
            if answer == "wait for another":
                state.another_came.wait(2 * settings.WEBHOOK_TIMEOUT_SECONDS)
                answer = 200
            else:
                state.another_came.set()
            if answer == "close":
                self.connection.close()
                return
            self.send_response(answer)
            if 300 <= answer < 400:
                self.send_header("Location", f"{state.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook(listener, project, alice) -> Webhook:
    return hook_to(project, alice, listener.url)


def hook_to(project, user, url, *events: str) -> Webhook:
    made, _ = webhooks.create_webhook(
        actor=user, project=project, url=url, events=events or webhooks.CHOICES, description="", now=NOW
    )
    project.refresh_from_db()
    return made


def emit(project, now=NOW) -> WebhookDelivery:
    webhooks.emit(project=project, event="run.finished", data={"run": 1}, now=now)
    return WebhookDelivery.objects.latest("pk")


# --- what is told ------------------------------------------------------------------------


@pytest.mark.once
def test_a_judgment_and_the_completion_of_its_task_are_told(project, bob, carol, hook, listener):
    fill_queue(project, 1, overlap=2)
    [first], [second] = next_of(bob, project), next_of(carol, project)
    judge(bob, first)
    assert list(WebhookDelivery.objects.values_list("event", flat=True)) == ["judgment.submitted"]
    judge(carol, second)
    send_due(now=timezone.now(), stop=never)
    told = sorted((one["type"], one["data"]["task"]) for one in listener.json())
    task = first.task_id
    assert told == [("judgment.submitted", task), ("judgment.submitted", task), ("task.completed", task)]
    assert not any("messages" in str(one) for one in listener.json())


def test_a_project_without_webhooks_pays_nothing(project, bob, alice, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    fill_queue(project, 2)
    first, second = next_of(bob, project, count=2)

    def num_queries(assignment) -> int:
        with CaptureQueriesContext(connection) as captured:
            judge(bob, assignment)
        return len([one for one in captured if "labeling_webhook" in one["sql"]])

    assert num_queries(first) == 0
    hook_to(project, alice, "http://127.0.0.1:9", "run.finished")
    second.task.project.refresh_from_db()
    assert num_queries(second) == 0
    assert not WebhookDelivery.objects.exists()


def test_what_is_rolled_back_is_not_told(project, hook):
    from django.db import transaction

    with transaction.atomic():
        emit(project)
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()


def test_a_queue_that_runs_dry_is_told_once(project, bob, hook):
    look(now=NOW)
    assert not WebhookDelivery.objects.exists()
    fill_queue(project)
    look(now=NOW)
    [held] = next_of(bob, project)
    assert look(now=NOW)
    assert not look(now=NOW)
    assert list(WebhookDelivery.objects.values_list("event", flat=True)) == ["queue.empty"]
    judge(bob, held)


# --- how it is sent ------------------------------------------------------------------------


def test_a_message_is_signed_as_the_standard_says(project, hook, listener):
    sent = emit(project)
    assert send_due(now=NOW, stop=never)
    [(headers, body)] = listener.received
    key = base64.b64decode(decrypt(hook.encrypted_secret).removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == sent.message_id
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert json.loads(body) == {
        "type": "run.finished", "timestamp": NOW.isoformat(), "project": "support", "data": {"run": 1}
    }  # fmt: skip
    sent.refresh_from_db()
    assert (sent.state, sent.last_status, sent.num_tries) == ("sent", 200, 1)
    assert not send_due(now=NOW, stop=never)


@pytest.mark.once
@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (500, 500, "status 500"),
        (302, 302, "redirects are not followed"),
        ("close", None, "could not be reached"),
        ("hang", None, "could not be reached"),
    ],
)
def test_a_failure_is_logged_and_tried_again_under_the_same_id(
    project, hook, listener, answer, status, words
):
    listener.answers = [answer]
    row = emit(project)
    send_due(now=NOW, stop=never)
    row.refresh_from_db()
    assert (row.state, row.last_status) == ("pending", status)
    assert words in row.tries[0]["error"]
    assert timedelta(seconds=4) <= row.next_try_at - NOW <= timedelta(seconds=6)
    assert not send_due(now=NOW, stop=never)
    send_due(now=NOW + timedelta(seconds=7), stop=never)
    row.refresh_from_db()
    assert (row.state, row.num_tries, len(row.tries)) == ("sent", 2, 2)
    assert len({headers["webhook-id"] for headers, _ in listener.received}) == 1


def test_those_that_hang_do_not_hold_up_the_others(project, hook, listener, settings):
    settings.WEBHOOK_TIMEOUT_SECONDS = 30
    for _ in range(4):
        emit(project)
    listener.answers = ["wait for another"] * 3
    send_due(now=NOW, stop=never)
    assert listener.another_came.is_set()
    assert WebhookDelivery.objects.filter(state="sent").count() == 4


def test_a_sender_killed_on_the_way_is_followed_by_another_try(project, hook, listener):
    row = emit(project)
    assert webhook_sending._claim(NOW) == [row]  # and then it dies
    assert not send_due(now=NOW, stop=never)
    assert send_due(now=NOW + timedelta(minutes=2), stop=never)
    assert [headers["webhook-id"] for headers, _ in listener.received] == [row.message_id]


def test_two_senders_never_claim_the_same(project, hook):
    emit(project)
    assert [len(webhook_sending._claim(NOW)) for _ in range(2)] == [1, 0]


def test_after_the_last_wait_it_is_given_up_and_can_be_sent_again(project, hook, listener, as_alice):
    listener.answers = [500] * 50
    row = emit(project)
    now = NOW
    for _ in range(len(WAITS_SECONDS) + 1):
        send_due(now=now, stop=never)
        row.refresh_from_db()
        now = row.next_try_at
    assert (row.state, row.num_tries) == ("failed", len(WAITS_SECONDS) + 1)
    assert not send_due(now=now + timedelta(days=1), stop=never)
    listener.answers = []
    url = f"/api/projects/support/webhooks/{hook.pk}/deliveries/{row.pk}/redeliver"
    assert as_alice.post(url).status_code == 202
    send_due(now=timezone.now(), stop=never)
    row.refresh_from_db()
    assert row.state == "sent"


def test_long_failure_switches_it_off_and_tells_the_owners(project, alice, hook, listener):
    listener.answers = [500] * 3
    emit(project)
    send_due(now=NOW, stop=never)
    hook.refresh_from_db()
    assert (hook.is_active, hook.failing_since) == (True, NOW)
    emit(project, now=NOW + DISABLE_AFTER)
    WebhookDelivery.objects.update(next_try_at=NOW + DISABLE_AFTER)
    send_due(now=NOW + DISABLE_AFTER, stop=never)
    hook.refresh_from_db()
    assert not hook.is_active
    assert hook.disabled_reason.startswith("Nothing arrived for 3 days.")
    assert Project.objects.get(pk=project.pk).webhook_events == []
    assert list(Mail.objects.values_list("user", "event")) == [(alice.pk, "webhook.disabled")]


def test_gone_switches_it_off_at_once(project, hook, listener):
    listener.answers = [410]
    emit(project)
    send_due(now=NOW, stop=never)
    hook.refresh_from_db()
    assert not hook.is_active


def test_what_arrived_is_forgotten_after_a_month(project, hook, listener):
    emit(project)
    send_due(now=NOW, stop=never)
    assert not webhook_sending.forget_old(now=NOW + timedelta(days=29), stop=never)
    assert webhook_sending.forget_old(now=NOW + timedelta(days=31), stop=never)


# --- where it may go -------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://localhost:8000/",
        "http://10.0.0.7/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[fd00::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "https://user:secret@example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http://exa mple.com/",
        "http://example.com:99999/",
    ],
)
def test_addresses_inside_the_house_are_refused(project, as_alice, url):
    body = {"url": url, "events": ["run.finished"]}
    answer = as_alice.post("/api/projects/support/webhooks", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_address"), answer.json()


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
def test_a_name_is_looked_at_again_before_every_request(host):
    with pytest.raises(DomainError, match="inside this server's own network"):
        resolve(f"http://{host}/")


def test_a_webhook_that_came_to_point_inside_is_not_sent(project, hook, listener, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = False
    row = emit(project)
    send_due(now=NOW, stop=never)
    row.refresh_from_db()
    assert "inside this server's own network" in row.tries[0]["error"]
    assert listener.received == []


# --- over HTTP ---------------------------------------------------------------------------------


def test_the_secret_is_shown_once(project, as_alice, listener):
    url = "/api/projects/support/webhooks"
    made = as_alice.post(url, {"url": listener.url, "events": ["run.finished"]}, format="json").json()
    assert made["secret"].startswith("whsec_")
    assert "secret" not in as_alice.get(f"{url}/{made['id']}").json()
    assert "secret" not in as_alice.get(url).json()["results"][0]
    again = as_alice.post(f"{url}/{made['id']}/secret").json()
    assert again["secret"] != made["secret"]
    kept = str(Webhook.objects.values().get())
    assert not any(one["secret"].removeprefix("whsec_") in kept for one in (made, again))


def test_secrets_outlive_a_change_of_the_servers_key(project, as_alice, listener, settings):
    wanted = {"url": listener.url, "events": ["run.finished"]}
    made = as_alice.post("/api/projects/support/webhooks", wanted, format="json").json()
    project.refresh_from_db()
    first = emit(project)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key"
    send_due(now=NOW, stop=never)
    first.refresh_from_db()
    assert not listener.received
    assert "put the old key into SECRET_KEY_FALLBACKS" in first.tries[0]["error"]
    settings.SECRET_KEY_FALLBACKS = [old]
    send_due(now=first.next_try_at, stop=never)
    [(headers, body)] = listener.received
    stamp = int(headers["webhook-timestamp"])
    signed = webhook_sending.signature_headers(first.message_id, stamp, body, made["secret"])
    assert headers["webhook-signature"] == signed["webhook-signature"]
    assert "whsec_" not in str(as_alice.get("/api/projects/support/audit").json())


def test_a_test_message_shows_up_in_the_log(project, as_alice, hook, listener):
    url = f"/api/projects/support/webhooks/{hook.pk}"
    assert as_alice.post(f"{url}/test").status_code == 202
    send_due(now=timezone.now(), stop=never)
    [row] = as_alice.get(f"{url}/deliveries").json()["results"]
    assert (row["event"], row["state"], row["tries"][0]["status"]) == ("webhook.test", "sent", 200)


def test_a_webhook_is_changed_switched_off_and_deleted(project, as_alice, hook):
    url = f"/api/projects/support/webhooks/{hook.pk}"
    changed = as_alice.patch(url, {"events": ["queue.empty"]}, format="json").json()
    assert changed["events"] == ["queue.empty"]
    assert Project.objects.get(pk=project.pk).webhook_events == ["queue.empty"]
    as_alice.patch(url, {"is_active": False}, format="json")
    assert Project.objects.get(pk=project.pk).webhook_events == []
    assert as_alice.post(f"{url}/test").status_code == 400
    assert as_alice.delete(url).status_code == 204
    assert as_alice.get(url).status_code == 404
