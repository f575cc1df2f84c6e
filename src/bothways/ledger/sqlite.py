"""The statements of the hot path that SQLite wants in its own way."""

from collections.abc import Sequence
from typing import Any

import orjson

LISTED = "IN (SELECT value FROM json_each(%s))"
"""Among a list of ids, whatever their number: the statement stays the same, and is prepared once."""

BY_KEY = " WITHOUT ROWID"
"""Behind the columns of a table: its rows are kept by their key alone."""

ANY_CASE = "LIKE"
"""Like a pattern, whatever the case of Latin letters without marks."""

UNLOCKED = ""
"""There is one writer at a time."""


def listed(ids: Sequence[object]) -> str:
    """Return ids as the parameter of LISTED."""
    return orjson.dumps(ids).decode()


def upsert(
    cursor: Any, table: str, columns: Sequence[str], key: Sequence[str], data: Sequence[Sequence[object]]
) -> None:
    """Insert or update the rows in one prepared statement run many times."""
    cursor.executemany(upsert_statement(table, columns, key, ",".join(["%s"] * len(columns))), data)


def upsert_statement(table: str, columns: Sequence[str], key: Sequence[str], values: str) -> str:
    """Return INSERT ... ON CONFLICT DO UPDATE of all columns that are not part of the key."""
    rest = [column for column in columns if column not in key]
    change = ", ".join(f"{column}=excluded.{column}" for column in rest)
    action = f"DO UPDATE SET {change}" if rest else "DO NOTHING"
    names, keys = ",".join(columns), ",".join(key)
    return f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT ({keys}) {action}"
