"""Raw SQL over Django's connection: transactions, statements, bulk writes, and errors in our own words."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from types import ModuleType
from typing import Any, TypeVar

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

from bothways import boot
from bothways.errors import DatabaseDamaged, DatabaseLocked, DatabaseUnreachable, DiskFull, LedgerError
from bothways.ledger import postgresql, sqlite

T = TypeVar("T")

CHUNK = 400
"""Ids asked for in one statement."""

after_commit: list[Callable[[], None]] = []
"""Called after each outermost commit; tests use it to stop the program between two commits."""


@contextmanager
def transaction_() -> Iterator[None]:
    """Run a block in one short write transaction; database failures come out as LedgerError classes."""
    with translated():
        with transaction.atomic():
            yield
        if not connection.in_atomic_block:
            for hook in after_commit:
                hook()


@contextmanager
def translated() -> Iterator[None]:
    """Turn the database's own exceptions into those of the error catalogue."""
    try:
        yield
    except (IntegrityError, DataError, ProgrammingError) as error:
        raise LedgerError(reason=_first_line(error)) from error
    except (DatabaseError, InterfaceError) as error:
        raise _in_our_words(error) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


_LOCKED = ("locked", "could not obtain lock", "lock timeout", "deadlock detected", "could not serialize")


_DAMAGED = ("not a database", "disk image is malformed")
_FULL = ("full", "no space", "disk i/o", "readonly", "read-only")
_GONE = ("connection", "unable to open", "could not connect", "closed")

_BY_STATE: Mapping[str, type[LedgerError]] = {
    "40001": DatabaseLocked,  # serialization_failure
    "40P01": DatabaseLocked,  # deadlock_detected
    "55P03": DatabaseLocked,  # lock_not_available
    "53100": DiskFull,
    "25006": DiskFull,  # read_only_sql_transaction
    "25P03": DatabaseUnreachable,  # idle_in_transaction_session_timeout
    "XX001": DatabaseDamaged,  # data_corrupted
    "XX002": DatabaseDamaged,  # index_corrupted
    "53300": DatabaseUnreachable,  # too_many_connections
    "57P01": DatabaseUnreachable,  # admin_shutdown
    "57P02": DatabaseUnreachable,  # crash_shutdown
    "57P03": DatabaseUnreachable,  # cannot_connect_now
}
"""What PostgreSQL's codes mean (appendix "PostgreSQL Error Codes" of its documentation); its words may be of any
language. All of class 08 are of the connection."""


def _in_our_words(error: Exception) -> LedgerError:
    text = _first_line(error)
    kind = _kind_of(error, text.lower())
    if kind is DatabaseLocked:
        return DatabaseLocked()
    return DatabaseUnreachable(url=connection.vendor, reason=text) if kind is DatabaseUnreachable else kind(reason=text)


def _kind_of(error: Exception, words: str) -> type[LedgerError]:
    state = getattr(error.__cause__, "sqlstate", "")
    if state:
        return DatabaseUnreachable if state.startswith("08") else _BY_STATE.get(state, LedgerError)
    if any(sign in words for sign in _LOCKED):
        return DatabaseLocked
    if any(sign in words for sign in _FULL):
        return DiskFull
    if any(sign in words for sign in _DAMAGED):
        return DatabaseDamaged
    unanswered = state is None and isinstance(error, OperationalError)  # no code: it did not come from the server
    return DatabaseUnreachable if unanswered or any(sign in words for sign in _GONE) else LedgerError


