"""Apps: which can be connected, which are, whether they answer, what they offer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, count
from typing import TypeVar

from bothways.connectors import registry
from bothways.connectors.abilities import OWN_FIELD, KeepsLists, MakesOwnField, TellsRules
from bothways.connectors.base import Setting
from bothways.connectors.permissions import Permission, oauth_of
from bothways.errors import AccountChanged, AppInUse
from bothways.ledger import access, chronicles, db, rests
from bothways.records import Field
from bothways.service import yaml_edit
from bothways.service.access import end
from bothways.service.allowances import accounted, into_the_reserve, standing
from bothways.service.chronicles import note_on
from bothways.service.connect import access_of, make, open_app
from bothways.service.database import on_database
from bothways.service.document import CLIENT_SECRET, AppDocument, SecretPlace
from bothways.service.ends import ending
from bothways.service.entries import (
    check_name,
    checked,
    checked_app,
    demand_secrets,
    entry_of,
    objects_of,
    used_objects,
)
from bothways.service.reading_apps import check_reached
from bothways.service.rights import Role, for_role
from bothways.service.same_account import ensure_same_account
from bothways.service.secret_files import Reference, forget, is_kept, kept
from bothways.service.views import AppCheck, AppDetails, AppView, ConnectorView, ObjectView, PermissionView
from bothways.service.workspace import Workspace, changing

Listed = TypeVar("Listed", AppView, ConnectorView)


def catalogue() -> list[ConnectorView]:
    """Return every connector there is."""
    found = ((name, kind, oauth_of(kind)) for name, kind in registry.connectors().items())
    return [
        ConnectorView(
            name,
            kind.title,
            kind.category,
            tuple(kind.settings),
            way is not None,
            way.permissions if way else (),
            way.never if way else (),
            way.instead_of if way else "",
        )
        for name, kind, way in found
    ]


def permissions_of_secret(connector: str) -> tuple[Permission, ...]:
    """Return what an app must allow a secret; () where that is not known."""
    way = oauth_of(registry.connectors()[connector])
    return tuple(each for each in way.permissions if each.scope != way.itself) if way else ()


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
    found = ((app, registry.connector_class(app.connector)) for app in workspace.document.apps.values())
    return [
        AppView(
            app.name,
            app.connector,
            kind.title,
            kind.category,
            tuple(sync.name for sync in syncs if app.name in sync.pair),
        )
        for app, kind in found
    ]


def fitting(views: Iterable[Listed], text: str, category: str = "") -> list[Listed]:
    """Return those that have a text in their name, title or category, and are of a category; "" fits every one."""
    wanted = text.casefold()
    return [
        each
        for each in views
        if wanted in f"{each.name} {each.title} {each.category}".casefold() and category in ("", each.category)
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
        (*_of_client(document), *(named for each in declared if (named := _said(each, document)))),
        tuple(_secrets(document)),
        str(db.value("SELECT account FROM connection WHERE name=%s", (name,)) or ""),
        rest.until if rest else None,
        rest.trouble.partition(" ")[2] if rest else "",
        rest is not None and rest.trouble.startswith(f"{AccountChanged.code} "),
        next((each for each in standing(workspace) if each.app == name), None),
        *_by_oauth(document),
        tuple(f"{each.message} {each.advice}" for each in ending(document, workspace.clock())),
        _can_make_own_field(document),
        chronicles.stand(name).read_at or None,
    )


def _can_make_own_field(document: AppDocument) -> bool:
    """Tell whether the field of our own is to be offered."""
    can = issubclass(registry.connector_class(document.connector), MakesOwnField)
    return can and OWN_FIELD not in document.settings


def _said(setting: Setting, document: AppDocument) -> tuple[str, str] | None:
    held = document.settings.get(setting.name)
    return None if held is None else (setting.label, held)


def _of_client(document: AppDocument) -> list[tuple[str, str]]:
    return [("Client id", document.oauth.client_id)] if document.oauth else []


def _secrets(document: AppDocument) -> Iterator[tuple[str, str, str]]:
    kind = registry.connector_class(document.connector)
    way = oauth_of(kind)
    if document.oauth:
        yield CLIENT_SECRET, "Client secret", _where(document.oauth.client_secret)
    for each in kind.settings:
        if each.secret and not (document.oauth and way and each.name == way.instead_of):
            yield each.name, each.label, _where(document.secrets.get(each.name))


def _by_oauth(document: AppDocument) -> tuple[bool, tuple[PermissionView, ...], float | None]:
    """Return whether an app lets us in by OAuth, what it allows of what is asked for and besides, and since when."""
    way = oauth_of(registry.connector_class(document.connector))
    if document.oauth is None or way is None:
        return False, (), None
    given = access.find(document.name)
    allowed = frozenset(given.scopes.split()) if given and given.scopes is not None else None
    missing = set(way.missing(allowed)) if given else set(way.permissions)
    shown = (*way.permissions, *(each for each in way.further if each.scope in (allowed or ())))
    return (
        True,
        tuple(PermissionView(each.label, each not in missing, each.reads, each.writes) for each in shown),
        given.signed_in_at if given else None,
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
        entry = entry_of(connector, settings, {**secrets, **files})
        document = checked(name, entry)
        check_reached(document, workspace.document.public_url)
        view = checked_app(make(workspace, document), workspace.clock())
        with changing(workspace):
            check_name(workspace, name)  # once more: somebody may have taken it while the app was asked
            yaml_edit.add_entry(workspace.file, "apps", name, entry)
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
        demand_secrets(before.connector, {**secrets, **files})
        auth = {each: {kind: place} for each, (kind, place) in {**secrets, **files}.items()}
        entry["auth"] = {**entry.get("auth", {}), **auth}
        app = make(workspace, checked(name, entry))
        view = checked_app(app, workspace.clock(), used_objects(workspace, name))
        ensure_same_account(workspace, app)
        with changing(workspace):
            now = yaml_edit.entry(workspace.file, "apps", name)
            now["auth"] = {**now.get("auth", {}), **auth}
            yaml_edit.set_entry(workspace.file, "apps", name, now)
    rests.wake(name)
    forget(workspace.folder, before.secrets.values(), workspace.document)
    return view


@on_database
@for_role(Role.EDITOR)
def disconnect(workspace: Workspace, name: str) -> bool:
    """Take an app out of the file, give back what it gave us, and forget secrets that were typed; its records stay as
    they are. Return whether all was given back: it may not answer.

    Raises UnknownApp, AppInUse where a sync uses it.
    """
    with changing(workspace):
        app = workspace.app(name)
        used_by = [sync.name for sync in workspace.document.syncs.values() if name in sync.pair]
        if used_by:
            raise AppInUse(app=name, syncs=", ".join(used_by))
        yaml_edit.remove_entry(workspace.file, "apps", name)
    told = end(access_of(workspace, app)) if app.oauth else True
    forget(workspace.folder, app.all_secrets.values(), workspace.document)
    return told


@accounted
def check_app(workspace: Workspace, name: str) -> AppCheck:
    """Ask an app who we are there and what it offers."""
    app = open_app(workspace, name)
    with into_the_reserve(app):
        view = checked_app(app, workspace.clock(), used_objects(workspace, name))
        note = note_on(workspace, name)
    return replace(view, notes=(*view.notes, note)) if note else view


@accounted
def app_objects(workspace: Workspace, name: str) -> list[ObjectView]:
    """Return the kinds of record an app offers."""
    app = open_app(workspace, name)
    with into_the_reserve(app):
        return objects_of(app)


@accounted
def app_fields(workspace: Workspace, name: str, object: str) -> list[Field]:
    """Return the fields of a kind of record."""
    app = open_app(workspace, name)
    with into_the_reserve(app):
        return list(app.fields(object, workspace.clock()).values())


@accounted
def field_rules(workspace: Workspace, name: str, object: str) -> dict[str, str]:
    """Return, in words, what rules that somebody has set in an app demand of fields, by the field's name."""
    app = open_app(workspace, name)
    if not isinstance(app.connector, TellsRules):
        return {}
    with into_the_reserve(app):
        return dict(app.connector.rules(object))


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
