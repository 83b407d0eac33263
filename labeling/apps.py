from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class LabelingConfig(AppConfig):
    name = "labeling"

    def ready(self) -> None:
        from labeling.core import live
        from labeling.services.access import may_view

        live.register_group("project", may_view)
        pre_migrate.connect(_stop_counting, sender=self)
        post_migrate.connect(_count, sender=self)


def _stop_counting(*, using: str, plan: Sequence[Any] = (), **_: Any) -> None:
    """SQLite cannot alter a table that a trigger names."""
    from django.db import connections

    from labeling.services import counting

    if plan and connections[using].vendor == "sqlite":
        counting.remove(using=using)


def _count(*, using: str, plan: Sequence[Any] = (), **_: Any) -> None:
    from labeling.services import counting

    if not _has_counts(using):
        return  # migrated back to before there were any
    counting.install(using=using)
    if plan:
        counting.recount(using=using)


def _has_counts(using: str) -> bool:
    from django.db import connections

    connection = connections[using]
    with connection.cursor() as cursor:
        return "labeling_queuecount" in connection.introspection.table_names(cursor)
