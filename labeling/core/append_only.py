"""The audit log guards itself: triggers refuse what nobody may do, whoever asks.

One change is let through: erasing a person, which puts a pseudonym in the place of the actor and
leaves all else as it was. A migration that remakes the table on SQLite loses triggers, so it has to
call `guard` again; a test looks.
"""

from __future__ import annotations

TABLE = "core_auditevent"
COLUMNS = ("id", "at", "project_id", "action", "object_type", "object_id", "data")
REFUSAL = "the audit log is append-only"

_ERASURE_SQLITE = "OLD.actor_id IS NOT NULL AND NEW.actor_id IS NULL AND NEW.actor_pseudonym <> '' AND " + (
    " AND ".join(f"NEW.{column} IS OLD.{column}" for column in COLUMNS)
)
_ERASURE_POSTGRES = _ERASURE_SQLITE
for _column in COLUMNS:
    _ERASURE_POSTGRES = _ERASURE_POSTGRES.replace(
        f"NEW.{_column} IS OLD.{_column}", f"NEW.{_column} IS NOT DISTINCT FROM OLD.{_column}"
    )

GUARD = {
    "sqlite": [
        f"""CREATE TRIGGER {TABLE}_kept_from_update BEFORE UPDATE ON {TABLE} WHEN NOT ({_ERASURE_SQLITE})
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
        f"""CREATE TRIGGER {TABLE}_kept_from_delete BEFORE DELETE ON {TABLE}
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    ],
    "postgresql": [
        f"""CREATE OR REPLACE FUNCTION {TABLE}_keep() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' THEN
                    IF {_ERASURE_POSTGRES} THEN RETURN NEW; END IF;
                END IF;
                RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
            END $$""",
        f"""CREATE TRIGGER {TABLE}_kept BEFORE UPDATE OR DELETE ON {TABLE}
            FOR EACH ROW EXECUTE FUNCTION {TABLE}_keep()""",
    ],
}
UNGUARD = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS {TABLE}_kept_from_update",
        f"DROP TRIGGER IF EXISTS {TABLE}_kept_from_delete",
    ],
    "postgresql": [f"DROP TRIGGER IF EXISTS {TABLE}_kept ON {TABLE}"],
}


def guard(apps: object, schema_editor: object) -> None:
    """For `migrations.RunPython`."""
    _execute(schema_editor, GUARD)


def unguard(apps: object, schema_editor: object) -> None:
    _execute(schema_editor, UNGUARD)


def _execute(schema_editor, statements: dict[str, list[str]]) -> None:
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement)
