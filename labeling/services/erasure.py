"""Erasing a person. What they judged stays, under a pseudonym; what names them goes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import AuditEvent, User
from labeling.core.services import audit, limits
from labeling.models import Annotator, Assignment, Invitation, Membership, Project, Slot, WorkerLink
from labeling.models.projects import Role
from labeling.selectors.erasure import FreeText, free_text_of


@dataclass(frozen=True, slots=True)
class Erased:
    """`free_text` lists what the person wrote: it stays, and may name them or others."""

    pseudonym: str
    free_text: list[FreeText]


def erase_oneself(*, user: User, password: str, now: datetime) -> Erased:
    """Asks for the password, where there is one: a session left open must not be enough."""
    limits.count(limits.ERASURE, str(user.pk))
    if user.has_usable_password() and not user.check_password(password):
        raise DomainError(
            "The password is wrong: type it again to delete your account.",
            code="wrong_password",
            fields={"password": ["This is not your password."]},
        )
    return erase_person(actor=user, user=user, now=now)


@transaction.atomic
def erase_person(*, actor: User | None, user: User, now: datetime) -> Erased:
    """`actor` is the person, an operator, or None for the command line."""
    user = User.objects.select_for_update().get(pk=user.pk)
    _check_someone_remains(user)
    pseudonym = f"person-{secrets.token_hex(4)}"
    annotator = Annotator.objects.filter(user=user).first()
    free_text: list[FreeText] = []
    if annotator is not None:
        free_text = free_text_of(annotator_id=annotator.pk)
        _pseudonymise(annotator, pseudonym, now)
    Invitation.objects.filter(email=user.email, revoked_at=None).update(revoked_at=now)
    Invitation.objects.filter(email=user.email).update(email="")
    _end_sessions(user)
    # The one change that the log's guard lets through; it must come before the row goes.
    AuditEvent.objects.filter(actor=user).update(actor=None, actor_pseudonym=pseudonym)
    audit.record(
        actor=actor if actor != user else None,
        action="user.erased",
        project_id=None,
        obj=user,
        data={"pseudonym": pseudonym, "free_texts": len(free_text)},
        pseudonym=pseudonym if actor == user else "",
    )
    # Memberships, places in teams, tokens, uses of invitations, second factors and provider accounts
    # go with the row; guidelines, runs and invitations they made stay, made by nobody.
    user.delete()
    return Erased(pseudonym, free_text)


def _check_someone_remains(user: User) -> None:
    owned = Project.objects.filter(memberships__user=user, memberships__role=Role.OWNER)
    # The lock keeps two owners from vanishing at once.
    projects = list(owned.select_for_update(of=("self",)).order_by("id"))
    shared = set(
        Membership.objects.filter(project__in=projects, role=Role.OWNER)
        .exclude(user=user)
        .values_list("project_id", flat=True)
    )
    alone = [project.slug for project in projects if project.pk not in shared]
    if alone:
        raise Conflict(
            f"Nobody else owns {', '.join(alone)}: make someone else an owner first.",
            code="last_owner",
            fields={"projects": alone},
        )
    if user.is_operator:
        others = User.objects.select_for_update().filter(is_operator=True, is_active=True).exclude(pk=user.pk)
        if not others.exists():
            raise Conflict("Nobody else runs this server: make another operator first.", code="last_operator")


def _pseudonymise(annotator: Annotator, pseudonym: str, now: datetime) -> None:
    """Leases go back to the queue; the rows of what was judged stay where they are."""
    leases = Assignment.objects.filter(annotator=annotator, state=Assignment.State.LEASED)
    for assignment in leases.select_related("slot"):
        held = Slot.objects.filter(pk=assignment.slot_id, state=Slot.State.LEASED, fence=assignment.fence)
        held.update(state=Slot.State.OPEN, lease_expires_at=None)
    leases.update(state=Assignment.State.EXPIRED, ended_at=now)
    # What was typed and never said is nobody's business any more.
    drafts = Assignment.objects.filter(annotator=annotator, draft__isnull=False)
    drafts.update(draft=None, draft_saved_at=None)
    links = WorkerLink.objects.filter(person=annotator)
    for number, link in enumerate(links.select_related("worker")):
        # The platform's name for a worker who is known to be this person names this person.
        link.worker.external_id, link.worker.pseudonym = f"{pseudonym}/{number}", pseudonym
        link.worker.save(update_fields=["external_id", "pseudonym"])
    links.delete()
    annotator.user, annotator.pseudonym = None, pseudonym
    annotator.save(update_fields=["user", "pseudonym"])


def _end_sessions(user: User) -> None:
    """Sessions hold no column of whose they are; erasing is rare enough to read them all."""
    for session in Session.objects.iterator(chunk_size=1000):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
