"""Writing a batch in one transaction, with one result for every item whatever happens.

All rows are tried at once. If one is refused, the whole is taken back and done again with a savepoint before each
row, so that only the refused ones are left out, with all that triggers have made of them. Rows are written in the
order of their keys: two batches never wait for each other in a circle. What is answered is read at the end of the
transaction, after all triggers.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import psycopg
from psycopg import sql

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.connectors.sql.facts import MARKS, MOST_BUSY
from bothways.connectors.sql.keys import Key, id_of, is_text, key_of
from bothways.connectors.sql.postgresql import marks, reading, statements
from bothways.connectors.sql.postgresql.problems import error_of, is_about_a_value, is_busy, refused, words
from bothways.connectors.sql.postgresql.server import Connection, Server
from bothways.connectors.sql.tables import MOMENTS, TEXTS, WHOLE, Child, Column, Table
from bothways.errors import ObjectGone, OutcomeUnknown, PermissionMissing
from bothways.records import Value, is_blank
from bothways.records.parse import parse_datetime

_CALLS = {WriteKind.CREATE: "create", WriteKind.UPDATE: "update", WriteKind.ARCHIVE: "delete"}
_RIGHTS = {WriteKind.CREATE: ("INSERT",), WriteKind.UPDATE: ("UPDATE",), WriteKind.ARCHIVE: ("DELETE", "UPDATE")}
"""What is needed: a row that is deleted is locked first."""

_CREATE = sql.SQL("INSERT INTO {table} AS t ({names}) VALUES ({values}) RETURNING {key}")
_CREATE_EMPTY = sql.SQL("INSERT INTO {table} AS t DEFAULT VALUES RETURNING {key}")
_UPDATE = sql.SQL("UPDATE {table} AS t SET {sets} WHERE {is_key} AND t.xmin::text = %s")
_SHOWN = sql.SQL("SELECT 1 FROM {table} AS t WHERE {is_key}")
_LOCK = sql.SQL("SELECT t.xmin::text FROM {table} AS t WHERE {is_key} FOR UPDATE")
_DELETE = sql.SQL("DELETE FROM {table} AS t WHERE {is_key}")
_HAS_CHILD = sql.SQL("SELECT 1 FROM {child} AS c, {table} AS t WHERE {is_key} AND {refers} LIMIT 1")

_LACKING = sql.SQL(
    """\
