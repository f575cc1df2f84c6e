"""A workspace: the folder with ``bothways.yaml``, opened and brought in line with its database.

Whoever changes the file, or takes over what was changed in it, does so alone (``changing``): else of two changes one
would be lost, or what the file said before a change be put in force after it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import quote

from bothways.errors import (
    BothwaysError,
    DiskFull,
    LedgerError,
    NoWorkspace,
    UnknownApp,
    UnknownSync,
    UsageError,
    WrongType,
)
from bothways.ledger import clocks, db
from bothways.service.connect import Opened, Schemas, Secrets
from bothways.service.database import bring_up_to_date, make_folder, used
from bothways.service.document import AppDocument, Document, SyncDocument
from bothways.service.reading import DATABASE, document_of, is_database
from bothways.service.revisions import author_of, import_settings, is_in_force
from bothways.service.rights import Actor
from bothways.service.yaml_edit import set_value, write_text
from bothways.service.yaml_file import nearest, parse, read_text

FILE = "bothways.yaml"

SKELETON = """\
# The settings of this workspace. After a change, see what it would do: bothways plan SYNC
version: 1

# The apps. Secrets never stand here, only where they are: {env: NAME} or {file: PATH}.
#   hubspot:
#     connector: hubspot
#     auth: {token: {env: HUBSPOT_TOKEN}}
#   addressbook:
#     connector: carddav
#     url: https://dav.example.com/
#     auth: {username: ana, password: {file: /run/secrets/carddav}}
apps: {}

# The syncs: what is kept in step. Without "fields" the fields of the same meaning are mapped to each other.
#   people:
#     state: draft                      # draft | on | off
#     objects: {hubspot: contacts, addressbook: contacts}
#     match:
#       - {hubspot: email, addressbook: email, compare: email}
#     conflicts: {default_app: hubspot}
#     schedule: {every: 60s}            # and quiet_hours: {from: "22:00", to: "06:00", time_zone: Europe/Berlin}
syncs: {}
"""


@dataclass
class Workspace:
    """An opened workspace. ``clock`` gives seconds since 1970; ``opened`` are the apps in use by now.

    ``database`` is a URL, empty if only the file was read. ``actor``: who acts, None for who has the command line.
    ``schemas``: what apps have told of their fields, where that outlives what was opened.
    """

    folder: Path
    file: Path
    document: Document
    database: str
    clock: Callable[[], float] = field(default=time, repr=False, compare=False)
    opened: dict[str, Opened] = field(default_factory=dict, repr=False, compare=False)
    stamp: int = field(default=0, repr=False, compare=False)
    actor: Actor | None = field(default=None, compare=False)
    schemas: Schemas | None = field(default=None, repr=False, compare=False)

    def sync(self, name: str) -> SyncDocument:
        """Return the settings of a sync; raise UnknownSync."""
        if name not in self.document.syncs:
            raise UnknownSync(name=name, hint=nearest(name, self.document.syncs))
        return self.document.syncs[name]

    def app(self, name: str) -> AppDocument:
        """Return the settings of an app; raise UnknownApp."""
        if name not in self.document.apps:
            raise UnknownApp(name=name, hint=nearest(name, self.document.apps))
        return self.document.apps[name]


def own_of(shared: Workspace, opened: dict[str, Opened], **more: Any) -> Workspace:
    """Return a workspace for one thread; its document is never older than its stamp, whoever is at the shared one."""
    return replace(shared, stamp=shared.stamp, opened=opened, **more)


def init(folder: Path) -> Path:
    """Write a settings file to begin with and return its path; refuse where there is one."""
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
    except FileExistsError as error:
        raise UsageError(reason=f"{path} is there already", hint="Edit it, or choose another folder.") from error
    except OSError as error:
        raise DiskFull(reason=f"{folder}: {error.strerror}") from error
    try:
        write_text(path, SKELETON)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def open_workspace(folder: Path, *, load_only: bool = False, take_over: bool = True) -> Workspace:
    """Return the workspace of a folder, its file checked and changed settings taken over as new revisions.

    ``load_only``: check the file and touch no database. Not ``take_over``: leave the settings in force as they are.
    """
    folder = _whole(folder)
    file = folder / FILE
    stamp, document = _stamp(file), load(file)
    if load_only:
        return Workspace(folder, file, document, "")
    workspace = Workspace(folder, file, document, database_of(folder, document), stamp=stamp)
    make_folder(workspace.database)
    with used(workspace.database):
        with db.alone():
            bring_up_to_date()
        workspace.clock = clocks.of_database()
        if take_over:
            _take_over(workspace, document, stamp)
    return workspace


def _whole(folder: Path) -> Path:
    """Return a folder as it is named from the root on; raise NoWorkspace or UsageError."""
    try:
        whole = folder.absolute()
        str(whole).encode()
    except FileNotFoundError as error:  # the current folder is no more
        raise NoWorkspace(folder=folder) from error
    except UnicodeEncodeError as error:
        hint = "Give it, or the folder that it is in, another name."
        raise UsageError(reason=f"The name of the folder {folder} is not UTF-8 text", hint=hint) from error
    return whole


def load(file: Path) -> Document:
    """Return what a settings file says; raise a SettingsError with line and column."""
    if not file.is_file() and file.name == FILE:
        raise NoWorkspace(folder=file.parent)
    return document_of(parse(read_text(file), file.name))


def reload(workspace: Workspace) -> None:
    """Read the file again and take over what changed, in the caller's use of the database; all of it or nothing."""
    stamp = _stamp(workspace.file)
    try:
        _take_over(workspace, load(workspace.file), stamp)
    except BothwaysError:
        workspace.stamp = stamp
        raise


