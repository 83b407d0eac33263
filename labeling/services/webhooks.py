"""Webhooks: who is told about what, and the outbox rows that tell them.

Signed as standard-webhooks.com describes, so that its libraries verify what we send.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.core.errors import DomainError
from labeling.core.models import User
from labeling.core.services import audit
from labeling.core.services.secrets import encrypt
from labeling.models import Project, Slot, Task, Webhook, WebhookDelivery
from labeling.models.notices import Event, Sending
from labeling.services.addresses import check_url

MAX_WEBHOOKS = 20
SECRET_PREFIX = "whsec_"
# Its own failure is told by mail; a webhook that fails could not carry it.
CHOICES = tuple(event for event in Event.values if event != Event.WEBHOOK_DISABLED)
TEST_EVENT = "webhook.test"


def emit(*, project: Project, event: str, data: Mapping[str, Any], now: datetime) -> None:
    """Write the outbox rows of an event, in the transaction of what happened. Costs no statement
    where no active webhook of the project asks for it."""
    if event not in project.webhook_events:
        return
    hooks = Webhook.objects.filter(project=project, is_active=True).only("events")
    WebhookDelivery.objects.bulk_create(
        _delivery(hook, event, data, project, now) for hook in hooks if event in hook.events
    )


def judgment_stored(*, task: Task, judgment: Any, state: str, filled: bool, now: datetime) -> None:
    """What a submitted judgment means to those outside: itself, and perhaps its task's completion."""
    project = task.project
    if not project.webhook_events:
        return
    data = {
        "judgment": judgment.pk,
        "task": task.pk,
        "annotator": judgment.annotator_id,
        "state": state,
        "verdict": judgment.verdict,
        "arm": task.arm,
    }
    emit(project=project, event=Event.JUDGMENT_SUBMITTED, data=data, now=now)
    if filled and Event.TASK_COMPLETED in project.webhook_events and _is_complete(task):
        done = {"task": task.pk, "prompt": task.prompt_id, "arm": task.arm, "overlap": task.overlap}
        emit(project=project, event=Event.TASK_COMPLETED, data=done, now=now)


def judgment_withdrawn(*, task: Task, judgment: Any, now: datetime) -> None:
    data = {
        "judgment": judgment.pk,
        "task": task.pk,
        "annotator": judgment.annotator_id,
        "arm": task.arm,
    }
    emit(project=task.project, event=Event.JUDGMENT_WITHDRAWN, data=data, now=now)


def _is_complete(task: Task) -> bool:
    # Two who fill the last two slots at once must not each take the other's for open.
    Task.objects.select_for_update(no_key=True).get(pk=task.pk)
    wanted = Slot.objects.filter(task=task, withdrawn=False)
    return not wanted.exclude(state=Slot.State.DONE).exists()


@transaction.atomic
def create_webhook(
    *, actor: User, project: Project, url: str, events: Collection[str], description: str, now: datetime
) -> tuple[Webhook, str]:
    """The webhook and its secret, which cannot be read again."""
    check_url(url)
    if Webhook.objects.filter(project=project).count() >= MAX_WEBHOOKS:
        raise DomainError(f"A project has at most {MAX_WEBHOOKS} webhooks: delete one first.")
    secret = _random_secret()
    hook = Webhook.objects.create(
        project=project,
        url=url,
        events=_checked(events),
        description=description,
        encrypted_secret=encrypt(secret),
        created_by=actor,
        created_at=now,
    )
    audit.record(actor=actor, action="webhook.created", project_id=project.pk, obj=hook, data={"url": url})
    refresh_flag(project_id=project.pk)
    return hook, secret


@transaction.atomic
def update_webhook(*, actor: User, webhook: Webhook, changes: Mapping[str, Any]) -> Webhook:
    """Change url, events, description or is_active; switching on forgets why it was off."""
    wanted = dict(changes)
    if "url" in wanted:
        check_url(wanted["url"])
    if "events" in wanted:
        wanted["events"] = _checked(wanted["events"])
    for field, value in wanted.items():
        setattr(webhook, field, value)
    if wanted.get("is_active"):
        webhook.failing_since, webhook.disabled_reason = None, ""
    webhook.save()
    audit.record(
        actor=actor, action="webhook.updated", project_id=webhook.project_id, obj=webhook, data=wanted
    )
    refresh_flag(project_id=webhook.project_id)
    return webhook


@transaction.atomic
def delete_webhook(*, actor: User, webhook: Webhook) -> None:
    audit.record(
        actor=actor,
        action="webhook.deleted",
        project_id=webhook.project_id,
        obj=webhook,
        data={"url": webhook.url},
    )
    webhook.delete()
    refresh_flag(project_id=webhook.project_id)


@transaction.atomic
def new_secret(*, actor: User, webhook: Webhook) -> str:
    """A secret in the place of the old one; it cannot be read again."""
    secret = _random_secret()
    webhook.encrypted_secret = encrypt(secret)
    webhook.save(update_fields=["encrypted_secret"])
    audit.record(actor=actor, action="webhook.secret_changed", project_id=webhook.project_id, obj=webhook)
    return secret


def send_test(*, webhook: Webhook, now: datetime) -> WebhookDelivery:
    """Queue a message that says nothing, to see whether it arrives."""
    if not webhook.is_active:
        raise DomainError("This webhook is off: switch it on first.", code="webhook_off")
    row = _delivery(webhook, TEST_EVENT, {}, webhook.project, now)
    row.save(force_insert=True)
    return row


def redeliver(*, delivery: WebhookDelivery, now: datetime) -> WebhookDelivery:
    """Send it once more, under the same id, as soon as the background loop comes by."""
    if not delivery.webhook.is_active:
        raise DomainError("This webhook is off: switch it on first.", code="webhook_off")
    delivery.state, delivery.num_tries, delivery.next_try_at = Sending.PENDING, 0, now
    delivery.save(update_fields=["state", "num_tries", "next_try_at"])
    return delivery


def refresh_flag(*, project_id: int) -> None:
    """Project.webhook_events from its active webhooks; under the project's lock, so that the last
    change counts."""
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    chosen = Webhook.objects.filter(project=project, is_active=True).values_list("events", flat=True)
    project.webhook_events = sorted({event for events in chosen for event in events})
    project.save(update_fields=["webhook_events"])


def _delivery(
    hook: Webhook, event: str, data: Mapping[str, Any], project: Project, now: datetime
) -> WebhookDelivery:
    payload = {"type": event, "timestamp": now.isoformat(), "project": project.slug, "data": dict(data)}
    return WebhookDelivery(
        webhook=hook,
        message_id=f"msg_{uuid.uuid4().hex}",
        event=event,
        payload=payload,
        next_try_at=now,
        created_at=now,
    )


def _checked(events: Collection[str]) -> list[str]:
    if unknown := sorted(set(events) - set(CHOICES)):
        raise DomainError(
            f"There is no event “{unknown[0]}”: choose from {', '.join(CHOICES)}.",
            fields={"events": ["Unknown."]},
        )
    if not events:
        raise DomainError("A webhook needs at least one event.", fields={"events": ["Choose one."]})
    return sorted(set(events))


def _random_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
