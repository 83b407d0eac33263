"""What people have typed so far, kept on the server beside their assignment. Nobody else sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from labeling.core.errors import Conflict, DomainError
from labeling.messages import BadContent, check_storable
from labeling.models import Assignment
from labeling.selectors.queue import Draft, draft_of

MAX_BYTES = 256 * 1024


def save_draft(*, assignment: Assignment, revision: int, body: Any, now: datetime) -> Draft:
    """Replace the draft that is at `revision`; what another device saved since is not overwritten.

    One guarded UPDATE. A save whose answer was lost may be sent again.
    """
    _check(body)
    saved = Assignment.objects.filter(pk=assignment.pk, draft_revision=revision).update(
        draft=body, draft_revision=revision + 1, draft_saved_at=now
    )
    if saved:
        return Draft(revision + 1, body, now)
    stored = draft_of(Assignment.objects.get(pk=assignment.pk))
    if stored.revision == revision + 1 and stored.body == body:
        return stored
    raise Conflict(
        f"The draft is at revision {stored.revision} by now: take over what you need, and save again.",
        code="draft_conflict",
        fields={
            "stored": {"revision": stored.revision, "body": stored.body, "saved_at": _iso(stored.saved_at)}
        },
    )


def drop_draft(*, assignment: Assignment) -> Draft:
    """Forget it. The revision moves on, so that a save still on its way does not bring it back."""
    Assignment.objects.filter(pk=assignment.pk).update(
        draft=None, draft_saved_at=None, draft_revision=F("draft_revision") + 1
    )
    return draft_of(Assignment.objects.get(pk=assignment.pk))


def carry_over(*, fresh: Sequence[Assignment], annotator_id: int) -> None:
    """Drafts of leases that ran out move to the new leases of the same tasks, under its keys."""
    by_task = {one.task_id: one for one in fresh}
    lost = Assignment.objects.filter(
        annotator_id=annotator_id,
        task_id__in=by_task,
        state=Assignment.State.EXPIRED,
        draft__isnull=False,
    ).order_by("draft_saved_at")
    for old in lost:
        new = by_task[old.task_id]
        names = {place["response"]: place["key"] for place in new.presented}
        keys = {place["key"]: names[place["response"]] for place in old.presented}
        new.draft, new.draft_revision, new.draft_saved_at = _renamed(old.draft, keys), 1, old.draft_saved_at
        new.save(update_fields=["draft", "draft_revision", "draft_saved_at"])
        drop_draft(assignment=old)


def _renamed(value: Any, keys: Mapping[str, str]) -> Any:
    """Response keys are random, so a string that equals one is one."""
    if isinstance(value, str):
        return keys.get(value, value)
    if isinstance(value, list):
        return [_renamed(inner, keys) for inner in value]
    if isinstance(value, dict):
        return {keys.get(key, key): _renamed(inner, keys) for key, inner in value.items()}
    return value


def _check(body: Any) -> None:
    if body is None:
        raise DomainError("A draft of null says nothing: delete it instead.", fields={"body": ["Null."]})
    try:
        check_storable(body, what="the draft")
    except BadContent as bad:
        raise DomainError(f"{str(bad)[0].upper()}{str(bad)[1:]}", fields={"body": [str(bad)]}) from bad
    if len(json.dumps(body, ensure_ascii=False).encode()) > MAX_BYTES:
        raise DomainError(
            f"The draft is larger than {MAX_BYTES // 1024} KiB: shorten it.",
            code="too_large",
            status=413,
            fields={"body": ["Too large."]},
        )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
