"""One PostgreSQL database as the connector uses it: its catalog is kept until something fails."""

import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import psycopg
from psycopg import sql

from bothways.connectors.base import Account, Outcome, Page, Read, Setup, WriteItem, WriteKind, WriteResult
from bothways.connectors.sql.facts import CHANGES, MARKS
from bothways.connectors.sql.postgresql import catalog, listing, marks, reading, writing
from bothways.connectors.sql.postgresql.catalog import Catalog
from bothways.connectors.sql.postgresql.helpers import quoted
from bothways.connectors.sql.postgresql.problems import error_of
from bothways.connectors.sql.postgresql.server import Server
from bothways.connectors.sql.tables import Table
from bothways.errors import AppError, ObjectGone, PermissionMissing, UnknownField, UnknownObject
from bothways.records import Ref

_WHO = sql.SQL(
    """\
SELECT current_user::text, current_setting('server_version'), pg_is_in_recovery(),
    current_setting('default_transaction_read_only')::boolean, to_regnamespace(quote_ident(%s)) IS NOT NULL,
    coalesce(has_schema_privilege(to_regnamespace(quote_ident(%s)), 'USAGE'), false)"""
)
_HELPERS = sql.SQL(
    """\
SELECT coalesce(has_table_privilege(to_regclass(%s), 'SELECT'), false), coalesce(
    has_table_privilege(to_regclass(%s), 'SELECT') AND has_table_privilege(to_regclass(%s), 'INSERT'), false)"""
)

_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")

PRINT = "python -m bothways.connectors.sql {schema} {role}"
"""How the SQL of the helper tables is shown."""


