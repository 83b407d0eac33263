from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.base import ProjectView
from labeling.api.pay_serializers import (
    PayRateCreateSerializer,
    PayRateEndSerializer,
    PayRateSerializer,
    PayRowSerializer,
    PaySerializer,
    PeriodSerializer,
    TimesheetSerializer,
)
from labeling.core.api.csv import CSV, CSV_RENDERERS, stream_csv
from labeling.core.api.pagination import PAGE_PARAMETERS, page_of
from labeling.core.permissions import Permission
from labeling.models import Project
from labeling.selectors import people
from labeling.selectors.pay import PayRow, pay_rows, totals
from labeling.selectors.timesheets import days
from labeling.services import pay as services

PayRatePage = page_of(PayRateSerializer)
SHEET = ["annotator", "name", "worker_id", "day", "seconds", "num_judgments", "num_corrections", "num_skips"]
PAY = [
    "annotator",
    "name",
    "email",
    "worker_id",
    "day",
    "seconds",
    "num_judgments",
    "per_hour",
    "per_judgment",
    "amount",
    "currency",
]


def period_of(request: Request) -> dict[str, Any]:
    period = PeriodSerializer(data=request.query_params)
    period.is_valid(raise_exception=True)
    return period.validated_data


def timesheet(project: Project, *, annotator_id: int | None = None, **period: Any) -> dict[str, Any]:
    worked = list(days(project=project, annotator_id=annotator_id, **period))
    who = people.who_are(project_id=project.pk, annotator_ids={day.annotator_id for day in worked})
    rows = [
        {
            "annotator": day.annotator_id,
            "name": who[day.annotator_id].name,
            "worker_id": who[day.annotator_id].worker_id,
            "day": day.day,
            "seconds": day.seconds,
            "num_judgments": day.num_judgments,
            "num_corrections": day.num_corrections,
            "num_skips": day.num_skips,
        }
        for day in worked
    ]
    return TimesheetSerializer(
        {
            "results": rows,
            "total_seconds": sum((day.seconds for day in worked), Decimal(0)),
            "total_judgments": sum(day.num_judgments for day in worked),
        }
    ).data


