"""Pieces of statements that listing, reading and writing share.

Names are quoted by psycopg; values are never part of the text."""

from collections.abc import Sequence
from typing import Any

from psycopg import sql

from bothways.connectors.sql.keys import Key, id_of
from bothways.connectors.sql.postgresql.catalog import NOTING
from bothways.connectors.sql.tables import MOMENTS, Column, Table
from bothways.records import Record, Value

_CASTS = {"varchar": "text"}
"""Names to cast a key to: with its length left out, so that nothing is cut."""


def name_(*parts: str) -> sql.Identifier:
    """Return a quoted name. The sign of placeholders is doubled, as in the rest of a statement."""
    return sql.Identifier(*(part.replace("%", "%%") for part in parts))


def table_name(table: Table, name: str = "") -> sql.Identifier:
    """Return the full name of a table, or of another one beside it."""
    return name_(table.schema, name or table.name)


def key_texts(table: Table, alias: str = "t") -> sql.Composed:
    """Return the key of a row as a list of texts."""
    parts = [sql.SQL("{}::text").format(name_(alias, name)) for name in table.key]
    return sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(parts))


def is_key(table: Table, given: Sequence[sql.Composable]) -> sql.Composed:
    """Return the condition that a row ``t`` has this key, one text per column."""
    pairs = [
        sql.SQL("{} = {}::{}").format(name_("t", name), text, _cast(type))
        for name, text, type in zip(table.key, given, table.key_types, strict=True)
    ]
    return sql.SQL(" AND ").join(pairs)


def beyond_key(table: Table) -> sql.Composed:
    """Return the condition that a row ``t`` comes after a key, given as one placeholder per column."""
    names = sql.SQL(", ").join(name_("t", name) for name in table.key)
    given = sql.SQL(", ").join(sql.SQL("%s::{}").format(_cast(type)) for type in table.key_types)
    return sql.SQL("({}) > ({})").format(names, given)


def in_order(table: Table) -> sql.Composed:
    """Return the order of keys."""
    return sql.SQL(", ").join(name_("t", name) for name in table.key)


def columns(table: Table, fields: Sequence[str]) -> sql.Composed:
    """Return the version of a row ``t`` and the values of these fields: truths as they are, all else as text."""
    wanted = [
        sql.SQL("{}" if table.columns[name].type == "bool" else "{}::text").format(name_("t", name)) for name in fields
    ]
    return sql.SQL(", ").join([sql.SQL("t.xmin::text"), *wanted])


def placeholders(count: int) -> list[sql.Composable]:
    return [sql.SQL("%s")] * count


def record_of(table: Table, fields: Sequence[str], key: Key | Sequence[str], row: Sequence[Any]) -> Record:
    """Return the record of a row: its version, then the values of these fields."""
    version, *values = row
    held = {name: _value(table, name, value) for name, value in zip(fields, values, strict=True)}
    return Record(id_of(key), held, version=version)


def _value(table: Table, name: str, value: Any) -> Value:
    """Return a value as it is told: a moment in ISO 8601, in UTC even where the column knows no zone."""
    if value is None or table.columns[name].type not in MOMENTS:
        return value
    text = str(value).replace(" ", "T", 1)
    if not text[:1].isdigit() or text.endswith(" BC"):
        return text
    return text.removesuffix("+00") + "Z"


def as_declared(column: Column) -> sql.Composed:
    """Return the statement that reads a text as a value of a column, in its very type."""
    return sql.SQL("SELECT CAST(%s AS {})").format(sql.SQL(column.declared.replace("%", "%%")))  # told by the catalog


def _cast(type: str) -> sql.SQL:
    return sql.SQL(_CASTS.get(type, type))  # one of keys.TYPES


SECURED = "secured"
"""Stands in the generation of a table of which policies may hide rows from us."""

NOTED = "noted:"
"""Stands in the generation of a table whose changes are noted."""

IS_IT = sql.SQL("c.oid = %s AND c.relname = %s AND c.relnamespace = to_regnamespace(quote_ident(%s))")
"""The condition that a row ``c`` of pg_class is the table that we know, and still the one of its name: tables are
exchanged by renaming them, too."""


def identity(table: Table) -> list[Any]:
    """Return the values that ``IS_IT`` asks for."""
    return [table.oid, table.name, table.schema]


GENERATION = sql.SQL(
    """\
(SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
    CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END,
    (SELECT oid FROM pg_database WHERE datname = current_database()), c.oid,
    CASE WHEN row_security_active(c.oid) THEN '{secured}' END,
    (SELECT string_agg(a.attnum || ':' || a.atttypid, ',' ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a
        ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::int2[]) WHERE i.indrelid = c.oid AND i.indisprimary),
    (SELECT '{noted}' || string_agg(g.oid || ':' || g.xmin, ',' ORDER BY g.oid)
        FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid WHERE """
    + NOTING
    + """)) FROM pg_class c WHERE {is_it})"""
).format(secured=sql.SQL(SECURED), noted=sql.SQL(NOTED), is_it=IS_IT)
"""What a cursor is worth nothing without: this server and its history, the database, the table, who sees it, its notes.

Every change of a trigger gives its row in the catalog another xmin: one that was off for a while is another one.
"""