def take_over_changes(workspace: Workspace) -> None:
    """Read the file again if it was written since it was last read; where the database fails, the next time again."""
    before = workspace.stamp
    if is_written_since(workspace):
        try:
            with used(workspace.database):
                reload(workspace)
        except LedgerError:
            workspace.stamp = before
            raise


@contextmanager
def changing(workspace: Workspace) -> Iterator[None]:
    """Change the settings file within, with nobody else at it, and let that take effect; in the caller's use of the
    database, in which all else that is done within belongs to it.

    What others have changed until then is taken over first. Where any of it fails, the file is as it was. No app is to
    be asked within: everybody who writes settings waits.
    """
    reload(workspace)
    before, text = (workspace.document, workspace.stamp), None
    try:
        with db.transaction_():
            db.keep_settings()
            text = read_text(workspace.file)
            if is_written_since(workspace):
                reload(workspace)
            yield
            reload(workspace)
    except BaseException:
        workspace.document, workspace.stamp = before
        if text is not None and read_text(workspace.file) != text:
            write_text(workspace.file, text)
        raise


def is_written_since(workspace: Workspace) -> bool:
    """Tell whether the file was written since it was last read."""
    return _stamp(workspace.file) != workspace.stamp


def _stamp(file: Path) -> int:
    return file.stat().st_mtime_ns if file.is_file() else 0


def _take_over(workspace: Workspace, document: Document, stamp: int) -> None:
    """Take over what a document changes, read once more if the file was written while others were at it.

    Threads share a workspace: none may see the stamp of a file whose document is not there yet.
    """
    if not is_in_force(document):
        with db.transaction_():
            db.keep_settings()
            if _stamp(workspace.file) != stamp:
                stamp, document = _stamp(workspace.file), load(workspace.file)
            revision = import_settings(document, workspace.clock(), author_of(workspace))
            if document.revision is not None and document.revision != revision:
                set_value(workspace.file, ("revision",), revision)
                document = load(workspace.file)
    workspace.document, workspace.stamp = document, stamp


def database_of(folder: Path, document: Document) -> str:
    """Return the URL of the workspace's database; raise SecretMissing if the place named for it holds nothing."""
    place = document.database
    if place is None:
        return f"sqlite://{quote(str(folder / '.bothways' / 'ledger.db'))}"
    if isinstance(place, str):
        return place
    url = Secrets("the database", {"database": place}, folder).get("database")
    if not is_database(url):
        raise WrongType(key="database", expected=DATABASE, got=f"something else in {place.words}")
    return url
