from __future__ import annotations

import json
from datetime import timedelta

from django.db import connection
from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.bare.models import Judgment

LEASE = timedelta(minutes=10)


class NextView(APIView):
    def post(self, request: Request) -> Response:
        lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
        expires_at = timezone.now() + LEASE
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bare_slot SET state = 'leased', user_id = %s, lease_expires_at = %s WHERE id = "
                f"(SELECT id FROM bare_slot WHERE state = 'open' ORDER BY id LIMIT 1 {lock}) "
                "RETURNING id, shown",
                [request.user.pk, connection.ops.adapt_datetimefield_value(expires_at)],
            )
            row = cursor.fetchone()
        if row is None:
            return Response({"id": None})
        return Response({"id": row[0], "expires_at": expires_at, **json.loads(row[1])})


class SubmitView(APIView):
    def post(self, request: Request, slot_id: int) -> Response:
        judgment = Judgment.objects.create(
            slot_id=slot_id,
            user=request.user,
            client_key=request.data["client_key"],
            tiers=request.data["tiers"],
        )
        return Response({"judgment": judgment.pk}, status=201)


urlpatterns = [
    path("next", NextView.as_view()),
    path("slots/<int:slot_id>/submit", SubmitView.as_view()),
]
