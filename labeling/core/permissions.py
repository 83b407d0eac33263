"""Who may do what in a project. Roles are columns, not a ladder: a lead is not more than a
researcher. An operator may do everything everywhere."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    PROJECT_VIEW = "project.view"
    PROJECT_EDIT = "project.edit"
    MEMBERS_MANAGE = "members.manage"
    GUIDELINES_EDIT = "guidelines.edit"
    AUDIT_VIEW = "audit.view"
    TASK_ANNOTATE = "task.annotate"
    QUEUE_VIEW = "queue.view"
    QUEUE_MANAGE = "queue.manage"
    IMPORT_RUN = "import.run"
    LABELS_EXPORT = "labels.export"
    SNAPSHOT_VIEW = "snapshot.view"
    SNAPSHOT_CREATE = "snapshot.create"
    MODEL_VIEW = "model.view"
    MODEL_MANAGE = "model.manage"
    RUN_VIEW = "run.view"
    RUN_LAUNCH = "run.launch"
    ROUND_VIEW = "round.view"
    ROUND_LAUNCH = "round.launch"


class Access(StrEnum):
    """What an address outside any project asks of the caller."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    OPERATOR = "operator"
    # A worker's token for one attempt of one run.
    RUN_TOKEN = "run_token"


_TABLE = """
                    annotator   lead   researcher   owner
project.view            yes     yes        yes       yes
project.edit             -       -          -        yes
members.manage           -      yes         -        yes
guidelines.edit          -      yes         -        yes
audit.view               -      yes         -        yes
task.annotate           yes     yes        yes       yes
queue.view               -      yes        yes       yes
queue.manage             -      yes         -        yes
import.run               -      yes        yes       yes
labels.export            -      yes        yes       yes
snapshot.view            -      yes        yes       yes
snapshot.create          -       -         yes       yes
model.view               -      yes        yes       yes
model.manage             -       -         yes       yes
run.view                 -      yes        yes       yes
run.launch               -       -         yes       yes
round.view               -      yes        yes       yes
round.launch             -       -         yes       yes
"""


def _read(table: str) -> dict[Permission, frozenset[str]]:
    header, *rows = (line.split() for line in table.strip().splitlines())
    return {
        Permission(name): frozenset(role for role, cell in zip(header, cells, strict=True) if cell == "yes")
        for name, *cells in rows
    }


MATRIX = _read(_TABLE)
assert set(MATRIX) == set(Permission), "every permission has its row"
ROLES = tuple(_TABLE.split("\n")[1].split())


def allowed(*, roles: frozenset[str] | set[str], is_operator: bool = False) -> frozenset[Permission]:
    """Everything that someone with these roles in a project may do there."""
    if is_operator:
        return frozenset(Permission)
    return frozenset(permission for permission, holders in MATRIX.items() if holders & roles)
