"""Who somebody is as a judge."""

from __future__ import annotations

from labeling.core.errors import NotFound
from labeling.core.models import User
from labeling.models import Annotator, Membership, Project


def annotator_of(*, user: User) -> Annotator:
    annotator, _ = Annotator.objects.get_or_create(user=user, defaults={"kind": Annotator.Kind.PERSON})
    return annotator


def member(*, project: Project, user_id: int) -> User:
    membership = Membership.objects.filter(project=project, user=user_id).select_related("user").first()
    if membership is None:
        raise NotFound("There is no such member: the list may be old, reload it.")
    return membership.user
