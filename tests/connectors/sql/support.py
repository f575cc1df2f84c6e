"""A schema of a real PostgreSQL server, a person who works in it, and connectors to it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bothways.connectors.base import Page, Read, Setup, WriteItem, WriteKind, WriteResult
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.sql import Sql
from bothways.connectors.sql.postgresql.helpers import script
from bothways.records import Record, Ref, Value
from tests.connectors.support import Secrets

ROLE, PASSWORD = "bothways_role", "s3cret-words"

COMPANIES = """\
CREATE TABLE companies (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text,
    domain varchar(40) UNIQUE,
    employees integer CHECK (employees >= 0),
    note varchar(10),
    kind text NOT NULL DEFAULT 'customer'
)"""


@dataclass
class Books:
    """A fresh schema ``public`` of one database, owned by a person; ``watched``: with the helper tables.

    ``sql`` acts as that person, past the connector.
    """

    url: str
    watched: bool = False
    tables: Sequence[str] = (COMPANIES,)
    role: str = "postgres"
    budget: MemoryBudget = field(default_factory=MemoryBudget)

    def __post_init__(self) -> None:
        self.conn = psycopg.connect(self.url, autocommit=True)
        self.sql("DROP SCHEMA public CASCADE")
        self.sql("CREATE SCHEMA public")
        for table in self.tables:
            self.sql(table)
        if self.watched:
            self.help()
        self.connector = self.connect()

    def help(self, *tables: str) -> None:
        """Make the helper tables and watch these tables (all of the schema, if none are named)."""
        self.conn.execute(script("public", self.role).encode())
        for (name,) in self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            if not name.startswith("bothways_") and (not tables or name in tables):
                self.sql("SELECT bothways_watch(%s)", name)

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the person and return its rows."""
        done = self.conn.execute(query.encode(), values or None)
        return done.fetchall() if done.description else []

    def session(self) -> psycopg.Connection[Any]:
        """Return another session, which commits when told."""
        return psycopg.connect(self.url)

    def connect(self, role: str = "", **settings: str) -> Sql:
        """Return a connector."""
        parts = urlsplit(self.url)
        plain = {"url": f"postgresql://{parts.hostname}:{parts.port}{parts.path}", "username": role or self.role}
        plain |= {"helper_tables": "yes" if self.watched else "no"} | settings
        return Sql(Setup("Books", plain, Secrets(password=PASSWORD), self.budget, allow_hosts=frozenset({"127.0.0.1"})))

    def close(self) -> None:
        """End every session of ours."""
        self.conn.close()

    # --- what tests do with the connector ---------------------------------------------------------------

    def pages(self, cursor: str | None = None, fields: Sequence[str] = ("name",), table: str = "companies"):
        """Return all pages of the changes of a table."""
        return list(self.connector.changes(table, cursor, fields))

    def cursor(self, table: str = "companies") -> str:
        """Return the cursor after a full listing."""
        return end_of(self.pages(table=table, fields=()))

    def add(self, name: str, **more: Any) -> str:
        """Let the person make a company and return its id."""
        values = {"name": name, **more}
        marks = ", ".join(["%s"] * len(values))
        found = self.sql(f"INSERT INTO companies ({', '.join(values)}) VALUES ({marks}) RETURNING id", *values.values())
        return str(found[0][0])

    def read(self, *ids: str, fields: Sequence[str] = ("name",), table: str = "companies") -> Sequence[Read]:
        """Read rows."""
        return self.connector.read(table, [Ref(id) for id in ids], fields)

    def ref(self, id: str, table: str = "companies") -> Ref:
        """Return where a row is and in which version."""
        record = self.read(id, fields=(), table=table)[0].record
        assert record is not None
        return record.ref

    def create(self, *rows: Mapping[str, Value], table: str = "companies") -> Sequence[WriteResult]:
        """Create rows with the keys "0", "1", ... and marks like them."""
        items = [WriteItem(str(n), WriteKind.CREATE, values, marker=f"mark-{n}") for n, values in enumerate(rows)]
        return self.connector.write(table, items)

    def update(self, changes: Mapping[Ref, Mapping[str, Value]], table: str = "companies") -> Sequence[WriteResult]:
        """Update rows by the refs they were read with; the keys are their ids."""
        items = [WriteItem(ref.id, WriteKind.UPDATE, values, ref) for ref, values in changes.items()]
        return self.connector.write(table, items)

    def delete(self, ref: Ref, table: str = "companies") -> WriteResult:
        """Delete a row."""
        return self.connector.write(table, [WriteItem("d", WriteKind.ARCHIVE, ref=ref)])[0]


def seen_in(pages: Sequence[Page]) -> dict[str, Record]:
    """Return the records of pages by id."""
    return {seen.record.id: seen.record for page in pages for seen in page.seen}


def gone_in(pages: Sequence[Page]) -> set[str | None]:
    """Return the ids that pages say are gone."""
    return {each.id for page in pages for each in page.gone}


def end_of(pages: Sequence[Page]) -> str:
    """Return the cursor of the last page."""
    assert pages[-1].last
    assert pages[-1].cursor is not None
    return pages[-1].cursor


def until(happened: Callable[[], object], patience: float = 30.0) -> None:
    """Return as soon as something has happened; raise AssertionError if it does not."""
    give_up = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < give_up, "it did not happen"
