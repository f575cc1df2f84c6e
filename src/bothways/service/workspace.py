"""A workspace: the folder with ``bothways.yaml``, opened and brought in line with its database."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from urllib.parse import quote

from bothways.errors import DiskFull, NoWorkspace, SecretMissing, UnknownApp, UnknownSync, UsageError
from bothways.service.connect import Opened
from bothways.service.database import bring_up_to_date, make_folder, used
from bothways.service.document import AppDocument, Document, SyncDocument
from bothways.service.reading import document_of
from bothways.service.revisions import import_settings
from bothways.service.yaml_edit import set_value
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
#     schedule: {every: 60s}
syncs: {}
"""


@dataclass
class Workspace:
    """An opened workspace. ``clock`` gives seconds since 1970; ``opened`` are the apps in use by now."""

    folder: Path
    file: Path
    document: Document
    database: str
    clock: Callable[[], float] = field(default=time, repr=False, compare=False)
    opened: dict[str, Opened] = field(default_factory=dict, repr=False, compare=False)
    stamp: int = field(default=0, repr=False, compare=False)

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
        with path.open("x", encoding="utf-8") as file:
            file.write(SKELETON)
    except FileExistsError as error:
        raise UsageError(reason=f"{path} is there already", hint="Edit it, or choose another folder.") from error
    except OSError as error:
        raise DiskFull(reason=f"{folder}: {error.strerror}") from error
    return path


def open_workspace(folder: Path, *, load_only: bool = False) -> Workspace:
    """Return the workspace of a folder, its file checked and changed settings taken over as new revisions.

    ``load_only``: check the file and touch no database.
    """
    folder = folder.absolute()
    file = folder / FILE
    document = load(file)
    if load_only:
        return Workspace(folder, file, document, document.database or "")
    workspace = Workspace(folder, file, document, database_of(folder, document), stamp=_stamp(file))
    make_folder(workspace.database)
    with used(workspace.database):
        bring_up_to_date()
        _take_over(workspace, document)
    return workspace


def load(file: Path) -> Document:
    """Return what a settings file says; raise a SettingsError with line and column."""
    if not file.is_file():
        raise NoWorkspace(folder=file.parent)
    return document_of(parse(read_text(file), file.name))


def reload(workspace: Workspace) -> None:
    """Read the file again and take over what changed, in the caller's use of the database; all of it or nothing."""
    workspace.stamp = _stamp(workspace.file)
    _take_over(workspace, load(workspace.file))


def take_over_changes(workspace: Workspace) -> None:
    """Read the file again if it was written since it was last read."""
    if _stamp(workspace.file) != workspace.stamp:
        with used(workspace.database):
            reload(workspace)


def _stamp(file: Path) -> int:
    return file.stat().st_mtime_ns if file.is_file() else 0


def _take_over(workspace: Workspace, document: Document) -> None:
    revision = import_settings(document, workspace.clock())
    workspace.document = document
    if document.revision is not None and document.revision != revision:
        set_value(workspace.file, ("revision",), revision)
        workspace.document = load(workspace.file)


def database_of(folder: Path, document: Document) -> str:
    """Return the URL of the workspace's database; raise SecretMissing if it is in a variable that holds nothing."""
    if document.database is None:
        return f"sqlite://{quote(str(folder / '.bothways' / 'ledger.db'))}"
    if not document.database.startswith("env:"):
        return document.database
    name = document.database.removeprefix("env:")
    url = os.environ.get(name, "")
    if not url:
        raise SecretMissing(app="the database", source=f"the environment variable {name}")
    return url
