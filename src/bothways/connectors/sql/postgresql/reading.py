"""Reading rows by their keys, and finding them by unique values."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import sql

from bothways.connectors.base import Exists, Read
from bothways.connectors.sql.facts import BATCH_READ
from bothways.connectors.sql.keys import Key, id_of, key_of
from bothways.connectors.sql.postgresql import statements
from bothways.connectors.sql.postgresql.server import Server
from bothways.connectors.sql.tables import WHOLE, Table
from bothways.records import Ref

_BY_KEY = sql.SQL("SELECT k.place, {columns} FROM {given} JOIN {table} AS t ON {is_key}")
_BY_TEXT = sql.SQL("SELECT {form}, {key} FROM {table} AS t WHERE {form} = ANY(%s::text[]) ORDER BY {order}")
_FORM = sql.SQL("lower(btrim(regexp_replace(normalize({}::text), '\\s+', ' ', 'g')))")
"""A text without what people do not see as a difference: case, blanks, and how an accent is stored."""

_BY_NUMBER = sql.SQL(
    "SELECT {column}::text, {key} FROM {table} AS t WHERE {column} = ANY(%s::numeric[]) ORDER BY {order}"
)


def read(server: Server, table: Table, refs: Sequence[Ref], fields: Sequence[str]) -> list[Read]:
    """Return one answer per ref, in order."""
    keys = {ref.id: key_of(ref.id, table.key_types) for ref in refs}
    asked = [key for key in keys.values() if key is not None]
    rows: dict[str, Sequence[Any]] = {}
    for start in range(0, len(asked), BATCH_READ):
        batch = asked[start : start + BATCH_READ]
        query, values = by_keys(table, batch, fields)
        rows |= {id_of(batch[row[0] - 1]): row[1:] for row in server.ask(query, values, call="read")}
    return [_answer(table, fields, ref.id, keys[ref.id], rows.get(ref.id)) for ref in refs]


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


def _answer(table: Table, fields: Sequence[str], id: str, key: Key | None, row: Sequence[Any] | None) -> Read:
    if key is None:
        return Read(id, Exists.UNKNOWN, problem=f"This is not a key of {table.name}.")
    if row is None:
        return Read(id, Exists.UNKNOWN if table.row_security else Exists.MISSING)
    return Read(id, Exists.EXISTS, statements.record_of(table, fields, key, row))


def find(server: Server, table: Table, field: str, values: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the ids of the rows that hold each value of a unique column, whatever its case and blanks."""
    column = statements.name_("t", field)
    whole = table.columns[field].type in WHOLE
    asked = {value: _number(value) if whole else _plain(value) for value in values}
    wanted = sorted(filter(None, set(asked.values())))
    if not wanted:
        return {}
    query = (_BY_NUMBER if whole else _BY_TEXT).format(
        column=column,
        form=_FORM.format(column),
        key=statements.key_texts(table),
        table=statements.table_name(table),
        order=statements.in_order(table),
    )
    holders: dict[str, list[str]] = {}
    for form, key in server.ask(query, [wanted], call="find"):
        holders.setdefault(form, []).append(id_of(key))
    return {value: holders[form] for value, form in asked.items() if form in holders}


def _plain(value: str) -> str:
    return "" if "\0" in value else " ".join(value.lower().split())


def _number(value: str) -> str:
    text = value.strip()
    return str(int(text)) if text.isascii() and text.lstrip("+-").isdigit() and len(text) <= 20 else ""