def rows(sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def one(sql: str, params: Sequence[object] = ()) -> tuple[Any, ...] | None:
    """Return the first row of a query, None if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()


def value(sql: str, params: Sequence[object] = ()) -> Any:
    """Return the first value of the first row, None if there is none."""
    found = one(sql, params)
    return found[0] if found else None


def execute(sql: str, params: Sequence[object] = ()) -> int:
    """Run one statement and return the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def execute_many(sql: str, params: Sequence[Sequence[object]]) -> None:
    """Run one statement for many parameter rows."""
    if params:
        with connection.cursor() as cursor:
            cursor.executemany(sql, params)


def in_list(sql: str, params: Sequence[object], ids: Iterable[object]) -> list[tuple[Any, ...]]:
    """Return the rows of a query that ends in ``IN {ids}``, asked in chunks."""
    found: list[tuple[Any, ...]] = []
    backend = _backend()
    for chunk in chunks(list(dict.fromkeys(ids)), CHUNK):
        found += rows(sql.replace("IN {ids}", backend.LISTED), (*params, backend.listed(chunk)))
    return found


def among(ids: Sequence[object]) -> tuple[str, object]:
    """Return the condition that what stands before it is one of these, whatever their number, and what it asks for."""
    backend = _backend()
    return backend.LISTED, backend.listed(ids)


def in_list_execute(sql: str, params: Sequence[object], ids: Iterable[object]) -> None:
    """Run a statement that ends in ``IN {ids}``, in chunks."""
    backend = _backend()
    for chunk in chunks(list(ids), CHUNK):
        execute(sql.replace("IN {ids}", backend.LISTED), (*params, backend.listed(chunk)))


def insert(
    table: str, columns: Sequence[str], data: Sequence[Sequence[object]], returning: str
) -> list[tuple[Any, ...]]:
    """Insert rows and return these columns of each, in no order to rely on."""
    found: list[tuple[Any, ...]] = []
    marks = "(" + ",".join(["%s"] * len(columns)) + ")"
    for chunk in chunks(data, max(1, 2 * CHUNK // len(columns))):
        sql = f"INSERT INTO {table} ({','.join(columns)}) VALUES {','.join([marks] * len(chunk))} RETURNING {returning}"
        found += rows(sql, [each for row in chunk for each in row])
    return found


def upsert(table: str, columns: Sequence[str], key: Sequence[str], data: Sequence[Sequence[object]]) -> None:
    """Insert rows, or update those whose ``key`` columns exist already; of a key met twice, the last counts."""
    if not data:
        return
    key_of = itemgetter(*(columns.index(each) for each in key))
    last = list({key_of(row): row for row in data}.values())
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        _backend().upsert(cursor, table, columns, key, last)


def temporary(table: str, columns: str) -> None:
    """Make an empty table that only this connection sees, in place of one of that name."""
    execute(f"DROP TABLE IF EXISTS {table}")
    execute(f"CREATE TEMP TABLE {table} ({columns}){_backend().BY_KEY if 'PRIMARY KEY' in columns else ''}")


def filled(table: str) -> None:
    """Let the database look at how much is in a temporary table: PostgreSQL never does so by itself."""
    if connection.vendor == "postgresql":
        execute(f"ANALYZE {table}")


_OPENING = 7_303_422
"""Key of PostgreSQL's advisory lock for what one process of all does at a time when it opens a workspace."""


@contextmanager
def alone() -> Iterator[None]:
    """Do something that no other process on this PostgreSQL database does meanwhile: they wait for each other."""
    if connection.vendor != "postgresql":
        yield
        return
    execute("SELECT pg_advisory_lock(%s)", (_OPENING,))
    try:
        yield
    finally:
        execute("SELECT pg_advisory_unlock(%s)", (_OPENING,))


_GATE = 7_303_423
"""First key of PostgreSQL's advisory locks for the syncs: whoever takes one over waits for commits under way."""


def pass_gate(sync_id: int) -> None:
    """Let nobody take a sync over before this transaction has ended. No row is locked for it: others write to them."""
    if connection.vendor == "postgresql":
        execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (_GATE, sync_id))


def shut_gate(sync_id: int) -> None:
    """Wait until no transaction is under way that passed the gate of a sync, and let none pass until this one ends."""
    if connection.vendor == "postgresql":
        execute("SELECT pg_advisory_xact_lock(%s, %s)", (_GATE, sync_id))


_MAKING = 7_303_425
"""First key of PostgreSQL's advisory locks for the feeds in whose apps records are about to be made."""


def make_alone(feed_id: int) -> None:
    """Let nobody else store what is to be made in the app of a feed before this transaction has ended."""
    if connection.vendor == "postgresql":
        execute("SELECT pg_advisory_xact_lock(%s, %s)", (_MAKING, feed_id))


def lock_sync(sync_id: int) -> None:
    """Let nobody else change the row of a sync before this transaction has ended; on SQLite, it alone sees to that."""
    if connection.vendor == "postgresql":
        execute("SELECT 1 FROM sync WHERE id=%s FOR UPDATE", (sync_id,))


@contextmanager
def between_commits(sync_id: int) -> Iterator[None]:
    """Do something in one transaction, with none of a run of a sync meanwhile: what is looked at within stands."""
    with transaction_():
        shut_gate(sync_id)
        yield


_SETTINGS = 7_303_424
"""Key of PostgreSQL's advisory lock for who changes settings, or takes over what was changed."""


def keep_settings() -> None:
    """Let nobody else change settings, or take over what was changed, before this transaction has ended: they wait.

    On SQLite, where one writes at a time, the transaction alone sees to that.
    """
    if connection.vendor == "postgresql":
        execute("SELECT pg_advisory_xact_lock(%s)", (_SETTINGS,))


def end_standstill() -> None:
    """End sessions of ours that stand still in the middle of what they send: a frozen process holds locks by them."""
    if connection.vendor == "postgresql":
        execute(postgresql.END_STANDSTILL, (boot.OURS, boot.STANDSTILL))


def unlocked() -> str:
    """Return the end of a query that is to leave out rows which somebody else writes to just now."""
    return _backend().UNLOCKED


def any_case() -> str:
    """Return the operator that compares with a pattern, whatever the case of Latin letters without marks."""
    return str(_backend().ANY_CASE)


def containing(text: str) -> str:
    """Return the pattern for ``LIKE ... ESCAPE '\\'`` that any text matches which holds this one."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _backend() -> ModuleType:
    """Return what the database in use wants in its own way."""
    return postgresql if connection.vendor == "postgresql" else sqlite


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the items in pieces of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def paged(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of at most ``size`` from any iterable."""
    iterator = iter(items)
    while page := list(islice(iterator, size)):
        yield page
