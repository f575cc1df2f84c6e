"""The statements of the hot path that PostgreSQL wants in its own way."""

from collections.abc import Sequence
from typing import Any

from bothways.ledger.sqlite import upsert_statement

COPY_FROM = 50
"""Rows from which COPY into a temporary table beats single statements."""

BY_KEY = ""
ANY_CASE = "ILIKE"
UNLOCKED = " FOR UPDATE SKIP LOCKED"
END_STANDSTILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid<>pg_backend_pid()
AND datname=current_database() AND usename=current_user AND application_name=%s
AND state='active' AND wait_event='ClientRead' AND state_change<clock_timestamp() - make_interval(secs => %s)
"""
"""A session that has been sent a part of what goes together, and for so long nothing more. The server's own time-out
for idle transactions does not count it as idle, and without Sync it waits for ever."""

LISTED = "= ANY(%s)"
"""Among a list of ids: the statement is the same whatever their number."""


def listed(ids: Sequence[object]) -> list[object]:
    """Return ids as the parameter of LISTED."""
    return list(ids)


def upsert(
    cursor: Any, table: str, columns: Sequence[str], key: Sequence[str], data: Sequence[Sequence[object]]
) -> None:
    """Insert or update the rows: by COPY to a temporary table where there are many."""
    if len(data) < COPY_FROM:
        cursor.executemany(upsert_statement(table, columns, key, ",".join(["%s"] * len(columns))), data)
        return
    names, copied = ",".join(columns), f"copy_{table}"
    cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {copied} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS")
    cursor.execute(f"TRUNCATE {copied}")
    with cursor.db.wrap_database_errors, cursor.copy(f"COPY {copied} ({names}) FROM STDIN") as copy:
        for row in data:
            copy.write_row(row)
    insert = upsert_statement(table, columns, key, "").replace("VALUES ()", f"SELECT {names} FROM {copied}")
    cursor.execute(insert)
