"""Who a token's holder is, together with what they ask about, in one statement.

Only the shortest way through the gate: where nothing is found, the caller goes the ordinary way
(core.services.tokens, services.access), which knows why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, QuerySet

from labeling.core.models import ApiToken, User
from labeling.core.prepared import Prepared
from labeling.core.services import tokens
from labeling.models import Assignment, Membership, Project

_TOKEN = [field.attname for field in ApiToken._meta.concrete_fields]


class ProjectFound(NamedTuple):
    token: ApiToken
    project: Project
    roles: frozenset[str]


class AssignmentFound(NamedTuple):
    token: ApiToken
    assignment: Assignment
    roles: frozenset[str]


def project_by_token(*, secret: str, slug: str, now: datetime) -> ProjectFound | None:
    """A member's live token and their project."""
    rows = _memberships.all(digest=tokens.digest_of(secret), slug=slug)
    token = _token(rows[0], rows[0].user) if rows else None
    if token is None or not tokens.admit(token, now=now):
        return None
    return ProjectFound(token, rows[0].project, frozenset(row.role for row in rows))


def assignment_by_token(*, secret: str, assignment_id: UUID, now: datetime) -> AssignmentFound | None:
    """A member's live token and their own assignment, with its task and project."""
    rows = _assignments.all(digest=tokens.digest_of(secret), assignment_id=assignment_id)
    token = _token(rows[0], rows[0].annotator.user) if rows else None
    if token is None or not tokens.admit(token, now=now):
        return None
    return AssignmentFound(token, rows[0], frozenset(row.my_role for row in rows))


def _token(row: Any, user: User) -> ApiToken:
    token = ApiToken.from_db(None, _TOKEN, [getattr(row, f"token_{name}") for name in _TOKEN])
    token.user = user
    return token


def _columns(path: str) -> dict[str, F]:
    return {f"token_{name}": F(f"{path}__api_tokens__{name}") for name in _TOKEN}


def _memberships_of(digest: str, slug: str) -> QuerySet[Membership]:
    mine = Membership.objects.filter(project__slug=slug, user__api_tokens__digest=digest)
    return mine.select_related("project", "user").annotate(**_columns("user"))


def _assignments_of(digest: str, assignment_id: UUID) -> QuerySet[Assignment]:
    mine = Assignment.objects.filter(
        pk=assignment_id,
        annotator__user__api_tokens__digest=digest,
        annotator__user__memberships__project=F("task__project"),
    )
    return mine.select_related("task__project", "annotator__user").annotate(
        my_role=F("annotator__user__memberships__role"), **_columns("annotator__user")
    )


_memberships = Prepared(_memberships_of)
_assignments = Prepared(_assignments_of)
