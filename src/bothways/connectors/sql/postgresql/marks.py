"""Marks of creates, kept in a helper table of our own: written in the very transaction that makes the row.

So a mark is there exactly if the row was made. Asking for a mark that is not there bars it for ever: a transaction
that is still under way with it is waited for, and one that comes later fails.
"""

from collections.abc import Sequence

from psycopg import sql

from bothways.connectors.sql.facts import MARKS
from bothways.connectors.sql.keys import id_of
from bothways.connectors.sql.postgresql import statements
from bothways.connectors.sql.postgresql.server import Connection, Server
from bothways.connectors.sql.tables import Table
from bothways.errors import OutcomeUnknown

_ADD = sql.SQL("INSERT INTO {} (marker, relid, key) VALUES (%s, %s::oid, %s::text[])")
_BAR = sql.SQL(
    "INSERT INTO {} (marker, relid) SELECT m, %s::oid FROM unnest(%s::text[]) AS m ORDER BY m ON CONFLICT DO NOTHING"
)
_FIND = sql.SQL("SELECT marker, key FROM {} WHERE marker = ANY(%s::text[]) AND key IS NOT NULL")


def add(conn: Connection, table: Table, marker: str, key: Sequence[str]) -> None:
    """Store the mark of a row just made; raise psycopg.errors.UniqueViolation if it is there or barred."""
    conn.execute(_ADD.format(statements.table_name(table, MARKS)), (marker, table.oid, list(key)))


def find(server: Server, table: Table, markers: Sequence[str]) -> dict[str, list[str]]:
    """Return the ids of the rows made with these marks, and bar the others. Raises psycopg.Error."""
    asked = list(dict.fromkeys(markers))
    name = statements.table_name(table, MARKS)

    def work(conn: Connection) -> dict[str, list[str]]:
        conn.execute(_BAR.format(name), (table.oid, asked))
        return {marker: [id_of(key)] for marker, key in conn.execute(_FIND.format(name), (asked,)).fetchall()}

    try:
        return server.transaction(work, call="find")
    except OutcomeUnknown:  # what was barred or not is the same to the next try
        return server.transaction(work, call="find")
