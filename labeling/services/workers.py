"""Imported workers, who judged elsewhere and have no login here."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labeling.core.errors import Conflict, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Annotator, Judgment, Project, WorkerLink
from labeling.services.seats import annotator_of, member


@transaction.atomic
def link_worker(*, actor: User, project: Project, worker_id: int, user_id: int, now: datetime) -> WorkerLink:
    """Say that a worker is this member. No judgment moves: each stays with the name it came under,
    so nothing is lost, two imports cannot collide, and the link can be taken back."""
    worker = imported_worker(project=project, worker_id=worker_id)
    person = annotator_of(user=member(project=project, user_id=user_id))
    link, is_new = WorkerLink.objects.get_or_create(
        project=project, worker=worker, defaults={"person": person, "created_at": now}
    )
    if not is_new and link.person_id != person.pk:
        raise Conflict(
            "This worker is linked to someone else already: unlink them first.", code="already_linked"
        )
    if is_new:
        data = {"person": person.pk}
        audit.record(actor=actor, action="worker.linked", project_id=project.pk, obj=worker, data=data)
    return link


@transaction.atomic
def unlink_worker(*, actor: User, project: Project, worker_id: int) -> None:
    worker = imported_worker(project=project, worker_id=worker_id)
    removed, _ = WorkerLink.objects.filter(project=project, worker=worker).delete()
    if removed:
        audit.record(actor=actor, action="worker.unlinked", project_id=project.pk, obj=worker)


def imported_worker(*, project: Project, worker_id: int) -> Annotator:
    worker = Annotator.objects.filter(pk=worker_id, kind=Annotator.Kind.IMPORTED).first()
    if worker is None or not Judgment.objects.filter(project=project, annotator=worker).exists():
        raise NotFound("No such worker judged in this project: the list may be old, reload it.")
    return worker
