"""The database at the door: chosen, made, brought up to date, and its failures in our own words."""

import os
import pkgutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from bothways import boot
from bothways.errors import DatabaseNewer, DatabaseUnreachable, DiskFull, LedgerError
from bothways.ledger import db, migrations

P = ParamSpec("P")
R = TypeVar("R")


class HasDatabase(Protocol):
    """Whatever knows its database by URL."""

    database: str


W = TypeVar("W", bound=HasDatabase)

_thread = threading.local()
"""``kept``: the URL of the database whose connection is kept open in this thread."""


@contextmanager
def used(url: str) -> Iterator[None]:
    """Work on the database of this URL; its failures come out as LedgerError classes, its connection is closed.

    Within ``kept_open`` it is one of its uses: that sees to the connection.
    """
    if getattr(_thread, "kept", None) == url:
        with db.translated():
            yield
        return
    boot.setup(url)
    try:
        with db.translated():
            connection.ensure_connection()
            yield
    except ImproperlyConfigured as error:
        reason = "psycopg is not installed; pip install 'bothways[postgres]'"
        raise DatabaseUnreachable(url=urlsplit(url).scheme, reason=reason) from error
    finally:
        _close()


@contextmanager
def kept_open(url: str) -> Iterator[None]:
    """Work on the database of this URL in a thread that will do so again: its connection is kept while it works."""
    boot.setup(url)
    before, _thread.kept = getattr(_thread, "kept", None), url
    try:
        with db.translated():
            if connection.connection is not None and not connection.is_usable():
                _close()  # the server was started anew since
            yield
    except LedgerError:
        _close()
        raise
    finally:
        _thread.kept = before


@contextmanager
def kept_here(url: str) -> Iterator[None]:
    """Let every use of this database within be one of the connection that this thread has now."""
    before, _thread.kept = getattr(_thread, "kept", None), url
    try:
        yield
    finally:
        _thread.kept = before


def _close() -> None:
    try:
        if not connection.in_atomic_block:
            connection.close()
    except ImproperlyConfigured:
        return


def on_database(function: Callable[Concatenate[W, P], R]) -> Callable[Concatenate[W, P], R]:
    """Let a use case work on the database of its workspace, the first argument."""

    @wraps(function)
    def inside(workspace: W, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with used(workspace.database):
            return function(workspace, *args, **kwargs)

    return inside


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite database, None for any other."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    return Path(path) if parts.scheme == "sqlite" and not path.startswith("/:memory:") else None


def make_folder(url: str) -> None:
    """Make the folder of an SQLite database, and its file, where they are missing: readable by their owner alone."""
    path = sqlite_path(url)
    if path is None:
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DiskFull(reason=f"{path.parent}: {error.strerror}") from error
    with suppress(OSError):  # of a file that cannot be made SQLite tells
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def bring_up_to_date() -> None:
    """Run the migrations that are missing; refuse a database that a newer program made."""
    missing, unknown = migrations_off()
    if unknown:
        raise DatabaseNewer(migration=min(unknown))
    if missing:
        call_command("migrate", verbosity=0, interactive=False)


def migrations_off() -> tuple[set[str], set[str]]:
    """Return the migrations that the database lacks, and those it has and we do not know."""
    known = {module.name for module in pkgutil.iter_modules(migrations.__path__)}
    applied: set[str] = set()
    if "django_migrations" in connection.introspection.table_names():
        applied = {row[0] for row in db.rows("SELECT name FROM django_migrations WHERE app=%s", ("ledger",))}
    return known - applied, applied - known
