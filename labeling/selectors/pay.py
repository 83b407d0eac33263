"""Pay for a period: each day's amount rounded once, totals the sum of what is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from labeling.models import PayRate, Project
from labeling.selectors.people import Who, who_are
from labeling.selectors.timesheets import Day, days

HOUR = Decimal(3600)
# ISO 4217: how many digits the smallest coin has, where it is not two.
DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


@dataclass(frozen=True, slots=True)
class PayRow:
    who: Who
    day: date
    seconds: Decimal
    num_judgments: int
    rate: PayRate | None
    amount: Decimal


def pay_rows(*, project: Project, since: date, until: date) -> Iterable[PayRow]:
    """By person and day, in order. A day without a rate pays nothing and says so (`rate` None)."""
    rates = list(PayRate.objects.filter(project=project).order_by("valid_from"))
    worked = list(days(project=project, since=since, until=until))
    people = who_are(project_id=project.pk, annotator_ids={day.annotator_id for day in worked})
    for day in worked:
        rate = rate_on(rates, annotator_id=day.annotator_id, day=day.day)
        yield PayRow(
            who=people[day.annotator_id],
            day=day.day,
            seconds=day.seconds,
            num_judgments=day.num_judgments,
            rate=rate,
            amount=amount_of(day, rate),
        )


def amount_of(day: Day, rate: PayRate | None) -> Decimal:
    if rate is None:
        return Decimal(0)
    exact = day.seconds * rate.per_hour / HOUR + day.num_judgments * rate.per_judgment
    coin = Decimal(1).scaleb(-DIGITS.get(rate.currency, 2))
    return exact.quantize(coin, rounding=ROUND_HALF_UP)


def rate_on(rates: Sequence[PayRate], *, annotator_id: int, day: date) -> PayRate | None:
    """The person's own rate of that day, or else the project's."""
    for owner in (annotator_id, None):
        for rate in rates:
            begun = rate.annotator_id == owner and rate.valid_from <= day
            if begun and (rate.valid_until is None or day <= rate.valid_until):
                return rate
    return None


def totals(rows: Iterable[PayRow]) -> dict[str, Decimal]:
    """By currency: exactly the sum of the rows' amounts."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.rate is not None:
            found[row.rate.currency] += row.amount
    return dict(sorted(found.items()))
