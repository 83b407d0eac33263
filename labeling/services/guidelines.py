"""What annotators are told. A version never changes; every judgment names the one it was made under."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import GuidelineVersion, Project


@transaction.atomic
def add_guidelines(*, actor: User, project: Project, text: str, now: datetime) -> GuidelineVersion:
    """The next version, or the newest as it is when the text is the same."""
    Project.objects.select_for_update().get(pk=project.pk)
    newest = project.guidelines.order_by("-number").first()
    if newest is not None and newest.text == text:
        return newest
    version = GuidelineVersion.objects.create(
        project=project,
        number=newest.number + 1 if newest else 1,
        text=text,
        created_by=actor,
        created_at=now,
    )
    audit.record(
        actor=actor,
        action="guidelines.added",
        project_id=project.pk,
        obj=version,
        data={"number": version.number},
    )
    return version
