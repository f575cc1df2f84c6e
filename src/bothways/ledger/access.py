"""What apps gave us by OAuth: one row per connection, which one process at a time works on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection as database

from bothways.ledger import db
from bothways.ledger.models import new_mark

HELD = 90
"""Seconds that PostgreSQL leaves a transaction alone in which an app is asked: longer than asking may take."""

MOMENT = 2000
"""Milliseconds."""

_HERE = "workspace_id=1 AND connection=%s"
_COLUMNS = ("workspace_id", "connection", "sealed", "version", "mark", "scopes", "signed_in_at")


class Given(NamedTuple):
    """A row; the columns are explained at ``models.Access``."""

    sealed: str
    version: int
    mark: str
    scopes: str | None
    signed_in_at: float


def find(connection: str) -> Given | None:
    """Return what is kept of a connection."""
    return _found(connection)


@contextmanager
def held(connection: str) -> Iterator[Given | None]:
    """Yield what is kept of a connection, and on PostgreSQL let nobody else work on it until the block ends.

    On SQLite, where a transaction would keep everybody from writing anything, its users lock a file themselves.
    """
    if database.vendor != "postgresql":
        yield _found(connection)
        return
    with db.transaction_():
        db.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{HELD}s'")
        yield _found(connection, " FOR UPDATE")


def keep(connection: str, sealed: str, former: tuple[str, int], scopes: str | None) -> bool:
    """Keep other tokens in place of the ``former``, known by mark and version; False if others have come since."""
    with db.transaction_():
        sql = f"UPDATE access SET sealed=%s, version=version+1, scopes=%s WHERE {_HERE} AND mark=%s AND version=%s"
        return bool(db.execute(sql, (sealed, scopes, connection, *former)))


def hurry() -> None:
    """Wait only for a moment, on this connection, for whoever writes to an SQLite database."""
    if database.vendor == "sqlite":
        db.execute(f"PRAGMA busy_timeout={MOMENT}")


def begin(connection: str, sealed: str, scopes: str | None, at: float) -> None:
    """Keep what an app gave to somebody who signed in, whatever was there before."""
    with db.transaction_():
        before = db.value(f"SELECT version FROM access WHERE {_HERE}", (connection,))
        row = (1, connection, sealed, int(before or 0) + 1, new_mark(), scopes, at)
        db.upsert("access", _COLUMNS, _COLUMNS[:2], [row])


def forget(connection: str) -> None:
    """Forget what an app gave us."""
    with db.transaction_():
        db.execute(f"DELETE FROM access WHERE {_HERE}", (connection,))


def mark_of(connection: str) -> str:
    """Return the word of the last sign-in, "" if there was none."""
    return str(db.value(f"SELECT mark FROM access WHERE {_HERE}", (connection,)) or "")


def _found(connection: str, lock: str = "") -> Given | None:
    row = db.one(f"SELECT {', '.join(Given._fields)} FROM access WHERE {_HERE}{lock}", (connection,))
    return Given(*row) if row else None
