"""Who may do what in a project. Roles are columns, not a ladder: a lead is not more than a
researcher. An operator may do everything everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    PROJECT_VIEW = "project.view"
    PROJECT_EDIT = "project.edit"
    MEMBERS_MANAGE = "members.manage"
    GUIDELINES_EDIT = "guidelines.edit"
    PROTOCOL_EDIT = "protocol.edit"
    AUDIT_VIEW = "audit.view"
    TASK_ANNOTATE = "task.annotate"
    TASK_ADJUDICATE = "task.adjudicate"
    JUDGMENT_REVIEW = "judgment.review"
    QUALITY_VIEW = "quality.view"
    QUALITY_MANAGE = "quality.manage"
    QUEUE_VIEW = "queue.view"
    QUEUE_MANAGE = "queue.manage"
    IMPORT_RUN = "import.run"
    LABELS_EXPORT = "labels.export"
    WEBHOOKS_MANAGE = "webhooks.manage"
    SNAPSHOT_VIEW = "snapshot.view"
    SNAPSHOT_CREATE = "snapshot.create"
    MODEL_VIEW = "model.view"
    MODEL_MANAGE = "model.manage"
    RUN_VIEW = "run.view"
    RUN_LAUNCH = "run.launch"
    ROUND_VIEW = "round.view"
    ROUND_LAUNCH = "round.launch"
    TIMESHEET_VIEW = "timesheet.view"
    PAY_MANAGE = "pay.manage"


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
protocol.edit            -      yes         -        yes
audit.view               -      yes         -        yes
task.annotate           yes     yes        yes       yes
task.adjudicate          -      yes         -        yes
judgment.review          -      yes         -        yes
quality.view             -      yes        yes       yes
quality.manage           -      yes         -        yes
queue.view               -      yes        yes       yes
queue.manage             -      yes         -        yes
import.run               -      yes        yes       yes
labels.export            -      yes        yes       yes
webhooks.manage          -       -          -        yes
snapshot.view            -      yes        yes       yes
snapshot.create          -       -         yes       yes
model.view               -      yes        yes       yes
model.manage             -       -         yes       yes
run.view                 -      yes        yes       yes
run.launch               -       -         yes       yes
round.view               -      yes        yes       yes
round.launch             -       -         yes       yes
timesheet.view           -      yes         -        yes
pay.manage               -       -          -        yes
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


class Scope(StrEnum):
    """What a token may be used for, beside what its owner may do: the smaller of the two counts."""

    READ = "read"
    ANNOTATE = "annotate"
    IMPORT = "import"
    EXPORT = "export"
    TRAIN = "train"
    ADMIN = "admin"
    ALL = "all"


_SCOPES = {
    Permission.TASK_ANNOTATE: Scope.ANNOTATE,
    Permission.IMPORT_RUN: Scope.IMPORT,
    Permission.LABELS_EXPORT: Scope.EXPORT,
    Permission.SNAPSHOT_CREATE: Scope.TRAIN,
    Permission.MODEL_MANAGE: Scope.TRAIN,
    Permission.RUN_LAUNCH: Scope.TRAIN,
    Permission.ROUND_LAUNCH: Scope.TRAIN,
    Permission.AUDIT_VIEW: Scope.ADMIN,
    Permission.TIMESHEET_VIEW: Scope.ADMIN,
}


def scope_of(permission: Permission) -> Scope:
    """Unlisted, what looks is `read`, and what changes something is `admin`."""
    return _SCOPES.get(permission, Scope.READ if permission.endswith(".view") else Scope.ADMIN)


def in_scopes(scopes: Iterable[str]) -> frozenset[Permission]:
    """What a token with these scopes can be used for. Each scope but `annotate` sees what its
    work needs to see; a project's name is seen by all."""
    held = set(scopes)
    if Scope.ALL in held:
        return frozenset(Permission)
    if held & {Scope.IMPORT, Scope.EXPORT, Scope.TRAIN, Scope.ADMIN}:
        held.add(Scope.READ)
    return frozenset(
        permission
        for permission in Permission
        if scope_of(permission) in held or (held and permission is Permission.PROJECT_VIEW)
    )


def as_table() -> str:
    """The matrix as Markdown; docs/people.md holds a copy, which a test compares."""
    lines = [f"| permission | {' | '.join(ROLES)} | token scope |", "|---|" + "---|" * (len(ROLES) + 1)]
    for permission in Permission:
        cells = ["yes" if role in MATRIX[permission] else "–" for role in ROLES]
        lines.append(f"| `{permission.value}` | {' | '.join(cells)} | `{scope_of(permission).value}` |")
    return "\n".join(lines)