class MyTimesheetView(ProjectView):
    access = {"GET": Permission.TASK_ANNOTATE}

    @extend_schema(
        operation_id="timesheet_mine",
        tags=["pay"],
        parameters=[PeriodSerializer],
        responses=TimesheetSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Your own days: active time, judgments, corrections and skips."""
        mine = people.annotator_id_of(user=request.user) or 0  # 0: nobody's
        return Response(timesheet(self.project, annotator_id=mine, **period_of(request)))


class TimesheetsView(ProjectView):
    access = {"GET": Permission.TIMESHEET_VIEW}

    @extend_schema(
        operation_id="timesheets",
        tags=["pay"],
        parameters=[PeriodSerializer],
        responses=TimesheetSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Everybody's days, by person and day."""
        return Response(timesheet(self.project, **period_of(request)))


class TimesheetsCsvView(ProjectView):
    access = {"GET": Permission.TIMESHEET_VIEW}
    renderer_classes = CSV_RENDERERS

    @extend_schema(operation_id="timesheets_csv", tags=["pay"], parameters=[PeriodSerializer], responses=CSV)
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        rows = timesheet(self.project, **period_of(request))["results"]
        return stream_csv(
            SHEET, ([row[name] for name in SHEET] for row in rows), filename=f"{slug}-timesheets.csv"
        )


class PayRatesView(ProjectView):
    access = {"GET": Permission.PAY_MANAGE, "POST": Permission.PAY_MANAGE}

    @extend_schema(
        operation_id="pay_rates_list", tags=["pay"], parameters=PAGE_PARAMETERS, responses=PayRatePage
    )
    def get(self, request: Request, slug: str) -> Response:
        return self.page(people.pay_rates(project_id=self.project.pk), PayRateSerializer)

    @extend_schema(
        operation_id="pay_rates_add",
        tags=["pay"],
        request=PayRateCreateSerializer,
        responses={201: PayRateSerializer},
        examples=[
            OpenApiExample(
                "hourly",
                {"currency": "EUR", "per_hour": "15.50", "valid_from": "2026-03-01"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A rate for one member or for all. The open one before it ends the day before."""
        body = PayRateCreateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rate = services.add_pay_rate(
            actor=request.user, project=self.project, now=timezone.now(), **body.validated_data
        )
        return Response(PayRateSerializer(rate).data, status=201)


class PayRateView(ProjectView):
    access = {"PATCH": Permission.PAY_MANAGE, "DELETE": Permission.PAY_MANAGE}

    @extend_schema(
        operation_id="pay_rates_end",
        tags=["pay"],
        request=PayRateEndSerializer,
        responses=PayRateSerializer,
        examples=[OpenApiExample("end of March", {"valid_until": "2026-03-31"}, request_only=True)],
    )
    def patch(self, request: Request, slug: str, rate_id: int) -> Response:
        body = PayRateEndSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rate = services.end_pay_rate(
            actor=request.user, project=self.project, rate_id=rate_id, **body.validated_data
        )
        return Response(PayRateSerializer(rate).data)

    @extend_schema(operation_id="pay_rates_delete", tags=["pay"], request=None, responses={204: None})
    def delete(self, request: Request, slug: str, rate_id: int) -> Response:
        services.delete_pay_rate(actor=request.user, project=self.project, rate_id=rate_id)
        return Response(status=204)


class PayView(ProjectView):
    access = {"GET": Permission.PAY_MANAGE}

    @extend_schema(operation_id="pay", tags=["pay"], parameters=[PeriodSerializer], responses=PaySerializer)
    def get(self, request: Request, slug: str) -> Response:
        """What everybody is owed for a period, by person and day."""
        rows = list(pay_rows(project=self.project, **period_of(request)))
        answer = {
            "results": rows,
            "totals": {currency: str(amount) for currency, amount in totals(rows).items()},
            "days_without_rate": sum(row.rate is None for row in rows),
        }
        return Response(PaySerializer(answer).data)


class PayCsvView(ProjectView):
    access = {"GET": Permission.PAY_MANAGE}
    renderer_classes = CSV_RENDERERS

    @extend_schema(operation_id="pay_csv", tags=["pay"], parameters=[PeriodSerializer], responses=CSV)
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """The same as a table, which ends in one line for each currency named `total`."""
        rows = list(pay_rows(project=self.project, **period_of(request)))
        return stream_csv(PAY, _lines(rows), filename=f"{slug}-pay.csv")


def _lines(rows: list[PayRow]) -> Iterator[list[object]]:
    for row in rows:
        shown = PayRowSerializer(row).data
        yield [shown[name] for name in PAY]
    for currency, amount in totals(rows).items():
        paid = [row for row in rows if row.rate is not None and row.rate.currency == currency]
        total = {
            "annotator": "total",
            "seconds": sum((row.seconds for row in paid), Decimal(0)),
            "num_judgments": sum(row.num_judgments for row in paid),
            "amount": amount,
            "currency": currency,
        }
        yield [total.get(name, "") for name in PAY]


urlpatterns = [
    path("projects/<slug:slug>/my-timesheet", MyTimesheetView.as_view()),
    path("projects/<slug:slug>/timesheets", TimesheetsView.as_view()),
    path("projects/<slug:slug>/timesheets/csv", TimesheetsCsvView.as_view()),
    path("projects/<slug:slug>/pay-rates", PayRatesView.as_view()),
    path("projects/<slug:slug>/pay-rates/<int:rate_id>", PayRateView.as_view()),
    path("projects/<slug:slug>/pay", PayView.as_view()),
    path("projects/<slug:slug>/pay/csv", PayCsvView.as_view()),
]