SELECT CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN 'USAGE on schema ' || n.nspname
    WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'SELECT on ' || c.relname
    WHEN NOT (CASE %(right)s WHEN 'DELETE' THEN has_table_privilege(c.oid, 'DELETE')
        ELSE has_any_column_privilege(c.oid, %(right)s) END) THEN %(right)s || ' on ' || c.relname END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE CASE WHEN %(name)s = '' THEN c.oid = %(oid)s ELSE n.nspname = %(schema)s AND c.relname = %(name)s END"""
)
_WHOLE_NUMBER = re.compile(r"\A\s*([+-]?\d+)\.0*\s*\Z", re.ASCII)

_OF_ALL = ("42P01", "3F000", "42501")
"""Refusals that may be about the whole table: it is not there, or may not be used."""

DROPPED = "a trigger or a rule of the table has dropped the write"
HIDDEN = "policies of row security do not show it to us, or do not let us change it"


class _Dropped(psycopg.Error):
    """Nothing is left of a row where it was written: it is taken back with whatever else was made of it."""


@dataclass(slots=True)
class _Batch:
    """One try of a batch: the results so far, and the keys of the rows written."""

    app: str
    table: Table
    marked: bool
    results: dict[str, WriteResult] = field(default_factory=dict)
    written: dict[str, Key] = field(default_factory=dict)

    def say(self, item: WriteItem, outcome: Outcome, message: str = "") -> None:
        self.results[item.key] = WriteResult(item.key, outcome, message=message)


def write(server: Server, table: Table, items: Sequence[WriteItem], *, marked: bool) -> list[WriteResult]:
    """Write the items of one kind and return one result per item, in order.

    ``marked``: creates store their marks in the helper table. Raises AppError only where nothing was written.
    """
    if not items:
        return []
    kind = items[0].kind
    if lacking := [right for right in _RIGHTS[kind] if right not in table.rights]:
        raise PermissionMissing(app=server.app, reason=f"{', '.join(lacking)} on {table.name}")
    ready, results = [], {}
    for item in items:
        problem = _unfit(table, item)
        if problem is None:
            ready.append(item)
        else:
            results[item.key] = problem
    if ready:
        results |= _write(server, table, sorted(ready, key=lambda item: item.ref.id if item.ref else ""), marked)
    return [results[item.key] for item in items]


def _write(server: Server, table: Table, items: Sequence[WriteItem], marked: bool) -> Mapping[str, WriteResult]:
    call, new = _CALLS[items[0].kind], partial(_Batch, server.app, table, marked)
    try:
        with suppress(psycopg.Error):
            return server.transaction(lambda conn: _try(conn, new(), items, apart=False), call=call)
        return server.transaction(lambda conn: _try(conn, new(), items, apart=True), call=call)
    except OutcomeUnknown as error:
        return _all(items, Outcome.UNKNOWN, error.message)
    except psycopg.Error as error:
        return _all(items, Outcome.LATER, words(error))


def _all(items: Sequence[WriteItem], outcome: Outcome, message: str) -> dict[str, WriteResult]:
    return {item.key: WriteResult(item.key, outcome, message=message) for item in items}


def _try(conn: Connection, batch: _Batch, items: Sequence[WriteItem], *, apart: bool) -> Mapping[str, WriteResult]:
    """Write all items, each with a savepoint of its own if they are to be kept ``apart``. Raises psycopg.Error."""
    busy = 0
    for item in items:
        if busy >= MOST_BUSY:
            batch.say(item, Outcome.LATER, "others are writing to this table")
        elif not apart:
            _ACTIONS[item.kind](conn, batch, item)
        else:
            busy += _apart(conn, batch, item)
    return _stored(conn, batch, items, apart=apart)


def _apart(conn: Connection, batch: _Batch, item: WriteItem) -> bool:
    """Write one item; if it is refused, take it back alone. Return whether it waited in vain.

    Raises ObjectGone or PermissionMissing if it is the table that is not there, or may not be written, and
    AppUnreachable if the server takes no writes.
    """
    conn.execute("SAVEPOINT one")
    try:
        _ACTIONS[item.kind](conn, batch, item)
        if item.key in batch.written and not _is_shown(conn, batch.table, batch.written[item.key]):
            raise _Dropped
    except psycopg.Error as error:
        if conn.closed:
            raise
        conn.execute("ROLLBACK TO SAVEPOINT one")
        if error.sqlstate == "25006":  # the server takes no writes: it may be a standby by now
            raise error_of(batch.app, error) from error
        if error.sqlstate in _OF_ALL:
            _check_table(conn, batch, _RIGHTS[item.kind][0])
        batch.written.pop(item.key, None)
        try:
            batch.results[item.key] = _refused(conn, batch, item, error)
        except psycopg.Error as another:
            if conn.closed:
                raise
            conn.execute("ROLLBACK TO SAVEPOINT one")
            batch.results[item.key], error = refused(item, batch.table, another), another
        return is_busy(error)
    conn.execute("RELEASE SAVEPOINT one")
    return False


def _refused(conn: Connection, batch: _Batch, item: WriteItem, error: psycopg.Error) -> WriteResult:
    """Return what the refusal of a row means: a create may be the duplicate of a row that is there."""
    table = batch.table
    if isinstance(error, _Dropped):
        if item.kind is WriteKind.UPDATE and not _lock(conn, batch, item, _key(table, item)):
            return batch.results[item.key]
        return WriteResult(item.key, Outcome.REFUSED, message=DROPPED)
    if not isinstance(error, psycopg.errors.UniqueViolation) or item.kind is not WriteKind.CREATE:
        result = refused(item, table, error)
        return _named(conn, table, item, result) if not result.fields and is_about_a_value(error) else result
    if (error.diag.schema_name, error.diag.table_name) == (table.schema, MARKS):  # this create was given up before
        return WriteResult(item.key, Outcome.UNKNOWN, message="its mark is known already")
    names = table.uniques.get(error.diag.constraint_name or "", ())
    if error.diag.table_name != table.name or len(names) != 1 or names[0] not in item.values:
        return refused(item, table, error)
    query = sql.SQL("SELECT {} FROM {} AS t WHERE {} = %s").format(
        statements.key_texts(table), statements.table_name(table), statements.name_("t", names[0])
    )
    found = conn.execute(query, (_sent(table.columns[names[0]], item.values[names[0]]),)).fetchone()
    if found is None:  # a policy hides the holder, or a trigger has made another value of ours
        return refused(item, table, error)
    return WriteResult(item.key, Outcome.DUPLICATE, existing_id=id_of(found[0]), fields=names, message=words(error))


def _named(conn: Connection, table: Table, item: WriteItem, result: WriteResult) -> WriteResult:
    """Return a refusal that names the fields whose values cannot be read: each is tried alone. Raises psycopg.Error."""
    told: dict[str, str] = {}
    for name, value in _all_sent(table, item).items():
        try:
            conn.execute(statements.as_declared(table.columns[name]), (value,))
        except psycopg.Error as error:
            if not is_about_a_value(error):
                raise
            conn.execute("ROLLBACK TO SAVEPOINT one")
            told[name] = words(error)
    return replace(result, fields=tuple(told), message="; ".join(dict.fromkeys(told.values()))) if told else result


# --- one row ------------------------------------------------------------------------------------------


def _create(conn: Connection, batch: _Batch, item: WriteItem) -> None:
    table, sent = batch.table, _all_sent(batch.table, item)
    query = (_CREATE if sent else _CREATE_EMPTY).format(
        table=statements.table_name(table),
        names=sql.SQL(", ").join(map(statements.name_, sent)),
        values=sql.SQL(", ").join(statements.placeholders(len(sent))),
        key=statements.key_texts(table),
    )
    made = conn.execute(query, list(sent.values())).fetchone()
    if made is None:
        raise _Dropped
    if batch.marked and item.marker:
        marks.add(conn, table, item.marker, made[0])
    batch.written[item.key] = tuple(made[0])


def _update(conn: Connection, batch: _Batch, item: WriteItem) -> None:
    table, key, version = batch.table, _key(batch.table, item), item.ref.version if item.ref else None
    sent = _all_sent(table, item)
    if not sent:
        batch.written[item.key] = key
        return
    query = _UPDATE.format(
        table=statements.table_name(table),
        sets=sql.SQL(", ").join(sql.SQL("{} = %s").format(statements.name_(name)) for name in sent),
        is_key=_is_key(table),
    )
    if not conn.execute(query, [*sent.values(), *key, version]).rowcount:
        raise _Dropped  # or it was changed, or is gone: that is looked up once what triggers did is taken back
    batch.written[item.key] = key


def _delete(conn: Connection, batch: _Batch, item: WriteItem) -> None:
    """Delete one row, unless that would delete or change rows of other tables."""
    table, key = batch.table, _key(batch.table, item)
    if not _lock(conn, batch, item, key):
        return
    child = next((each for each in table.children if each.row_security or _has_child(conn, table, each, key)), None)
    if child is not None:
        message = f"rows of {child.table} belong to it, and would be deleted or changed with it"
        if child.row_security:
            message = f"rows of {child.table} may belong to it that policies of row security hide from us"
        batch.say(item, Outcome.REFUSED, message)
    elif conn.execute(_DELETE.format(table=statements.table_name(table), is_key=_is_key(table)), list(key)).rowcount:
        batch.say(item, Outcome.DONE)
    else:
        raise _Dropped


_ACTIONS = {WriteKind.CREATE: _create, WriteKind.UPDATE: _update, WriteKind.ARCHIVE: _delete}


def _lock(conn: Connection, batch: _Batch, item: WriteItem, key: Key) -> bool:
    """Lock a row and return True if it is there as we read it; else say what it is."""
    query = _LOCK.format(table=statements.table_name(batch.table), is_key=_is_key(batch.table))
    found = conn.execute(query, list(key)).fetchone()
    if found is None and (batch.table.row_security or _is_shown(conn, batch.table, key)):
        batch.say(item, Outcome.REFUSED, HIDDEN)
    elif found is None:
        batch.say(item, Outcome.GONE)
    elif item.ref is None or found[0] != item.ref.version:
        batch.say(item, Outcome.CHANGED)
    else:
        return True
    return False


def _is_shown(conn: Connection, table: Table, key: Key) -> bool:
    query = _SHOWN.format(table=statements.table_name(table), is_key=_is_key(table))
    return conn.execute(query, list(key)).fetchone() is not None


def _check_table(conn: Connection, batch: _Batch, right: str) -> None:
    """Raise ObjectGone or PermissionMissing if it is the table itself that is not there, or may not be written.

    Where rows are made with marks, the same is asked of the table of these.
    """
    table = batch.table
    for name in ["", *([MARKS] if batch.marked and right == "INSERT" else [])]:
        asked = {"right": right, "oid": table.oid, "schema": table.schema, "name": name}
        found = conn.execute(_LACKING, asked).fetchone()
        if found is None:
            raise ObjectGone(app=batch.app, object=name or table.name)
        if found[0]:
            raise PermissionMissing(app=batch.app, reason=found[0])


def _has_child(conn: Connection, table: Table, child: Child, key: Key) -> bool:
    refers = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(statements.name_("c", name), statements.name_("t", to))
        for name, to in zip(child.columns, child.refers_to, strict=True)
    )
    query = _HAS_CHILD.format(
        child=statements.name_(child.schema, child.table),
        table=statements.table_name(table),
        is_key=_is_key(table),
        refers=refers,
    )
    return conn.execute(query, list(key)).fetchone() is not None


def _stored(conn: Connection, batch: _Batch, items: Sequence[WriteItem], *, apart: bool) -> Mapping[str, WriteResult]:
    """Return the results, those of rows written with what the database holds now.

    A row that is not there any more is taken back where rows are kept apart; else it is tried again in that way.
    """
    table, names = batch.table, sorted({name for item in items for name in item.values})
    if not batch.written:
        return batch.results
    written = list(batch.written.items())
    query, values = reading.by_keys(table, [key for _, key in written], names)
    rows = {written[row[0] - 1][0]: row[1:] for row in conn.execute(query, values).fetchall()}
    for name, key in written:
        if name not in rows:
            if not apart:
                raise _Dropped
            batch.results[name] = WriteResult(name, Outcome.UNKNOWN, message=DROPPED)
            continue
        record = statements.record_of(table, names, key, rows[name])
        batch.results[name] = WriteResult(name, Outcome.DONE, record)
    sent = {item.key: item.values for item in items}
    for name, result in batch.results.items():
        if result.record is not None:
            shown = {each: value for each, value in result.record.values.items() if each in sent[name]}
            batch.results[name] = replace(result, record=replace(result.record, values=shown))
    return batch.results


# --- what is sent -------------------------------------------------------------------------------------


def _unfit(table: Table, item: WriteItem) -> WriteResult | None:
    """Return the refusal of an item that no statement can be made of, None for any other."""
    writable = {each.name for each in table.fields() if not each.read_only}
    names = [name for name in item.values if name not in writable or _is_broken(item.values[name])]
    if names:
        return WriteResult(item.key, Outcome.REFUSED, fields=tuple(names), message="this cannot be written")
    if item.kind is WriteKind.CREATE:
        empty = [name for name in table.key if name in item.values and is_blank(item.values[name])]
        message = "it is the key of the row, and cannot be empty"
        return WriteResult(item.key, Outcome.REFUSED, fields=tuple(empty), message=message) if empty else None
    moved = [name for name in item.values if name in table.key]
    if moved:
        message = "it is the key of the row, which stays as it is"
        return WriteResult(item.key, Outcome.REFUSED, fields=tuple(moved), message=message)
    if item.ref is None or key_of(item.ref.id, table.key_types) is None:
        return WriteResult(item.key, Outcome.GONE)
    return WriteResult(item.key, Outcome.CHANGED) if item.ref.version is None else None


def _is_broken(value: Value) -> bool:
    """Tell whether no text of a database can hold a value."""
    if not isinstance(value, str):
        return value is not None and not isinstance(value, int | float)
    return not is_text(value)


def _all_sent(table: Table, item: WriteItem) -> dict[str, str | None]:
    return {name: _sent(table.columns[name], value) for name, value in item.values.items()}


def _sent(column: Column, value: Value) -> str | None:
    """Return a value as text, to be read by the column's own type.

    Nothing is NULL, and in a text column that must not be NULL the empty text. A moment is sent in UTC, and a whole
    number without the zeros that may stand behind its point.
    """
    if value is None or (value == "" and column.type not in TEXTS):
        return "" if column.required and column.type in TEXTS else None
    if column.type in MOMENTS and (moment := parse_datetime(value)) is not None:
        text = moment.replace(tzinfo=None).isoformat()
        return text + "Z" if column.type == "timestamptz" else text
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return _WHOLE_NUMBER.sub(r"\1", text) if column.type in WHOLE else text


def _key(table: Table, item: WriteItem) -> Key:
    key = key_of(item.ref.id, table.key_types) if item.ref else None
    assert key is not None, "looked at before"
    return key


def _is_key(table: Table) -> sql.Composed:
    return statements.is_key(table, statements.placeholders(len(table.key)))