class Database:
    """The tables of one schema. ``helped``: the settings say that the helper tables are there."""

    def __init__(self, setup: Setup, schema: str, *, helped: bool) -> None:
        self.server, self.schema, self.helped = Server(setup), schema, helped
        self._catalog: Catalog | None = None

    def check(self) -> Account:
        """Return who we are, and in words what cannot be done."""
        self._catalog = None
        rows = self.server.ask(_WHO, (self.schema, self.schema), call="check")
        user, version, standby, read_only, exists, usable = rows[0]
        if not exists:
            raise ObjectGone(app=self.server.app, object=f"The schema {self.schema}")
        if not usable:
            raise PermissionMissing(app=self.server.app, reason=f"USAGE on schema {self.schema} to {user}")
        if self.helped:
            self._check_helpers(user)
        address, notes = self.server.address, [f"PostgreSQL {version}."]
        if standby or read_only:
            notes.append("This server takes no writes.")
        id, label = f"{user} {address.text}", f"{user} at {address.host}, database {address.database}"
        if self.schema != "public":  # its rows are others, whatever keys they have
            id = f"{id} {self.schema}"
            label = f"{user} at {address.host}, database {address.database}, schema {self.schema}"
        return Account(id, label, (*notes, *self._notes(user)))

    def tables(self) -> Mapping[str, Table]:
        """Return all tables that can be used, by name."""
        return self._read_catalog().tables

    def table(self, name: str, *, anew: bool = False) -> Table:
        """Return a table; raise UnknownObject."""
        if anew:
            self._catalog = None
        tables = self.tables()
        if name not in tables:
            hint = f"There are: {', '.join(tables) or 'none'}."
            if name in self._read_catalog().unusable:
                hint = (
                    "It is in partitions, or has no primary key of whole numbers, UUIDs or texts of a deterministic "
                    "collation."
                )
            raise UnknownObject(app=self.server.app, name=name, hint=hint)
        return tables[name]

    def count(self, object: str) -> int | None:
        with self._forgetting():
            return listing.count(self.server, self.table(object))

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        with self._forgetting():
            find = partial(self._with_fields, object, fields)
            yield from listing.changes(self.server, find, cursor, fields, notes=self.helped)

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        with self._forgetting():
            yield from listing.ids(self.server, self._readable(object))

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        with self._forgetting():
            return reading.read(self.server, self._with_fields(object, fields), refs, fields)

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        with self._forgetting():
            table = self._readable(object)
            if not field:
                return self._find_marks(table, values) if self.helped else {}
            return reading.find(self.server, table, field, values) if table.can_find(field) else {}

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        with self._forgetting():
            deleting = bool(items) and items[0].kind is WriteKind.ARCHIVE  # which rows it would reach is looked up anew
            table = self._readable(object, anew=deleting)
            results = writing.write(self.server, table, items, marked=self.helped)
        if any(each.outcome is Outcome.REFUSED for each in results):
            self._catalog = None
        return results

    # --- helpers --------------------------------------------------------------------------------------

    def _read_catalog(self) -> Catalog:
        if self._catalog is None:
            self._catalog = catalog.read(self.server, self.schema)
        return self._catalog

    @contextmanager
    def _forgetting(self) -> Iterator[None]:
        """Forget the tables as they were when something fails: they may have been changed."""
        try:
            yield
        except (AppError, UnknownField, UnknownObject):
            self._catalog = None
            raise

    def _readable(self, object: str, *, anew: bool = False) -> Table:
        table = self.table(object, anew=anew)
        if not table.readable:
            raise PermissionMissing(app=self.server.app, reason=f"SELECT on {table.name}")
        return table

    def _with_fields(self, object: str, fields: Sequence[str], *, anew: bool = False) -> Table:
        table = self._readable(object, anew=anew)
        known = {field.name for field in table.fields()}
        for name in fields:
            if name not in known:
                hint = f"There are: {', '.join(sorted(known))}."
                raise UnknownField(app=self.server.app, object=object, field=name, hint=hint)
        return table

    def _find_marks(self, table: Table, markers: Sequence[str]) -> Mapping[str, Sequence[str]]:
        try:
            return marks.find(self.server, table, markers)
        except psycopg.Error as error:
            raise error_of(self.server.app, error, MARKS) from error

    def _check_helpers(self, user: str) -> None:
        changes, made = (f"{quoted(self.schema)}.{name}" for name in (CHANGES, MARKS))
        told = self.server.ask(_HELPERS, (changes, made, made), call="check")[0]
        lacking = [
            words
            for there, words in zip(told, (f"SELECT on {CHANGES}", f"SELECT and INSERT on {MARKS}"), strict=True)
            if not there
        ]
        if lacking:
            reason = f"the helper tables are not there, or {user} may not use them ({', '.join(lacking)})"
            raise PermissionMissing(app=self.server.app, reason=f"{reason}; their SQL: {self._print(user)}")

    def _print(self, user: str) -> str:
        return PRINT.format(schema=shlex.quote(self.schema), role=shlex.quote(user))

    def _notes(self, user: str) -> Iterator[str]:
        """Yield what a person should know: what is missing, and what it means."""
        found = self._read_catalog()
        if found.unusable:
            names = ", ".join(found.unusable)
            yield (
                "Not offered, in partitions or without a primary key of whole numbers, UUIDs or texts of a "
                f"deterministic collation: {names}."
            )
        lacking: dict[str, list[str]] = defaultdict(list)
        for table in found.tables.values():
            lacking[", ".join(each for each in _RIGHTS if each not in table.rights)].append(table.name)
        for rights, named in lacking.items():
            if rights:
                yield f"{user} lacks {rights} on {', '.join(named)}."
        for sequence, filled in catalog.closed_sequences(self.server, self.schema).items():
            yield f"{user} lacks USAGE on the sequence {sequence}, so that no rows can be made in {filled}."
        if secured := [table.name for table in found.tables.values() if table.row_security]:
            yield (
                f"Only rows that the policies of row security show to {user}. One that is not seen may be hidden, so "
                f"deleted rows are not taken over: {', '.join(secured)}."
            )
        unwatched = [table.name for table in found.tables.values() if not (self.helped and table.noted)]
        if unwatched:
            yield (
                f"Each poll looks through the whole table, and deleted rows are seen by the daily sweep: "
                f"{', '.join(unwatched)}. The helper tables do better; their SQL: {self._print(user)}"
            )
