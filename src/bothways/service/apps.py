"""Apps: which can be connected, which are, whether they answer, what they offer."""

from collections.abc import Mapping
from typing import Any

from bothways.connectors import registry
from bothways.connectors.base import KeepsLists
from bothways.errors import UsageError
from bothways.records import Field
from bothways.service.allowances import accounted, into_the_reserve
from bothways.service.connect import Opened, make, open_app
from bothways.service.document import AppDocument
from bothways.service.reading import NAME, is_name
from bothways.service.reading_apps import app_of, check_reached
from bothways.service.rights import Role, for_role
from bothways.service.views import AppCheck, AppView, ConnectorView, ObjectView
from bothways.service.workspace import Workspace, load
from bothways.service.yaml_edit import add_entry, dumped
from bothways.service.yaml_file import parse


def catalogue() -> list[ConnectorView]:
    """Return every connector there is."""
    return [ConnectorView(name, kind.title, tuple(kind.settings)) for name, kind in registry.connectors().items()]


def list_apps(workspace: Workspace) -> list[AppView]:
    """Return the apps of the workspace; none of them is asked."""
    syncs = workspace.document.syncs.values()
    return [
        AppView(
            app.name,
            app.connector,
            registry.connector_class(app.connector).title,
            tuple(sync.name for sync in syncs if app.name in sync.pair),
        )
        for app in workspace.document.apps.values()
    ]


@for_role(Role.EDITOR)
def add_app(
    workspace: Workspace,
    name: str,
    connector: str,
    settings: Mapping[str, str],
    secrets: Mapping[str, tuple[str, str]],
) -> AppCheck:
    """Connect an app: check that it answers, then write it into the file. Nothing is written if it does not.

    ``secrets`` say where each secret is: ``("env", NAME)`` or ``("file", PATH)``.
    """
    check_name(workspace, name)
    entry = _entry(connector, settings, secrets)
    document = _checked(name, entry)
    check_reached(document, workspace.document.public_url)
    view = _check(make(workspace, document))
    add_entry(workspace.file, "apps", name, entry)
    workspace.document = load(workspace.file)
    return view


def check_name(workspace: Workspace, name: str) -> None:
    """Refuse a name that the file cannot hold, and one that is taken."""
    if not is_name(name):
        hint = f"It must be {NAME}."
        raise UsageError(reason=f'"{name}" cannot be the name of an app', hint=hint)
    if name in workspace.document.apps:
        raise UsageError(reason=f'There is an app "{name}" already', hint="Choose another name, or edit bothways.yaml.")


def _entry(connector: str, settings: Mapping[str, str], secrets: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Return an app as it stands in the file."""
    declared = {each.name: each for each in registry.connector_class(connector).settings}
    for name in secrets:
        if name not in declared:
            known = ", ".join(declared)
            raise UsageError(reason=f'{connector} has no secret "{name}"', hint=f"It takes: {known}.")
    auth: dict[str, Any] = {name: {kind: place} for name, (kind, place) in secrets.items()}
    auth |= {name: value for name, value in settings.items() if name in declared and declared[name].auth}
    plain = {name: value for name, value in settings.items() if name not in auth}
    return {"connector": connector, **plain, **({"auth": auth} if auth else {})}


def _checked(name: str, entry: Mapping[str, Any]) -> AppDocument:
    """Return the entry as the file would be read with it, or refuse it by the same rules."""
    return app_of(parse(dumped({name: entry}), f"the settings of {name}"), name)


@accounted
def check_app(workspace: Workspace, name: str) -> AppCheck:
    """Ask an app who we are there and what it offers."""
    app = open_app(workspace, name)
    with into_the_reserve(app):
        return _check(app)


@accounted
def app_objects(workspace: Workspace, name: str) -> list[ObjectView]:
    """Return the kinds of record an app offers."""
    app = open_app(workspace, name)
    with into_the_reserve(app):
        return _objects(app)


@accounted
def app_fields(workspace: Workspace, name: str, object: str) -> list[Field]:
    """Return the fields of a kind of record."""
    app = open_app(workspace, name)
    with into_the_reserve(app):
        return list(app.fields(object, workspace.clock()).values())


@accounted
def app_count(workspace: Workspace, name: str, object: str) -> int | None:
    """Return how many records of a kind an app has, None where it cannot tell cheaply."""
    app = open_app(workspace, name)
    with into_the_reserve(app):
        return app.connector.count(object)


def keeps_lists(workspace: Workspace, name: str) -> bool:
    """Tell whether an app tells of lists of records. It is not asked."""
    return isinstance(open_app(workspace, name).connector, KeepsLists)


@accounted
def app_lists(workspace: Workspace, name: str, object: str) -> list[str]:
    """Return the names of the lists that an app keeps of a kind of record; none where it keeps no lists."""
    app = open_app(workspace, name)
    if not isinstance(app.connector, KeepsLists):
        return []
    with into_the_reserve(app):
        return sorted({each.name for each in app.connector.lists(object)}, key=str.casefold)


def _check(app: Opened) -> AppCheck:
    account = app.connector.check()
    return AppCheck(app.name, app.title, account.id, account.label, tuple(account.notes), tuple(_objects(app)))


def _objects(app: Opened) -> list[ObjectView]:
    return [
        ObjectView(each.name, each.label, each.readable, each.writable, app.connector.count(each.name))
        for each in app.connector.objects()
    ]
