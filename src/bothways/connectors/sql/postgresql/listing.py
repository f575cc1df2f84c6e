"""What has changed: the full listing in pages by key, then the rows that a snapshot of the database did not see.

A cursor is a snapshot: which transactions had ended when it was taken. The next poll asks for what was written by
others, however late they committed and whatever stamps they set; no clock is looked at. Which transaction wrote
a row last is told by the helper table where it notes the changes of this table, else by the row itself (xmin).
No transaction stays open between two pages.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from psycopg import sql

from bothways.connectors.base import Gone, Page, Seen
from bothways.connectors.sql.facts import CHANGES, LIST, MOST_COUNTED, OLDEST_CURSOR
from bothways.connectors.sql.keys import id_of
from bothways.connectors.sql.postgresql import statements
from bothways.connectors.sql.postgresql.cursor import Position, position_of
from bothways.connectors.sql.postgresql.server import Query, Server
from bothways.connectors.sql.tables import Table
from bothways.errors import AppUnreachable, PageIncomplete
from bothways.records import Ref

_SNAPSHOT = sql.SQL(
    """\
(SELECT CASE WHEN pg_is_in_recovery() THEN concat(pg_snapshot_xmin(s), ':', pg_snapshot_xmin(s), ':') ELSE s::text END
    FROM pg_current_snapshot() AS s)"""
)
"""Which transactions had ended. A standby does not name those that are open (procarray.c keeps them elsewhere there):
only the ones before the first of these are told to have ended."""

_PAGE = sql.SQL(
    """\
SELECT {generation}, {snapshot}, page.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL ({page}) AS page(key, place, is_there, {names}) ON true ORDER BY page.place"""
)
"""One page, and one row without a key if it is empty: what the cursor is made of is told in any case."""

_LISTED = sql.SQL(
    """\
SELECT {key}, row_number() OVER (ORDER BY {order}), true, {columns}
FROM {table} AS t WHERE {after} AND {changed} ORDER BY {order} LIMIT %s"""
)

_NOTED = sql.SQL(
    """\
SELECT n.key, row_number() OVER (ORDER BY n.key), t.xmin IS NOT NULL, {columns}
FROM (SELECT key FROM {changes} WHERE relid = %s::oid AND key > %s::text[]
    AND xid >= pg_snapshot_xmin(%s::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, %s::pg_snapshot)
    ORDER BY key LIMIT %s) AS n
