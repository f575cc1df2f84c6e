"""The tables of one schema, as PostgreSQL's catalog tells them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from psycopg import sql

from bothways.connectors.sql.facts import HELPERS, NOTE
from bothways.connectors.sql.keys import TYPES as KEY_TYPES
from bothways.connectors.sql.postgresql.server import Server
from bothways.connectors.sql.tables import Child, Column, Table

NOTING = f"""\
g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND g.tgtype & 31 = 29 AND g.tgqual IS NULL
AND g.tgattr = '' AND p.proname = '{NOTE}' AND p.pronamespace = c.relnamespace AND g.tgargs =
    (SELECT string_agg(convert_to(a.attname, 'UTF8') || decode('00', 'hex'), ''::bytea ORDER BY k.n)
     FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(num, n), pg_attribute a
     WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.num)"""
"""Whether a trigger ``g`` of function ``p`` notes every change of a table ``c``: AFTER INSERT, UPDATE and DELETE, for
each row, on no condition, with the columns of its primary key as arguments."""

_TABLES = sql.SQL(
    """\
SELECT c.oid::bigint, c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), row_security_active(c.oid),
    ARRAY(SELECT a.attname::text FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(num, n), pg_attribute a
        WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.num
            AND c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid)
            AND NOT EXISTS (SELECT FROM pg_collation l WHERE l.oid = ANY(i.indcollation::oid[])
                AND NOT l.collisdeterministic) ORDER BY k.n),
    EXISTS (SELECT FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid WHERE """
    + NOTING
    + """),
    array_remove(ARRAY[
        CASE WHEN has_table_privilege(c.oid, 'SELECT') THEN 'SELECT' END,
        CASE WHEN has_any_column_privilege(c.oid, 'INSERT') THEN 'INSERT' END,
        CASE WHEN has_any_column_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
        CASE WHEN has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END], NULL)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname"""
)

_COLUMNS = sql.SQL(
    """\
SELECT a.attrelid::bigint, a.attname, t.typname, CASE d.typtype WHEN 'd' THEN d.typtypmod ELSE a.atttypmod END,
    a.attnotnull OR d.typnotnull, a.atthasdef OR d.typdefault IS NOT NULL OR a.attidentity = 'd',
    a.attgenerated <> '' OR a.attidentity = 'a',
    has_column_privilege(c.oid, a.attnum, 'INSERT'), has_column_privilege(c.oid, a.attnum, 'UPDATE'),
    coalesce(col_description(c.oid, a.attnum), ''),
    ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
    format_type(a.atttypid, a.atttypmod)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type d ON d.oid = a.atttypid
JOIN pg_type t ON t.oid = CASE d.typtype WHEN 'd' THEN d.typbasetype ELSE d.oid END
WHERE n.nspname = %s AND c.relkind = 'r' AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum"""
)

_UNIQUES = sql.SQL(
    """\
SELECT i.indrelid::bigint, x.relname,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(num, n), pg_attribute a
        WHERE k.n <= i.indnkeyatts AND a.attrelid = i.indrelid AND a.attnum = k.num ORDER BY k.n)
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
WHERE n.nspname = %s AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL"""
)

_SEQUENCES = sql.SQL(
    """\
SELECT s.relname, c.relname FROM pg_depend d JOIN pg_class s ON s.oid = d.objid
JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'
    AND CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') END ORDER BY s.relname"""
)

_CONSTRAINTS = sql.SQL(
    """\
SELECT o.conrelid::bigint, o.conname, o.contype::text, o.confdeltype::text, o.confrelid::bigint, s.nspname, r.relname,
    f.relname, fs.nspname, row_security_active(o.conrelid),
    ARRAY(SELECT a.attname::text FROM unnest(o.conkey) WITH ORDINALITY AS k(num, n), pg_attribute a
        WHERE a.attrelid = o.conrelid AND a.attnum = k.num ORDER BY k.n),
    ARRAY(SELECT a.attname::text FROM unnest(o.confkey) WITH ORDINALITY AS k(num, n), pg_attribute a
        WHERE a.attrelid = o.confrelid AND a.attnum = k.num ORDER BY k.n)
FROM pg_constraint o JOIN pg_class r ON r.oid = o.conrelid JOIN pg_namespace s ON s.oid = r.relnamespace
LEFT JOIN pg_class f ON f.oid = o.confrelid LEFT JOIN pg_namespace fs ON fs.oid = f.relnamespace
WHERE %s IN (s.nspname, fs.nspname) AND o.conparentid = 0 ORDER BY o.conname"""
)


class Catalog:
    """The tables with a primary key of one schema, and the names of those without one that can be used."""

    def __init__(self, tables: Mapping[str, Table], unusable: Sequence[str]) -> None:
        self.tables, self.unusable = tables, unusable


def read(server: Server, schema: str) -> Catalog:
    """Return all tables of a schema, but our own helper tables."""
    rows = server.ask(_TABLES, (schema,), call="schema")
    columns = _columns(server, schema)
    uniques: dict[int, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for oid, name, names in server.ask(_UNIQUES, (schema,), call="schema"):
        uniques[oid][name] = tuple(names)
    constraints: dict[int, dict[str, tuple[str, ...]]] = defaultdict(dict)
    children: dict[int, list[Child]] = defaultdict(list)
    keys = {row[0]: tuple(row[4]) for row in rows}
    for oid, name, kind, on_delete, target, space, child, parent, parent_space, secured, names, to in server.ask(
        _CONSTRAINTS, (schema,), call="schema"
    ):
        constraints[oid][name] = tuple(names)
        if kind == "f" and on_delete in ("c", "n", "d"):
            children[target].append(Child(space, child, tuple(names), tuple(to), secured))
        if kind == "f" and len(names) == 1 and parent_space == schema and tuple(to) == keys.get(target):
            column = columns.get(oid, {}).get(names[0])
            if column is not None:
                columns[oid][names[0]] = replace(column, refers_to=parent)
    tables, unusable = {}, []
    for oid, name, comment, secured, key, noted, rights in rows:
        if name in HELPERS:
            continue
        if not key or any(columns[oid][each].type not in KEY_TYPES for each in key):
            unusable.append(name)
            continue
        tables[name] = Table(
            oid,
            schema,
            name,
            columns[oid],
            tuple(key),
            uniques[oid],
            uniques[oid] | constraints[oid],
            tuple(children[oid]),
            noted,
            frozenset(rights),
            secured,
            comment,
        )
    return Catalog(tables, unusable)


def closed_sequences(server: Server, schema: str) -> Mapping[str, str]:
    """Return the sequences that we may not take numbers from, and the tables whose rows need them."""
    return dict(server.ask(_SEQUENCES, (schema,), call="check"))


def _columns(server: Server, schema: str) -> dict[int, dict[str, Column]]:
    found: dict[int, dict[str, Column]] = defaultdict(dict)
    for oid, name, *told in server.ask(_COLUMNS, (schema,), call="schema"):
        found[oid][name] = Column(name, *told)
    return found
