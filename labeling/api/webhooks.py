from __future__ import annotations

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.models import Webhook, WebhookDelivery
from labeling.models.notices import Sending
from labeling.selectors import webhooks as selectors
from labeling.services import webhooks as services


class WebhookSerializer(serializers.ModelSerializer):
    events = serializers.ListField(child=serializers.ChoiceField(choices=services.CHOICES))

    class Meta:
        model = Webhook
        fields = [
            "id",
            "url",
            "description",
            "events",
            "is_active",
            "disabled_reason",
            "failing_since",
            "created_at",
        ]


class WebhookSecretSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="Shown this once; it verifies our signatures.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


class WebhookCreateSerializer(serializers.Serializer):
    url = serializers.CharField(max_length=1000)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=services.CHOICES), min_length=1, max_length=20
    )
    description = serializers.CharField(max_length=200, allow_blank=True, default="")


class WebhookUpdateSerializer(serializers.Serializer):
    url = serializers.CharField(max_length=1000, required=False)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=services.CHOICES), min_length=1, max_length=20, required=False
    )
    description = serializers.CharField(max_length=200, allow_blank=True, required=False)
    is_active = serializers.BooleanField(required=False)


class WebhookTrySerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    seconds = serializers.FloatField()


class WebhookDeliverySerializer(serializers.ModelSerializer):
    event = serializers.CharField()
    state = serializers.ChoiceField(choices=Sending.choices)
    payload = serializers.DictField()
    tries = WebhookTrySerializer(many=True)

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "message_id",
            "event",
            "payload",
            "state",
            "num_tries",
            "next_try_at",
            "last_status",
            "tries",
            "created_at",
            "sent_at",
        ]


WebhookPage = page_of(WebhookSerializer)
WebhookDeliveryPage = page_of(WebhookDeliverySerializer)
EXAMPLE = OpenApiExample(
    "Tell me when a run ends",
    value={"url": "https://example.com/plumbline", "events": ["run.finished", "queue.empty"]},
    request_only=True,
)


class WebhooksView(ProjectView):
    access = {"GET": Permission.WEBHOOKS_MANAGE, "POST": Permission.WEBHOOKS_MANAGE}

    @extend_schema(
        operation_id="webhooks_list", tags=["webhooks"], parameters=PAGE_PARAMETERS, responses=WebhookPage
    )
    def get(self, request: Request, slug: str) -> Response:
        return self.page(selectors.webhooks(project_id=self.project.pk), WebhookSerializer)

    @extend_schema(
        operation_id="webhooks_create",
        tags=["webhooks"],
        request=WebhookCreateSerializer,
        responses={201: WebhookSecretSerializer},
        examples=[EXAMPLE],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A new webhook with its secret, which is shown this once."""
        body = WebhookCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        hook, secret = services.create_webhook(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response({**WebhookSerializer(hook).data, "secret": secret}, status=201)


class WebhookView(ProjectView):
    """Of one webhook."""

    @property
    def webhook(self) -> Webhook:
        return selectors.webhook_of(project=self.project, webhook_id=self.kwargs["webhook_id"])


class WebhookDetailView(WebhookView):
    access = {
        "GET": Permission.WEBHOOKS_MANAGE,
        "PATCH": Permission.WEBHOOKS_MANAGE,
        "DELETE": Permission.WEBHOOKS_MANAGE,
    }

    @extend_schema(operation_id="webhooks_show", tags=["webhooks"], responses=WebhookSerializer)
    def get(self, request: Request, slug: str, webhook_id: int) -> Response:
        return Response(WebhookSerializer(self.webhook).data)

    @extend_schema(
        operation_id="webhooks_update",
        tags=["webhooks"],
        request=WebhookUpdateSerializer,
        responses=WebhookSerializer,
        examples=[OpenApiExample("Switch it on again", value={"is_active": True}, request_only=True)],
    )
    def patch(self, request: Request, slug: str, webhook_id: int) -> Response:
        body = WebhookUpdateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        hook = services.update_webhook(actor=request.user, webhook=self.webhook, changes=body.validated_data)
        return Response(WebhookSerializer(hook).data)

    @extend_schema(operation_id="webhooks_delete", tags=["webhooks"], request=None, responses={204: None})
    def delete(self, request: Request, slug: str, webhook_id: int) -> Response:
        services.delete_webhook(actor=request.user, webhook=self.webhook)
        return Response(status=204)


class WebhookSecretView(WebhookView):
    access = {"POST": Permission.WEBHOOKS_MANAGE}

    @extend_schema(
        operation_id="webhooks_new_secret", tags=["webhooks"], request=None, responses=WebhookSecretSerializer
    )
    def post(self, request: Request, slug: str, webhook_id: int) -> Response:
        """A new secret; the old one signs nothing any more."""
        hook = self.webhook
        secret = services.new_secret(actor=request.user, webhook=hook)
        return Response({**WebhookSerializer(hook).data, "secret": secret})


class WebhookTestView(WebhookView):
    access = {"POST": Permission.WEBHOOKS_MANAGE}

    @extend_schema(
        operation_id="webhooks_test",
        tags=["webhooks"],
        request=None,
        responses={202: WebhookDeliverySerializer},
    )
    def post(self, request: Request, slug: str, webhook_id: int) -> Response:
        """Queue a message of the type `webhook.test`."""
        delivery = services.send_test(webhook=self.webhook, now=timezone.now())
        return Response(WebhookDeliverySerializer(delivery).data, status=202)


class WebhookDeliveriesView(WebhookView):
    access = {"GET": Permission.WEBHOOKS_MANAGE}

    @extend_schema(
        operation_id="webhook_deliveries_list",
        tags=["webhooks"],
        parameters=PAGE_PARAMETERS,
        responses=WebhookDeliveryPage,
    )
    def get(self, request: Request, slug: str, webhook_id: int) -> Response:
        """What was sent, or waits to be, newest first, with the answers."""
        return self.page(selectors.deliveries(webhook=self.webhook), WebhookDeliverySerializer)


class WebhookRedeliverView(WebhookView):
    access = {"POST": Permission.WEBHOOKS_MANAGE}

    @extend_schema(
        operation_id="webhook_deliveries_redeliver",
        tags=["webhooks"],
        request=None,
        responses={202: WebhookDeliverySerializer},
    )
    def post(self, request: Request, slug: str, webhook_id: int, delivery_id: int) -> Response:
        """Send it once more, under the same id."""
        delivery = selectors.delivery_of(webhook=self.webhook, delivery_id=delivery_id)
        sent = services.redeliver(delivery=delivery, now=timezone.now())
        return Response(WebhookDeliverySerializer(sent).data, status=202)


_HOOK = "projects/<slug:slug>/webhooks/<int:webhook_id>"
urlpatterns = [
    path("projects/<slug:slug>/webhooks", WebhooksView.as_view()),
    path(_HOOK, WebhookDetailView.as_view()),
    path(f"{_HOOK}/secret", WebhookSecretView.as_view()),
    path(f"{_HOOK}/test", WebhookTestView.as_view()),
    path(f"{_HOOK}/deliveries", WebhookDeliveriesView.as_view()),
    path(f"{_HOOK}/deliveries/<int:delivery_id>/redeliver", WebhookRedeliverView.as_view()),
]
