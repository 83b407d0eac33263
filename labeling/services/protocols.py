"""What judges are asked. A version never changes; every judgment names the one it was made under."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Project, ProtocolVersion
from labeling.protocol import Protocol, complete


@transaction.atomic
def change_protocol(
    *,
    actor: User | None,
    project: Project,
    protocol: Mapping[str, Any],
    now: datetime,
    based_on: int | None = None,
) -> ProtocolVersion:
    """`protocol` as a whole is the next version, or the current one as it is when nothing differs.

    Assignments handed out before keep the version they came with. With `based_on`, a version that
    somebody else made since is not overwritten.
    """
    project = Project.objects.select_for_update().get(pk=project.pk)
    if based_on not in (None, project.protocol_version):
        raise Conflict(
            f"The protocol is at version {project.protocol_version} by now: read it and change that one.",
            code="protocol_changed",
            fields={"version": project.protocol_version},
        )
    wanted, old = checked(protocol), complete(project.protocol)
    if wanted == old:
        return current_version(project)
    version = next_version(project, wanted, actor=actor, now=now)
    project.save(update_fields=["protocol", "protocol_version"])
    audit.record(
        actor=actor,
        action="protocol.changed",
        project_id=project.pk,
        obj=version,
        data={"number": version.number, "changed": _changed(old, wanted)},
    )
    return version


def next_version(
    project: Project, protocol: dict[str, Any], *, actor: User | None, now: datetime
) -> ProtocolVersion:
    """Make `protocol` the newest of the locked project; the caller saves the project."""
    current_version(project)
    project.protocol = protocol
    project.protocol_version += 1
    return ProtocolVersion.objects.create(
        project=project, number=project.protocol_version, body=protocol, created_by=actor, created_at=now
    )


def current_version(project: Project) -> ProtocolVersion:
    """The row of what the project repeats; made when the project has none yet."""
    version, _ = ProtocolVersion.objects.select_related("created_by").get_or_create(
        project=project,
        number=project.protocol_version,
        defaults={"body": project.protocol, "created_at": project.created_at},
    )
    return version


def checked(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """The whole protocol with its defaults, or a refusal that names the field."""
    try:
        return Protocol.model_validate(dict(protocol)).dump()
    except ValidationError as wrong:
        raise _refusal(wrong) from wrong


def _refusal(wrong: ValidationError) -> DomainError:
    told: dict[str, list[str]] = {}
    for error in wrong.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(part) for part in error["loc"]) or "protocol"
        words = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            known = f": use {', '.join(Protocol.model_fields)}" if len(error["loc"]) == 1 else ""
            words = f"there is no such setting{known}"
        told.setdefault(place, []).append(words)
    place, problems = next(iter(told.items()))
    return DomainError(f"protocol, {place}: {problems[0]}.", fields={"protocol": told})


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {key: [old.get(key), new[key]] for key in new if old.get(key) != new[key]}
