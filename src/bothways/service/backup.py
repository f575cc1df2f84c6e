"""A backup: one file with the settings and a consistent copy of an SQLite database, made while all goes on.

Secrets are not in it, neither are sessions and one-time links: whoever gets hold of a backup signs in nowhere with it.
"""

import io
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO
from urllib.parse import quote

from bothways import __version__
from bothways.errors import DatabaseLocked, DiskFull, NoBackupOfServer
from bothways.service.accounts import note
from bothways.service.database import on_database, sqlite_path
from bothways.service.rights import Role, for_role
from bothways.service.workspace import Workspace

NOT_KEPT = ("session", "one_time_link")
"""Tables that are empty in the copy."""

PATIENCE = 20.0
"""Seconds to wait for another writer."""

FAST = 1
"""How hard the file is packed: it is made while somebody waits."""

HOW_TO = """\
A backup of Bothways {version}.

To restore it:
1. Stop all processes of Bothways that use this workspace.
2. Unpack this file into an empty folder{elsewhere}.
3. Put the secrets back that bothways.yaml names: environment variables, and files. They are not in here.
   Those that were typed into the pages were in .bothways/secrets; type them once more if you have no copy.
4. Look before the first run: bothways doctor, bothways plan SYNC, bothways compare SYNC.
   The database knows nothing of what was written after it was copied.
Everybody signs in anew; who has no password: bothways user link NAME
"""


@on_database
@for_role(Role.ADMIN)
def write_backup(workspace: Workspace, file: IO[bytes]) -> None:
    """Write a backup, as a packed archive; raise NoBackupOfServer where the database is not SQLite, DiskFull.

    Raises OSError where ``file`` cannot be written.
    """
    path = sqlite_path(workspace.database)
    if path is None:
        raise NoBackupOfServer()
    try:
        with _copied(path) as copy:
            _pack(workspace, path, copy, file)
    except sqlite3.OperationalError as error:
        kind = DatabaseLocked if "locked" in str(error) else DiskFull
        raise kind(reason=f"the copy of the database: {error}") from error
    note(workspace, "made a backup")


def made_backup(workspace: Workspace) -> IO[bytes]:
    """Make a backup in a file that nobody else sees and that is gone when it is closed; return it, to be read.

    Raises what ``write_backup`` does.
    """
    path = sqlite_path(workspace.database)
    try:
        file = TemporaryFile(dir=path.parent if path else None)  # noqa: SIM115 - whoever sends it closes it
        try:
            write_backup(workspace, file)
            file.seek(0)
        except BaseException:
            file.close()
            raise
    except OSError as error:
        raise DiskFull(reason=f"the backup: {error.strerror}") from error
    return file


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """Make a copy of a database as it is at one moment, without what is not kept, in a folder of its own."""
    try:
        beside = TemporaryDirectory(prefix="backup", dir=path.parent)
    except OSError as problem:
        error = problem.strerror
        raise DiskFull(reason=f"the copy of the database: {error}") from problem
    with beside as folder:
        copy = Path(folder) / path.name
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=PATIENCE)) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
        with closing(sqlite3.connect(copy)) as made:
            made.execute("PRAGMA secure_delete=ON")
            for table in NOT_KEPT:
                made.execute(f"DELETE FROM {table}")
            made.commit()
        yield copy


def _pack(workspace: Workspace, path: Path, copy: Path, file: IO[bytes]) -> None:
    inside = path.is_relative_to(workspace.folder)
    name = str(path.relative_to(workspace.folder)) if inside else path.name
    elsewhere = "" if inside else f", and put {path.name} where bothways.yaml names the database"
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=FAST) as archive:
        archive.add(workspace.file.resolve(), workspace.file.name)
        archive.add(copy, name)
        words = HOW_TO.format(version=__version__, elsewhere=elsewhere).encode()
        about = tarfile.TarInfo("RESTORE.txt")
        about.size, about.mtime = len(words), int(workspace.clock())
        archive.addfile(about, io.BytesIO(words))
