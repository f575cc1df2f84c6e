"""A workspace: the folder with ``bothways.yaml``, opened and brought in line with its database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from urllib.parse import quote

from bothways.errors import DiskFull, LedgerError, NoWorkspace, UnknownApp, UnknownSync, UsageError, WrongType
from bothways.ledger import clocks, db
from bothways.service.connect import Opened, Schemas, Secrets
from bothways.service.database import bring_up_to_date, make_folder, used
from bothways.service.document import AppDocument, Document, SyncDocument
from bothways.service.reading import DATABASE, document_of, is_database
from bothways.service.revisions import author_of, import_settings
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
    folder = folder.absolute()
    file = folder / FILE
    document = load(file)
    if load_only:
        return Workspace(folder, file, document, "")
    workspace = Workspace(folder, file, document, database_of(folder, document), stamp=_stamp(file))
    make_folder(workspace.database)
    with used(workspace.database):
        with db.alone():
            bring_up_to_date()
        workspace.clock = clocks.of_database()
        if take_over:
            _take_over(workspace, document)
    return workspace


def load(file: Path) -> Document:
    """Return what a settings file says; raise a SettingsError with line and column."""
    if not file.is_file() and file.name == FILE:
        raise NoWorkspace(folder=file.parent)
    return document_of(parse(read_text(file), file.name))


def reload(workspace: Workspace) -> None:
    """Read the file again and take over what changed, in the caller's use of the database; all of it or nothing."""
    workspace.stamp = _stamp(workspace.file)
    _take_over(workspace, load(workspace.file))


def take_over_changes(workspace: Workspace) -> None:
    """Read the file again if it was written since it was last read; where the database fails, the next time again."""
    before = workspace.stamp
    if _stamp(workspace.file) != before:
        try:
            with used(workspace.database):
                reload(workspace)
        except LedgerError:
            workspace.stamp = before
            raise


def _stamp(file: Path) -> int:
    return file.stat().st_mtime_ns if file.is_file() else 0


def _take_over(workspace: Workspace, document: Document) -> None:
    with db.alone():
        revision = import_settings(document, workspace.clock(), author_of(workspace))
    workspace.document = document
    if document.revision is not None and document.revision != revision:
        set_value(workspace.file, ("revision",), revision)
        workspace.document = load(workspace.file)


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
