"""One runner per SQLite database: a file lock beside it. On PostgreSQL every commit is fenced instead."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from bothways.errors import DiskFull, SecondRunner
from bothways.service.database import sqlite_path
from bothways.service.workspace import Workspace


@contextmanager
def runner(workspace: Workspace) -> Iterator[None]:
    """Hold the lock of the one process that runs syncs; raise SecondRunner if another one does.

    Whoever holds it may take it again in the same thread.
    """
    path = sqlite_path(workspace.database)
    if path is None:
        yield
        return
    lock = FileLock(path.with_name(f"{path.name}.lock"), is_singleton=True)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SecondRunner() from error
    except OSError as error:
        raise DiskFull(reason=f"{path.parent}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def is_held(workspace: Workspace) -> bool:
    """Tell whether another process is running syncs on this database just now."""
    try:
        with runner(workspace):
            return False
    except SecondRunner:
        return True
