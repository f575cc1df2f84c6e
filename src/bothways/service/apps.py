"""Apps: which can be connected, which are, whether they answer, what they offer."""

from collections.abc import Iterable, Mapping
from itertools import chain, count
from typing import Any

from bothways.connectors import registry
from bothways.connectors.base import KeepsLists
from bothways.errors import AccountChanged, AppInUse, UsageError
from bothways.ledger import db, rests
from bothways.records import Field
from bothways.service import yaml_edit
from bothways.service.allowances import accounted, into_the_reserve, standing
from bothways.service.connect import Opened, make, open_app
from bothways.service.database import on_database
from bothways.service.document import AppDocument, SecretPlace
from bothways.service.reading import NAME, is_name
from bothways.service.reading_apps import app_of, check_reached
from bothways.service.rights import Role, for_role
from bothways.service.same_account import ensure_same_account
from bothways.service.secret_files import Reference, forget, is_kept, kept
from bothways.service.views import AppCheck, AppDetails, AppView, ConnectorView, ObjectView
from bothways.service.workspace import Workspace, reload
from bothways.service.yaml_edit import add_entry, dumped
from bothways.service.yaml_file import parse


def catalogue() -> list[ConnectorView]:
    """Return every connector there is."""
    return [ConnectorView(name, kind.title, tuple(kind.settings)) for name, kind in registry.connectors().items()]


def kind_called(connector: str) -> ConnectorView:
    """Return a connector by its name; raise UnknownConnector."""
    registry.connector_class(connector)
    return next(each for each in catalogue() if each.name == connector)


def free_name(workspace: Workspace, connector: str) -> str:
    """Return a name that an app of this kind can have: that of the connector, or one like it."""
    names = chain([connector], (f"{connector} {number}" for number in count(2)))
    return next(name for name in names if name not in workspace.document.apps)


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


@on_database
@for_role(Role.VIEWER)
def show_app(workspace: Workspace, name: str) -> AppDetails:
    """Return all that is known of an app; it is not asked. Raises UnknownApp."""
    document = workspace.app(name)
    declared = registry.connector_class(document.connector).settings
    rest = next((each for each in rests.resting() if each.connection == name), None)
    return AppDetails(
        next(each for each in list_apps(workspace) if each.name == name),
        tuple((each.label, document.settings[each.name]) for each in declared if each.name in document.settings),
        tuple((each.name, each.label, _where(document.secrets.get(each.name))) for each in declared if each.secret),
        str(db.value("SELECT account FROM connection WHERE name=%s", (name,)) or ""),
        rest.until if rest else None,
        rest.trouble.partition(" ")[2] if rest else "",
        rest is not None and rest.trouble.startswith(f"{AccountChanged.code} "),
        next((each for each in standing(workspace) if each.app == name), None),
    )


def _where(place: SecretPlace | None) -> str:
    if place is None:
        return ""
    return "typed in here" if is_kept(place) else place.words


@on_database
@for_role(Role.EDITOR)
def add_app(
    workspace: Workspace,
    name: str,
    connector: str,
    settings: Mapping[str, str],
    secrets: Mapping[str, Reference],
    typed: Mapping[str, str] | None = None,
) -> AppCheck:
    """Connect an app: check that it answers, then write it into the file. Nothing is written if it does not.

    ``secrets`` say where secrets are; those that were ``typed`` are kept in files of the workspace.
    """
    check_name(workspace, name)
    with kept(workspace.folder, name, typed or {}) as files:
        entry = _entry(connector, settings, {**secrets, **files})
        document = _checked(name, entry)
        check_reached(document, workspace.document.public_url)
        view = _check(make(workspace, document))
        add_entry(workspace.file, "apps", name, entry)
    reload(workspace)
    return view


@on_database
@for_role(Role.EDITOR)
def sign_in_again(
    workspace: Workspace, name: str, secrets: Mapping[str, Reference], typed: Mapping[str, str] | None = None
) -> AppCheck:
    """Take over other secrets of an app, if it lets us in with them as the account that it was; what waits goes on.

    Raises UnknownApp, AccountChanged, and whatever the app refuses; then the former secrets stay.
    """
    before = workspace.app(name)
    with kept(workspace.folder, name, typed or {}) as files:
        entry = yaml_edit.entry(workspace.file, "apps", name)
        _demand_secrets(before.connector, {**secrets, **files})
        auth = {each: {kind: place} for each, (kind, place) in {**secrets, **files}.items()}
        entry["auth"] = {**entry.get("auth", {}), **auth}
        app = make(workspace, _checked(name, entry))
        view = _check(app)
        ensure_same_account(workspace, app)
        yaml_edit.set_entry(workspace.file, "apps", name, entry)
    reload(workspace)
    rests.wake(name)
    forget(workspace.folder, {each: place for each, place in before.secrets.items() if each in auth})
    return view


@on_database
@for_role(Role.EDITOR)
def disconnect(workspace: Workspace, name: str) -> None:
    """Take an app out of the file and forget secrets that were typed; its records stay as they are.

    Raises UnknownApp, AppInUse where a sync uses it.
    """
    reload(workspace)
    app = workspace.app(name)
    used_by = [sync.name for sync in workspace.document.syncs.values() if name in sync.pair]
    if used_by:
        raise AppInUse(app=name, syncs=", ".join(used_by))
    yaml_edit.remove_entry(workspace.file, "apps", name)
    reload(workspace)
    forget(workspace.folder, app.secrets)


def check_name(workspace: Workspace, name: str) -> None:
    """Refuse a name that the file cannot hold, and one that is taken."""
    if not is_name(name):
        hint = f"It must be {NAME}."
        raise UsageError(reason=f'"{name}" cannot be the name of an app', hint=hint)
    if name in workspace.document.apps:
        raise UsageError(reason=f'There is an app "{name}" already', hint="Choose another name, or edit bothways.yaml.")


def _demand_secrets(connector: str, secrets: Iterable[str]) -> None:
    """Refuse what is no secret of this kind of app."""
    declared = [each.name for each in registry.connector_class(connector).settings]
    for name in secrets:
        if name not in declared:
            raise UsageError(reason=f'{connector} has no secret "{name}"', hint=f"It takes: {', '.join(declared)}.")


def _entry(connector: str, settings: Mapping[str, str], secrets: Mapping[str, Reference]) -> dict[str, Any]:
    """Return an app as it stands in the file."""
    declared = {each.name: each for each in registry.connector_class(connector).settings}
    _demand_secrets(connector, secrets)
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
