"""Who came, by which way, and who is who."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from labeling.core.errors import NotFound
from labeling.core.models import User
from labeling.models import (
    Annotator,
    CompletionCode,
    Consent,
    Invitation,
    InvitationUse,
    Judgment,
    Membership,
    PayRate,
    Project,
    QueueCursor,
    Reveal,
    Team,
    TeamMember,
    WorkerLink,
)
from labeling.selectors.wellbeing import midnight


@dataclass(frozen=True, slots=True)
class Who:
    annotator_id: int
    # A name, or the pseudonym of someone erased, or the name an import gave.
    name: str
    email: str = ""
    # As a crowd platform knows them.
    platform: str = ""
    worker_id: str = ""


def who_are(*, project_id: int, annotator_ids: Collection[int]) -> dict[int, Who]:
    found = Annotator.objects.filter(pk__in=annotator_ids).select_related("user")
    by_user = {one.user_id: one.pk for one in found if one.user_id is not None}
    uses = InvitationUse.objects.filter(invitation__project=project_id, user__in=by_user).exclude(
        worker_id=""
    )
    platforms = {by_user[use.user_id]: (use.platform, use.worker_id) for use in uses.order_by("created_at")}
    return {one.pk: _who(one, *platforms.get(one.pk, ("", ""))) for one in found}


def _who(annotator: Annotator, platform: str, worker_id: str) -> Who:
    if annotator.user is not None:
        return Who(annotator.pk, annotator.user.name, annotator.user.email, platform, worker_id)
    return Who(annotator.pk, annotator.pseudonym or annotator.external_id or f"annotator {annotator.pk}")


def invitations(*, project_id: int) -> QuerySet[Invitation]:
    return Invitation.objects.filter(project=project_id).select_related("team", "created_by")


def invitation_of(*, project_id: int, invitation_id: int) -> Invitation:
    invitation = Invitation.objects.filter(project=project_id, pk=invitation_id).first()
    if invitation is None:
        raise NotFound("There is no such invitation: the list may be old, reload it.")
    return invitation


def annotator_id_of(*, user: User) -> int | None:
    return Annotator.objects.filter(user=user).values_list("pk", flat=True).first()


def invitation_uses(*, invitation: Invitation) -> QuerySet[InvitationUse]:
    return InvitationUse.objects.filter(invitation=invitation).select_related("user")


def teams(*, project_id: int, name: str | None = None) -> QuerySet[Team]:
    found = Team.objects.filter(project=project_id).annotate(num_members=Count("team_members"))
    return found.filter(name__icontains=name) if name else found


def team_members(*, team: Team) -> QuerySet[TeamMember]:
    return TeamMember.objects.filter(team=team).select_related("user")


def listed_members(
    *,
    project_id: int,
    now: datetime,
    with_exposure: bool,
    role: str | None = None,
    team: int | None = None,
    search: str | None = None,
) -> QuerySet[Any]:
    """With each person's own caps, null where they never had any, and, if wanted, with how many
    risk-tagged tasks they have looked at: today (UTC) and in all."""
    here = Q(project=project_id, annotator__user=OuterRef("user"))
    reveals = Reveal.objects.filter(here)
    found = (
        Membership.objects.filter(project=project_id)
        .select_related("user")
        .annotate(
            caps=Subquery(QueueCursor.objects.filter(here).values("caps")[:1]),
            exposures_today=_num(reveals.filter(created_at__gte=midnight(now)), wanted=with_exposure),
            exposures_total=_num(reveals, wanted=with_exposure),
        )
    )
    if role is not None:
        found = found.filter(role=role)
    if team is not None:
        places = TeamMember.objects.filter(team=team, team__project=project_id)
        found = found.filter(user__in=places.values("user"))
    if search:
        found = found.filter(Q(user__name__icontains=search) | Q(user__email__icontains=search))
    return found


def _num(rows: QuerySet[Reveal], *, wanted: bool) -> Any:
    if not wanted:
        return Value(None, output_field=IntegerField())
    counted = rows.order_by().values("annotator").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def imported_workers(*, project: Project, linked: bool | None = None) -> QuerySet[Any]:
    """Those an import brought along, with how much they judged here and who they turned out to be."""
    judgments = Judgment.objects.filter(annotator=OuterRef("pk"), project=project, superseded_at=None)
    link = WorkerLink.objects.filter(worker=OuterRef("pk"), project=project)
    num = judgments.order_by().values("annotator").annotate(n=Count("pk")).values("n")
    found = Annotator.objects.filter(
        Exists(Judgment.objects.filter(annotator=OuterRef("pk"), project=project)),
        kind=Annotator.Kind.IMPORTED,
    ).annotate(
        num_judgments=Coalesce(Subquery(num), 0),
        person=Subquery(link.values("person")[:1]),
        person_name=Subquery(link.values("person__user__name")[:1]),
        person_user=Subquery(link.values("person__user")[:1]),
    )
    return found if linked is None else found.filter(person__isnull=not linked)


def person_behind(*, project_id: int) -> dict[int, int]:
    """Linked workers as the person they are: annotator id → annotator id. For statistics that must
    not take one person for two; the judgments themselves keep the name they came under."""
    links = WorkerLink.objects.filter(project=project_id)
    return dict(links.values_list("worker_id", "person_id"))


def consents(*, project_id: int) -> QuerySet[Consent]:
    return Consent.objects.filter(version__project=project_id).select_related("version", "annotator__user")


def completion_codes(*, project_id: int) -> QuerySet[CompletionCode]:
    """With the worker's id on the platform they came from."""
    uses = InvitationUse.objects.filter(
        user=OuterRef("annotator__user"), invitation__project=OuterRef("project")
    ).exclude(worker_id="")
    newest = uses.order_by("-created_at")
    return (
        CompletionCode.objects.filter(project=project_id)
        .select_related("annotator__user")
        .annotate(
            platform=Coalesce(Subquery(newest.values("platform")[:1]), Value("")),
            worker_id=Coalesce(Subquery(newest.values("worker_id")[:1]), Value("")),
        )
    )


def pay_rates(*, project_id: int) -> QuerySet[PayRate]:
    return PayRate.objects.filter(project=project_id).select_related("annotator__user")
