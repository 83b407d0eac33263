"""What work is paid. Amounts are decimals from end to end."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from labeling.core.errors import Conflict, DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Annotator, PayRate, Project
from labeling.services.seats import annotator_of, member


@transaction.atomic
def add_pay_rate(
    *,
    actor: User,
    project: Project,
    currency: str,
    valid_from: date,
    now: datetime,
    valid_until: date | None = None,
    per_hour: Decimal = Decimal(0),
    per_judgment: Decimal = Decimal(0),
    user_id: int | None = None,
) -> PayRate:
    """A rate for one member, or for everybody who has none of their own. The one that is open
    until now ends the day before; rates of one person never overlap."""
    if not per_hour and not per_judgment:
        raise DomainError(
            "A rate pays something: give per_hour, per_judgment or both.", fields={"per_hour": ["Missing."]}
        )
    if valid_until is not None and valid_until < valid_from:
        raise DomainError("The rate ends before it begins: correct valid_until.")
    Project.objects.select_for_update().get(pk=project.pk)
    annotator = annotator_of(user=member(project=project, user_id=user_id)) if user_id is not None else None
    _make_room(project, annotator, valid_from, valid_until)
    rate = PayRate.objects.create(
        project=project,
        annotator=annotator,
        currency=currency.upper(),
        per_hour=per_hour,
        per_judgment=per_judgment,
        valid_from=valid_from,
        valid_until=valid_until,
        created_at=now,
    )
    data = {"per_hour": str(per_hour), "per_judgment": str(per_judgment), "currency": rate.currency}
    audit.record(actor=actor, action="pay_rate.added", project_id=project.pk, obj=rate, data=data)
    return rate


@transaction.atomic
def end_pay_rate(*, actor: User, project: Project, rate_id: int, valid_until: date) -> PayRate:
    """The last day a rate counts. One that should never have been ends before it begins: deleted."""
    Project.objects.select_for_update().get(pk=project.pk)
    rate = _rate(project, rate_id)
    rate.valid_until = valid_until
    if valid_until < rate.valid_from:
        raise DomainError("The rate would end before it begins: delete it instead.")
    others = PayRate.objects.filter(project=project, annotator=rate.annotator_id).exclude(pk=rate.pk)
    if _overlapping(others, rate.valid_from, valid_until).exists():
        raise _overlap()
    rate.save(update_fields=["valid_until"])
    data = {"valid_until": str(valid_until)}
    audit.record(actor=actor, action="pay_rate.ended", project_id=project.pk, obj=rate, data=data)
    return rate


@transaction.atomic
def delete_pay_rate(*, actor: User, project: Project, rate_id: int) -> None:
    rate = _rate(project, rate_id)
    data = {"per_hour": str(rate.per_hour), "per_judgment": str(rate.per_judgment)}
    audit.record(actor=actor, action="pay_rate.deleted", project_id=project.pk, obj=rate, data=data)
    rate.delete()


def _make_room(
    project: Project, annotator: Annotator | None, valid_from: date, valid_until: date | None
) -> None:
    same = PayRate.objects.filter(project=project, annotator=annotator)
    same.filter(valid_until=None, valid_from__lt=valid_from).update(
        valid_until=date.fromordinal(valid_from.toordinal() - 1)
    )
    if _overlapping(same, valid_from, valid_until).exists():
        raise _overlap()


def _overlapping(rates, valid_from: date, valid_until: date | None):
    rates = rates.filter(Q(valid_until=None) | Q(valid_until__gte=valid_from))
    return rates if valid_until is None else rates.filter(valid_from__lte=valid_until)


def _overlap() -> Conflict:
    return Conflict("Another rate counts on some of these days: end that one first.", code="rates_overlap")


def _rate(project: Project, rate_id: int) -> PayRate:
    rate = PayRate.objects.filter(project=project, pk=rate_id).first()
    if rate is None:
        raise NotFound("There is no such rate: the list may be old, reload it.")
    return rate
