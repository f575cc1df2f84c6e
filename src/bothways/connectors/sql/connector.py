"""The connector: tables of a SQL database, by the contract of ``connectors.base``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from bothways.connectors.base import (
    Account,
    Capabilities,
    ObjectType,
    Page,
    Read,
    Setting,
    Setup,
    WriteItem,
    WriteResult,
)
from bothways.connectors.sql.facts import CAPABILITIES, LIMITS
from bothways.errors import LibraryMissing, WrongType
from bothways.records import Field, Ref

_TRUTHS = {"yes": True, "no": False, "": False}


class Sql:
    """A PostgreSQL database, 13 or newer: each table of a schema that has a primary key is an object."""

    title: ClassVar[str] = "SQL database (PostgreSQL)"
    category: ClassVar[str] = "Database"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("url", "Address of the database", example="postgresql://db.example.org:5432/crm"),
        Setting("username", "User name", auth=True),
        Setting("password", "Password", auth=True, secret=True),
        Setting("schema", "Schema with the tables", required=False, default="public"),
        Setting("helper_tables", "Whether our helper tables are there: yes or no", required=False, default="no"),
        Setting("ca_file", "File with the certificate authority of the server", required=False),
    )
    limits: ClassVar[Mapping[str, tuple[int, float]]] = LIMITS
    quota: ClassVar[int] = 0

    def __init__(self, setup: Setup) -> None:
        helped = _truth(setup.app, setup.settings.get("helper_tables") or "")
        self.capabilities: Capabilities = replace(CAPABILITIES, marker=helped, reports_deletes=helped)
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise LibraryMissing(app=setup.app, library="psycopg", extra="postgres") from error
        from bothways.connectors.sql.postgresql.database import Database

        self._database = Database(setup, setup.settings.get("schema") or "public", helped=helped)

    def check(self) -> Account:
        """Return who we are, which rights are missing, and what is read in a slower way than it could be."""
        return self._database.check()

    def objects(self) -> Sequence[ObjectType]:
        """Return the tables of the schema that have a primary key."""
        return [
            ObjectType(table.name, table.label, table.readable, table.writable, table.meaning, table.deletable)
            for table in self._database.tables().values()
        ]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the columns of a table as fields."""
        return self._database.table(object, anew=True).fields()

    def count(self, object: str) -> int | None:
        """Return the number of rows, None where they may not be read."""
        return self._database.count(object)

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield all rows, and from then on those that have changed, with values."""
        return self._database.changes(object, cursor, fields)

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        """Yield the keys of all rows."""
        return self._database.ids(object)

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref."""
        return self._database.read(object, refs, fields)

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the rows that hold these values of a unique column, or that were made with these marks."""
        return self._database.find(object, field, values)

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Create, update or delete rows, in one transaction."""
        return self._database.write(object, items)


def _truth(app: str, text: str) -> bool:
    """Return what a setting says; raise WrongType."""
    if text.lower() not in _TRUTHS:
        raise WrongType(where=app, key="helper_tables", expected="yes or no", got=f'"{text}"')
    return _TRUTHS[text.lower()]
