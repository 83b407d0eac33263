"""Webhooks and what was sent to them."""

from __future__ import annotations

from django.db.models import QuerySet

from labeling.core.errors import NotFound
from labeling.models import Project, Webhook, WebhookDelivery


def webhooks(*, project_id: int) -> QuerySet[Webhook]:
    return Webhook.objects.filter(project=project_id)


def deliveries(*, webhook: Webhook) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(webhook=webhook)


def webhook_of(*, project: Project, webhook_id: int) -> Webhook:
    hook = webhooks(project_id=project.pk).select_related("project").filter(pk=webhook_id).first()
    if hook is None:
        raise NotFound("There is no such webhook in this project: it may be deleted already.")
    return hook


def delivery_of(*, webhook: Webhook, delivery_id: int) -> WebhookDelivery:
    row = deliveries(webhook=webhook).select_related("webhook").filter(pk=delivery_id).first()
    if row is None:
        raise NotFound("There is no such delivery: those that are over are kept for 30 days.")
    return row