LEFT JOIN {table} AS t ON {is_key}"""
)

_COUNT = sql.SQL("SELECT CASE WHEN reltuples < %s THEN (SELECT count(*) FROM {}) END FROM pg_class WHERE oid = %s")

_WRITTEN_SINCE = sql.SQL("age(t.xmin) BETWEEN 0 AND age(pg_snapshot_xmin(%s::pg_snapshot)::xid)")
"""Rows written by a transaction no older than the oldest that was still open then: what it had nested
(savepoints have numbers of their own) is younger than itself."""


def changes(
    server: Server, find: Callable[..., Table], cursor: str | None, fields: Sequence[str], *, notes: bool
) -> Iterator[Page]:
    """Yield the pages of everything changed since the cursor; raise PageIncomplete if they break off.

    ``find`` returns the table as it is known, or with ``anew=True`` as it is. ``notes``: the helper table may be
    read, where it notes the changes of this table.
    """
    position, begun = position_of(cursor), False
    table = find(anew=not position.generation)
    while True:
        try:
            rows = _rows(server, table, position, fields, notes)
        except AppUnreachable as error:
            if not begun:
                raise
            raise PageIncomplete(app=server.app, reason=str(error.facts.get("reason", ""))) from error
        generation, snapshot = rows[0][0] or "", rows[0][1]
        if _outdated(position, generation, snapshot):
            if begun:
                raise PageIncomplete(app=server.app, reason="the table was changed meanwhile")
            restarted = bool(position.generation)
            table, position = find(anew=True), Position(restarted=restarted)
            continue
        begun = True
        position = replace(position, generation=generation, upto=position.upto or snapshot)
        found = [row[2:] for row in rows if row[2] is not None]
        seen = [Seen(statements.record_of(table, fields, key, row), True) for key, _, there, *row in found if there]
        told = statements.SECURED not in generation  # else a row may be hidden
        gone = [Gone(id_of(key)) for key, _, there, *_ in found if told and not there]
        if len(found) < LIST:
            end = Position(generation, since=position.upto)
            yield Page(seen, gone, end.text, last=True, restarted=position.restarted)
            return
        position = replace(position, after=tuple(found[-1][0]))
        yield Page(seen, gone, position.text, restarted=position.restarted)


def _outdated(position: Position, generation: str, snapshot: str) -> bool:
    """Tell whether a cursor says nothing of this table as it is: another server, table or trigger, or too old.

    Without a generation there is no such table any more: it was made anew, or is gone.
    """
    if not generation or position.generation not in ("", generation):
        return True
    if not position.since:
        return False
    return not 0 <= _next(snapshot) - int(position.since.partition(":")[0]) < OLDEST_CURSOR


def _next(snapshot: str) -> int:
    """Return the number of the first transaction that had not begun."""
    return int(snapshot.split(":")[1])


def _rows(
    server: Server, table: Table, position: Position, fields: Sequence[str], notes: bool
) -> list[tuple[Any, ...]]:
    columns = statements.columns(table, fields)
    after: list[Any] = list(position.after)
    values: list[Any]
    page: Query
    if position.since and notes and statements.NOTED in position.generation:
        page = _NOTED.format(
            columns=columns,
            changes=statements.table_name(table, CHANGES),
            table=statements.table_name(table),
            is_key=statements.is_key(table, [sql.SQL("n.key[{}]").format(n) for n in range(1, len(table.key) + 1)]),
        )
        values = [table.oid, after, position.since, position.since, LIST]
    else:
        page = _LISTED.format(
            key=statements.key_texts(table),
            order=statements.in_order(table),
            columns=columns,
            table=statements.table_name(table),
            after=statements.beyond_key(table) if after else sql.SQL("true"),
            changed=_WRITTEN_SINCE if position.since else sql.SQL("true"),
        )
        values = [*after, *([position.since] if position.since else []), LIST]
    names = sql.SQL(", ").join(statements.name_(f"v{n}") for n in range(len(fields) + 1))
    query = _PAGE.format(generation=statements.GENERATION, snapshot=_SNAPSHOT, page=page, names=names)
    return server.ask(query, [*statements.identity(table), *values], call="changes" if position.since else "list")


def ids(server: Server, table: Table) -> Iterator[list[Ref]]:
    """Yield the keys and versions of all rows, a page at a time."""
    after: Sequence[str] = ()
    query = sql.SQL("SELECT {}, t.xmin::text FROM {} AS t WHERE {} ORDER BY {} LIMIT %s")
    while True:
        rest = statements.beyond_key(table) if after else sql.SQL("true")
        page = query.format(statements.key_texts(table), statements.table_name(table), rest, statements.in_order(table))
        try:
            rows = server.ask(page, [*after, LIST], call="list")
        except AppUnreachable as error:
            if not after:
                raise
            raise PageIncomplete(app=server.app, reason=str(error.facts.get("reason", ""))) from error
        if rows or not after:
            yield [Ref(id_of(key), None, version) for key, version in rows]
        if len(rows) < LIST:
            return
        after = rows[-1][0]


def count(server: Server, table: Table) -> int | None:
    """Return the number of rows, None where we may not read them or there are too many to be counted."""
    if not table.readable:
        return None
    query = _COUNT.format(statements.table_name(table))
    found = server.ask(query, [MOST_COUNTED, table.oid], call="count")
    return found[0][0] if found else None
