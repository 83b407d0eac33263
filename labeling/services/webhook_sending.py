"""Webhook deliveries on their way: claimed by a guarded UPDATE, sent, logged, tried again.

A message arrives at least once; a second time only under the same `webhook-id`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import F

from labeling.core.errors import DomainError
from labeling.core.services import audit
from labeling.core.services.secrets import decrypt
from labeling.models import Webhook, WebhookDelivery
from labeling.models.notices import Event, Sending
from labeling.services import notifications, webhooks
from labeling.services.addresses import resolve

BATCH = 20
AT_ONCE = 8
# After the first, second, … failed try; half a day and more to come back from an outage of a night.
WAITS_SECONDS = (5, 30, 120, 600, 1800, 7200, 18_000, 36_000, 50_400)
JITTER = 0.2
# A claim lasts this much longer than a request may take.
CLAIM_MARGIN = timedelta(seconds=60)
DISABLE_AFTER = timedelta(days=3)
KEEP = timedelta(days=30)
TRIES_KEPT = 20
GONE = 410
MAX_ANSWER_BYTES = 64 * 1024


class Answer(NamedTuple):
    status: int | None
    error: str
    seconds: float

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_due(*, now: datetime, stop: Callable[[], bool]) -> bool:
    """Send what is due, at most BATCH; True when anything was tried."""
    claimed = _claim(now)
    if not claimed:
        return False
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        # Threads only talk HTTP; the database is written from here.
        for row, answer in zip(claimed, pool.map(send, claimed), strict=True):
            record(row, answer, now=now)
    return True


def forget_old(*, now: datetime, stop: Callable[[], bool]) -> bool:
    """Drop deliveries that are over and old, some at a time."""
    old = WebhookDelivery.objects.filter(created_at__lt=now - KEEP).exclude(state=Sending.PENDING)
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:500])
    if ids:
        WebhookDelivery.objects.filter(pk__in=ids).delete()
    return bool(ids)


def _claim(now: datetime) -> list[WebhookDelivery]:
    due = WebhookDelivery.objects.filter(state=Sending.PENDING, next_try_at__lte=now, webhook__is_active=True)
    until = now + timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS) + CLAIM_MARGIN
    claimed = []
    for row in due.select_related("webhook__project").order_by("next_try_at", "pk")[:BATCH]:
        guard = WebhookDelivery.objects.filter(pk=row.pk, state=Sending.PENDING, next_try_at=row.next_try_at)
        if guard.update(next_try_at=until, num_tries=F("num_tries") + 1):
            row.num_tries += 1
            claimed.append(row)
    return claimed


def send(row: WebhookDelivery) -> Answer:
    """One POST. Redirects are not followed: they could lead inside."""
    started = time.monotonic()
    status, error = None, ""
    try:
        status = _post(row, deadline=started + settings.WEBHOOK_TIMEOUT_SECONDS)
        if not 200 <= status < 300:
            error = f"It answered with status {status}" + (
                ", and redirects are not followed." if 300 <= status < 400 else "."
            )
    except DomainError as refused:
        error = refused.message
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        error = f"It could not be reached ({problem or type(problem).__name__})."
    return Answer(status, error, round(time.monotonic() - started, 3))


def _post(row: WebhookDelivery, *, deadline: float) -> int:
    address, host, _ = resolve(row.webhook.url)
    url = httpx.URL(row.webhook.url)
    body = json.dumps(row.payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Host": url.netloc.decode(),
        "Content-Type": "application/json",
        "User-Agent": "plumbline-webhooks",
        **signature_headers(row.message_id, int(time.time()), body, decrypt(row.webhook.encrypted_secret)),
    }
    # The address that was checked is the one connected to; the certificate is still the name's.
    with (
        httpx.Client(timeout=settings.WEBHOOK_TIMEOUT_SECONDS, trust_env=False) as client,
        client.stream(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers=headers,
            extensions={"sni_hostname": host},
        ) as response,
    ):
        size = 0
        for chunk in response.iter_raw():
            size += len(chunk)
            # Its status is all we want: nobody may keep us reading.
            if size > MAX_ANSWER_BYTES or time.monotonic() > deadline:
                break
        return response.status_code


def signature_headers(message_id: str, timestamp: int, body: bytes, secret: str) -> dict[str, str]:
    """standard-webhooks.com: HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix(webhooks.SECRET_PREFIX))
    signed = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


@transaction.atomic
def record(row: WebhookDelivery, answer: Answer, *, now: datetime) -> None:
    """Log the try, and decide what follows."""
    tried = {"at": now.isoformat(), "status": answer.status, "error": answer.error, "seconds": answer.seconds}
    row.tries = [*row.tries, tried][-TRIES_KEPT:]
    row.last_status = answer.status
    if answer.arrived:
        row.state, row.sent_at = Sending.SENT, now
        Webhook.objects.filter(pk=row.webhook_id).exclude(failing_since=None).update(failing_since=None)
    elif row.num_tries > len(WAITS_SECONDS):
        row.state = Sending.FAILED
    else:
        row.next_try_at = now + timedelta(seconds=wait_seconds(row.num_tries))
    row.save(update_fields=["tries", "last_status", "state", "sent_at", "next_try_at"])
    if not answer.arrived:
        _note_failure(row.webhook, answer, now)


def wait_seconds(num_tries: int) -> float:
    wait = WAITS_SECONDS[min(num_tries, len(WAITS_SECONDS)) - 1]
    return wait * random.uniform(1 - JITTER, 1 + JITTER)


def _note_failure(hook: Webhook, answer: Answer, now: datetime) -> None:
    hook = Webhook.objects.select_for_update(of=("self",)).select_related("project").get(pk=hook.pk)
    if not hook.is_active:
        return
    hook.failing_since = hook.failing_since or now
    if answer.status == GONE:
        reason = "It answered that it is gone (status 410)."
    elif now - hook.failing_since >= DISABLE_AFTER:
        reason = f"Nothing arrived for {DISABLE_AFTER.days} days. {answer.error}"
    else:
        hook.save(update_fields=["failing_since"])
        return
    hook.is_active, hook.disabled_reason = False, reason
    hook.save(update_fields=["failing_since", "is_active", "disabled_reason"])
    webhooks.refresh_flag(project_id=hook.project_id)
    data = {"webhook": hook.pk, "url": hook.url, "reason": reason}
    audit.record(actor=None, action="webhook.disabled", project_id=hook.project_id, obj=hook, data=data)
    notifications.notify(hook.project, Event.WEBHOOK_DISABLED, data, now=now)
