"""Timesheets and pay as the API shows and takes them. Amounts travel as strings: JSON numbers
are floats in too many hands."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from labeling.models import PayRate

MAX_DAYS = 400


class Seconds(serializers.DecimalField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 3, **options})


class PeriodSerializer(serializers.Serializer):
    since = serializers.DateField(help_text="First day (UTC).")
    until = serializers.DateField(help_text="Last day (UTC), included.")

    def validate(self, period: dict[str, date]) -> dict[str, date]:
        if not timedelta(0) <= period["until"] - period["since"] < timedelta(days=MAX_DAYS):
            raise serializers.ValidationError(
                f"Ask for at most {MAX_DAYS} days, and `since` not after `until`."
            )
        return period


class TimesheetDaySerializer(serializers.Serializer):
    annotator = serializers.IntegerField()
    name = serializers.CharField()
    worker_id = serializers.CharField(help_text="On the crowd platform, if they came from one.")
    day = serializers.DateField()
    seconds = Seconds(help_text="Active time; idle time is left out.")
    num_judgments = serializers.IntegerField()
    num_corrections = serializers.IntegerField()
    num_skips = serializers.IntegerField()


class TimesheetSerializer(serializers.Serializer):
    results = TimesheetDaySerializer(many=True)
    total_seconds = Seconds()
    total_judgments = serializers.IntegerField()


class PayRateSerializer(serializers.ModelSerializer):
    user = serializers.IntegerField(source="annotator.user_id", default=None, allow_null=True)
    name = serializers.SerializerMethodField()

    class Meta:
        model = PayRate
        fields = [
            "id",
            "user",
            "name",
            "currency",
            "per_hour",
            "per_judgment",
            "valid_from",
            "valid_until",
            "created_at",
        ]

    def get_name(self, rate: PayRate) -> str | None:
        """Null for the project's own rate."""
        annotator = rate.annotator
        if annotator is None:
            return None
        return annotator.user.name if annotator.user else annotator.pseudonym


class PayRateCreateSerializer(serializers.Serializer):
    user = serializers.IntegerField(
        source="user_id",
        required=False,
        allow_null=True,
        max_value=2**62,
        help_text="A member's `user`; left out, the rate is for all who have none of their own.",
    )
    currency = serializers.RegexField(r"^[A-Za-z]{3}\Z", help_text="ISO 4217: EUR, USD, …")
    per_hour = serializers.DecimalField(
        max_digits=12, decimal_places=4, min_value=Decimal(0), default=Decimal(0)
    )
    per_judgment = serializers.DecimalField(
        max_digits=12, decimal_places=4, min_value=Decimal(0), default=Decimal(0)
    )
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(required=False, allow_null=True, help_text="Last day, included.")


class PayRateEndSerializer(serializers.Serializer):
    valid_until = serializers.DateField(help_text="Last day, included.")


class PayRowSerializer(serializers.Serializer):
    annotator = serializers.IntegerField(source="who.annotator_id")
    name = serializers.CharField(source="who.name")
    email = serializers.CharField(source="who.email")
    worker_id = serializers.CharField(source="who.worker_id")
    day = serializers.DateField()
    seconds = Seconds()
    num_judgments = serializers.IntegerField()
    currency = serializers.CharField(source="rate.currency", default="")
    per_hour = serializers.DecimalField(
        source="rate.per_hour", max_digits=12, decimal_places=4, default=None, allow_null=True
    )
    per_judgment = serializers.DecimalField(
        source="rate.per_judgment", max_digits=12, decimal_places=4, default=None, allow_null=True
    )
    amount = serializers.SerializerMethodField()

    def get_amount(self, row: Any) -> str:
        """Rounded once for each day to the currency's smallest coin, half up."""
        return str(row.amount)


class PaySerializer(serializers.Serializer):
    results = PayRowSerializer(many=True)
    totals = serializers.DictField(
        child=serializers.CharField(), help_text="By currency: exactly the sum of the amounts above."
    )
    days_without_rate = serializers.IntegerField()
