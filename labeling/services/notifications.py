"""Telling people: by mail to the members who want it, and by webhook."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from labeling.core.errors import DomainError
from labeling.core.models import User
from labeling.models import Mail, MailPreference, Membership, Project
from labeling.models.notices import Event, Sending
from labeling.models.projects import Role
from labeling.services import webhooks

logger = logging.getLogger(__name__)

BATCH = 20
CLAIM = timedelta(minutes=2)
WAITS_SECONDS = (60, 600, 3600, 6 * 3600, 24 * 3600)
KEEP = timedelta(days=30)

# Who gets a mail unless they say otherwise. Judgments and tasks are for programs: no mail.
TOLD_BY_DEFAULT: Mapping[str, frozenset[str]] = {
    Event.QUEUE_EMPTY: frozenset({Role.LEAD, Role.OWNER}),
    Event.RUN_FINISHED: frozenset({Role.RESEARCHER, Role.OWNER}),
    Event.SNAPSHOT_FROZEN: frozenset(),
    Event.IMPORT_FINISHED: frozenset(),
    Event.ANNOTATOR_PAUSED: frozenset({Role.LEAD, Role.OWNER}),
    Event.RULE_FIRED: frozenset({Role.LEAD, Role.OWNER}),
    Event.WEBHOOK_DISABLED: frozenset({Role.OWNER}),
}
# Of these an annotator, who is blind, learns nothing.
ROLES_TOLD = frozenset({Role.LEAD, Role.RESEARCHER, Role.OWNER})

BECAUSE_OF_ROLE = (
    "You get this mail because of your role in the project. Change it in the project's notifications."
)
BECAUSE_OF_YOU = "You get this mail because it is about your own work in the project."


def notify(
    project: Project, event: str, data: Mapping[str, Any], *, now: datetime | None = None, to: Any = None
) -> None:
    """Queue the mails and webhook deliveries of an event, in the caller's transaction.

    `data` must be JSON and hold no secret; it is what a webhook receives. `to` is someone who is told
    besides, unless they do not want it: who started the run or the import.
    """
    now = now or timezone.now()
    webhooks.emit(project=project, event=event, data=data, now=now)
    if event not in TOLD_BY_DEFAULT:
        return
    sentence = _SENTENCES[event].format_map(_Known(data))
    _queue(project, event, _told(project, event, to), sentence, BECAUSE_OF_ROLE, now)


def tell(user: User, project: Project, event: str, sentence: str, *, now: datetime) -> None:
    """Queue a mail to the one person that an event is about, in the caller's transaction. Nobody
    can refuse what concerns themselves, and `sentence` is all they are told."""
    _queue(project, event, [user], sentence, BECAUSE_OF_YOU, now)


def _queue(
    project: Project, event: str, users: Iterable[User], sentence: str, because: str, now: datetime
) -> None:
    subject, text = _worded(project, sentence, because)
    Mail.objects.bulk_create(
        Mail(
            project=project,
            user=user,
            event=event,
            subject=subject[:200],
            text=text,
            next_try_at=now,
            created_at=now,
        )
        for user in users
    )


def preferences(*, user: User, project: Project) -> dict[str, bool]:
    """Which mails this person gets."""
    roles = set(Membership.objects.filter(project=project, user=user).values_list("role", flat=True))
    chosen = dict(MailPreference.objects.filter(project=project, user=user).values_list("event", "wanted"))
    return {str(event): chosen.get(event, bool(roles & told)) for event, told in TOLD_BY_DEFAULT.items()}


@transaction.atomic
def set_preferences(*, user: User, project: Project, wanted: Mapping[str, bool]) -> dict[str, bool]:
    if unknown := sorted(set(wanted) - set(TOLD_BY_DEFAULT)):
        raise DomainError(
            f"There is no mail about “{unknown[0]}”: choose from {', '.join(TOLD_BY_DEFAULT)}.",
            fields={"events": ["Unknown."]},
        )
    for event, value in wanted.items():
        MailPreference.objects.update_or_create(
            project=project, user=user, event=event, defaults={"wanted": value}
        )
    return preferences(user=user, project=project)


def send_due(*, now: datetime, stop: Callable[[], bool]) -> bool:
    """Send the mails that are due, at most BATCH; True when any was tried."""
    due = Mail.objects.filter(state=Sending.PENDING, next_try_at__lte=now).select_related("user")
    tried = False
    for mail in due.order_by("next_try_at", "pk")[:BATCH]:
        if stop():
            break
        guard = Mail.objects.filter(pk=mail.pk, state=Sending.PENDING, next_try_at=mail.next_try_at)
        if guard.update(next_try_at=now + CLAIM, num_tries=F("num_tries") + 1):
            tried = True
            _send(mail, mail.num_tries + 1, now)
    return tried


def forget_old(*, now: datetime, stop: Callable[[], bool]) -> bool:
    old = Mail.objects.filter(created_at__lt=now - KEEP).exclude(state=Sending.PENDING)
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:500])
    if ids:
        Mail.objects.filter(pk__in=ids).delete()
    return bool(ids)


def _send(mail: Mail, num_tries: int, now: datetime) -> None:
    row = Mail.objects.filter(pk=mail.pk)
    if not mail.user.is_active:
        row.update(state=Sending.FAILED)
        return
    try:
        send_mail(mail.subject, mail.text, None, [mail.user.email])
    except OSError as problem:
        if num_tries > len(WAITS_SECONDS):
            row.update(state=Sending.FAILED)
            logger.error("a mail about %s could not be sent and is given up: %s", mail.event, problem)
        else:
            row.update(next_try_at=now + timedelta(seconds=WAITS_SECONDS[num_tries - 1]))
        return
    row.update(state=Sending.SENT)


def _told(project: Project, event: str, also: Any) -> list[User]:
    """Each once: whose role is told and who did not refuse, and who asked."""
    preference = dict(
        MailPreference.objects.filter(project=project, event=event).values_list("user_id", "wanted")
    )
    members = Membership.objects.filter(project=project, user__is_active=True, role__in=ROLES_TOLD)
    told: dict[int, User] = {}
    for member in members.select_related("user").order_by("user_id"):
        if preference.get(member.user_id, member.role in TOLD_BY_DEFAULT[event]):
            told[member.user_id] = member.user
    if also is not None and also.is_active and preference.get(also.pk, True):
        told[also.pk] = also
    return list(told.values())


def _worded(project: Project, sentence: str, because: str) -> tuple[str, str]:
    """Subject and text: one sentence, where to look, and why they get it."""
    place = f"{settings.PUBLIC_URL}/projects/{project.slug}"
    text = f"{project.name}: {sentence}\n\n{place}\n\n{because}\n"
    return " ".join(f"[{project.name}] {sentence}".split()), text


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


_SENTENCES: Mapping[str, str] = {
    Event.QUEUE_EMPTY: "the queue is empty: nothing is left to judge.",
    Event.RUN_FINISHED: "run {run} ({kind}) {state}. {error}",
    Event.SNAPSHOT_FROZEN: "snapshot {snapshot} of {kind} was frozen.",
    Event.IMPORT_FINISHED: "the import of {filename} {state}: {rows_done} rows, {num_errors} left out.",
    Event.ANNOTATOR_PAUSED: "annotator {annotator} was paused: {reason}",
    Event.RULE_FIRED: "a rule speaks of {about}: {message}",
    Event.WEBHOOK_DISABLED: "the webhook to {url} was switched off. {reason}",
}
