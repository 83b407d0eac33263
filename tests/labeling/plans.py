"""How the database means to answer a query."""

from __future__ import annotations

from django.db import connection


def plan_of(sql: str) -> str:
    """With the statistics of this moment, so that it depends on the rows of the test alone, and not on
    what ran before it or on when the database last looked."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
            # So small a table would fit few pages; a real queue does not.
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + sql)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
