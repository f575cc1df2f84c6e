"""Reading rows by their keys, and finding them by unique values."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import sql
from psycopg.errors import UntranslatableCharacter

from bothways.connectors.base import Exists, Read
from bothways.connectors.sql.facts import BATCH_READ
from bothways.connectors.sql.keys import Key, id_of, is_text, key_of
from bothways.connectors.sql.postgresql import statements
from bothways.connectors.sql.postgresql.server import Server
from bothways.connectors.sql.tables import WHOLE, Table
from bothways.errors import AppError, ObjectGone
from bothways.records import Ref

_MAY_HIDE = sql.SQL("SELECT row_security_active(c.oid) FROM pg_class c WHERE {}").format(statements.IS_IT)
_BY_KEY = sql.SQL("SELECT k.place, {columns} FROM {given} JOIN {table} AS t ON {is_key}")
_BY_TEXT = sql.SQL(
    "SELECT k.place, {key} FROM unnest(%s::text[]) WITH ORDINALITY AS k(value, place) "
    "JOIN {table} AS t ON {form} = {wanted} WHERE {wanted} <> '' ORDER BY {order}"
)
_FORM = sql.SQL(
    "lower(btrim(regexp_replace("
    "CASE getdatabaseencoding() WHEN 'UTF8' THEN normalize({0}::text) ELSE {0}::text END, '[[:space:]]+', ' ', 'g')))"
)
"""A text without what people do not see as a difference: case, blanks, and how an accent is stored.

It is made by the database on both sides, since what a small letter is depends on its locale. No statement of ours
holds a backslash: what one means in quotes is a setting (standard_conforming_strings), by which triggers go as well.
"""

_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,19}", re.ASCII)

_BY_NUMBER = sql.SQL(
    "SELECT k.place, {key} FROM unnest(%s::numeric[]) WITH ORDINALITY AS k(value, place) "
    "JOIN {table} AS t ON {column} = k.value ORDER BY {order}"
)


def read(server: Server, table: Table, refs: Sequence[Ref], fields: Sequence[str]) -> list[Read]:
    """Return one answer per ref, in order; raise ObjectGone if the table that we know is no more.

    Where rows are missing, the table is looked at as it is now: whether it may hide them.
    """
    keys = {ref.id: key_of(ref.id, table.key_types) for ref in refs}
    asked = [key for key in keys.values() if key is not None]
    rows: dict[str, Sequence[Any]] = {}
    for start in range(0, len(asked), BATCH_READ):
        batch = asked[start : start + BATCH_READ]
        query, values = by_keys(table, batch, fields)
        rows |= {id_of(batch[row[0] - 1]): row[1:] for row in server.ask(query, values, call="read")}
    absent = Exists.UNKNOWN if len(rows) < len(asked) and _may_hide(server, table) else Exists.MISSING
    return [_answer(table, fields, ref.id, keys[ref.id], rows.get(ref.id), absent) for ref in refs]


def _may_hide(server: Server, table: Table) -> bool:
    """Tell whether policies may hide rows of a table from us."""
    found = server.ask(_MAY_HIDE, statements.identity(table), call="read")
    if not found:
        raise ObjectGone(app=server.app, object=table.name)
    return bool(found[0][0])


def by_keys(table: Table, keys: Sequence[Key], fields: Sequence[str]) -> tuple[sql.Composed, list[list[str]]]:
    """Return the statement that reads rows by their keys, and its values.

    Its rows hold the place of the key among those asked for, from 1 on, the version, and the values.
    """
    names = [statements.name_(f"c{n}") for n in range(len(table.key))]
    given = sql.SQL("unnest({}) WITH ORDINALITY AS k({}, place)").format(
        sql.SQL(", ").join([sql.SQL("%s::text[]")] * len(names)), sql.SQL(", ").join(names)
    )
    query = _BY_KEY.format(
        columns=statements.columns(table, fields),
        given=given,
        table=statements.table_name(table),
        is_key=statements.is_key(table, [sql.SQL("k.{}").format(name) for name in names]),
    )
    return query, [list(column) for column in zip(*keys, strict=True)]


def _answer(
    table: Table, fields: Sequence[str], id: str, key: Key | None, row: Sequence[Any] | None, absent: Exists
) -> Read:
    if key is None:
        return Read(id, Exists.UNKNOWN, problem=f"This is not a key of {table.name}.")
    if row is None:
        return Read(id, absent)
    return Read(id, Exists.EXISTS, statements.record_of(table, fields, key, row))


def find(server: Server, table: Table, field: str, values: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the ids of the rows that hold each value of a unique column, whatever its case and blanks."""
    column = statements.name_("t", field)
    whole = table.columns[field].type in WHOLE
    asked = {value: _number(value) if whole else value for value in values if is_text(value)}
    query = (_BY_NUMBER if whole else _BY_TEXT).format(
        column=column,
        form=_FORM.format(column),
        wanted=_FORM.format(sql.Identifier("k", "value")),
        key=statements.key_texts(table),
        table=statements.table_name(table),
        order=statements.in_order(table),
    )
    holders: dict[str, list[str]] = {}
    wanted = [value for value, given in asked.items() if given]
    for value, key in _holders(server, query, wanted, [asked[value] for value in wanted]):
        holders.setdefault(value, []).append(id_of(key))
    return holders


def _holders(
    server: Server, query: sql.Composed, values: Sequence[str], given: Sequence[str]
) -> list[tuple[str, Sequence[str]]]:
    """Return the values that rows hold, with the keys of these; one that the database cannot write is held by none."""
    if not values:
        return []
    try:
        return [(values[place - 1], key) for place, key in server.ask(query, [list(given)], call="find")]
    except AppError as error:
        if not isinstance(error.__cause__, UntranslatableCharacter):
            raise
    middle = len(values) // 2
    if not middle:
        return []
    halves = (slice(middle), slice(middle, None))
    return [each for half in halves for each in _holders(server, query, values[half], given[half])]


def _number(value: str) -> str:
    found = _WHOLE_NUMBER.fullmatch(value.strip())
    return found[0] if found else ""
