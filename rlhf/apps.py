from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class RlhfConfig(AppConfig):
    name = "rlhf"
    verbose_name = "RLHF"

    def ready(self) -> None:
        from labeling.core import live

        live.register_group("run", may_watch_run)


def may_watch_run(user: Any, run_id: int) -> bool:
    from labeling.core.permissions import Permission
    from labeling.services import access
    from rlhf.selectors import runs

    access.check(user=user, project=runs.get(run_id=run_id).project, permission=Permission.RUN_VIEW)
    return True
