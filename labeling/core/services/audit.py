"""The record of who did what. Written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models

from labeling.core.models import AuditEvent, User


def record(
    *,
    actor: User | None,
    action: str,
    project_id: int | None,
    obj: models.Model,
    data: Mapping[str, object] | None = None,
    pseudonym: str = "",
) -> AuditEvent:
    """`action` reads like `member.added`; `data` must be JSON and hold no secret, no address and no
    name of a person: it is kept when the person is erased. What was done by a token says by which."""
    by_token = {"token": actor.token.prefix} if actor is not None and actor.token is not None else {}
    return AuditEvent.objects.create(
        actor=actor,
        actor_pseudonym=pseudonym,
        project_id=project_id,
        action=action,
        object_type=obj._meta.model_name or "",
        object_id=str(obj.pk or ""),
        data={**by_token, **(data or {})},
    )
