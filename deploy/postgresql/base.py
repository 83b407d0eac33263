"""Django's PostgreSQL backend, with a health check that costs nothing while the connection is healthy."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as DjangoOperations


class DatabaseOperations(DjangoOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        """Also for statements whose values travel apart from them (labeling.core.prepared)."""
        if isinstance(cursor, base.ServerBindingCursor):
            return self.compose_sql(sql, params)
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def prepared_cursor(self) -> Any:
        """Like `cursor()`; values are bound by the server, so that it can keep a statement's plan."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]
        return self._prepare_cursor(cursor)  # type: ignore[attr-defined]

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if self.settings_dict["OPTIONS"].get("prepare_threshold"):
            # Left to itself, the server plans a join of many tables anew at each execution, for longer
            # than it takes: what is prepared here finds single rows by keys, whatever their values.
            with self.connection.cursor() as cursor:
                cursor.execute("SET plan_cache_mode = force_generic_plan")

    def is_usable(self) -> bool:
        """Asked at the start of every request. Nothing arrives on an idle connection unless the
        server hung up or has something to say; only then is a statement worth its time."""
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN | select.POLLPRI)
        return not poll.poll(0) or super().is_usable()
