"""A copy of the whole ledger for one thread, to try something on: it is thrown away, and nothing of it can be kept.

On SQLite it is a file beside the database, as that is at one moment. On PostgreSQL it is made of temporary tables,
which only the session that made them sees, in place of the true ones. Nobody else is locked out meanwhile.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, connections

from bothways.errors import DiskFull
from bothways.ledger import db
from bothways.service.database import kept_here, sqlite_path

NOT_COPIED = ("plan_action",)
"""Tables that stay empty in a copy on PostgreSQL: what was planned before is no concern of a new plan."""


@dataclass(frozen=True, slots=True)
class LedgerCopy:
    """The copy. ``inside`` and ``outside`` say on which of both this thread works."""

    url: str
    _true: Any
    _copy: Any

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Work on the copy; whatever takes up the database of this URL within gets the copy, too."""
        with self._on(self._copy):
            yield

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Work on the true ledger again, within ``inside``."""
        with self._on(self._true):
            yield

    @contextmanager
    def _on(self, chosen: Any) -> Iterator[None]:
        before = connections["default"]
        connections["default"] = chosen
        try:
            with kept_here(self.url):
                yield
        finally:
            connections["default"] = before


@contextmanager
def copied(url: str) -> Iterator[LedgerCopy]:
    """Copy the ledger of this URL, which this thread uses, and forget the copy afterwards."""
    path = sqlite_path(url)
    true = connections["default"]
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=path.parent if path else None) as folder:
        settings = dict(true.settings_dict)
        if path is not None:
            settings["NAME"] = str(Path(folder) / "ledger.db")
            try:
                with closing(sqlite3.connect(path)) as source:
                    source.execute("VACUUM INTO ?", (settings["NAME"],))
            except sqlite3.Error as error:
                raise DiskFull(reason=f"the ledger cannot be copied beside itself: {error}") from error
        copy = type(true)(settings, "default")
        found = LedgerCopy(url, true, copy)
        try:
            if path is None:
                with found.inside():
                    _make_temporary()
            yield found
        finally:
            copy.close()


def _make_temporary() -> None:
    """Put temporary tables with the same rows before the true ones, all as they are at one moment."""
    tables = [model._meta.db_table for model in apps.get_app_config("ledger").get_models()]
    with db.transaction_():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        place = connection.ops.quote_name(str(db.value("SELECT current_schema()")))
        for table in tables:
            name = connection.ops.quote_name(table)
            db.execute(f"CREATE TEMPORARY TABLE {name} (LIKE {place}.{name} INCLUDING ALL)")
            if table not in NOT_COPIED:
                db.execute(f"INSERT INTO pg_temp.{name} SELECT * FROM {place}.{name}")
            if db.one(
                f"SELECT pg_get_serial_sequence('pg_temp.{name}', 'id') FROM pg_attribute WHERE attrelid="
                f"'pg_temp.{name}'::regclass AND attname='id' AND attidentity<>''"
            ):
                db.execute(
                    f"SELECT setval(pg_get_serial_sequence('pg_temp.{name}', 'id'), "
                    f"(SELECT COALESCE(MAX(id), 0) + 1 FROM {place}.{name}), false)"
                )
    for table in tables:
        db.execute(f"ANALYZE pg_temp.{connection.ops.quote_name(table)}")
