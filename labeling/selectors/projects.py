"""What people read about projects."""

from __future__ import annotations

from labeling.core.errors import NotFound
from labeling.models import Project


def id_of(*, slug: str) -> int:
    found = Project.objects.filter(slug=slug).values_list("id", flat=True).first()
    if found is None:
        raise NotFound(f"There is no project “{slug}” that you can open: check the address.")
    return found
