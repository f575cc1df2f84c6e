"""Apps as entries of the settings file, before they are there: made, named, and refused by the rules of the file."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bothways.connectors import registry
from bothways.connectors.abilities import TellsWarnings
from bothways.connectors.base import ObjectType
from bothways.connectors.permissions import oauth_of
from bothways.engine.sides import SIDES
from bothways.errors import PermissionMissing, UsageError
from bothways.service.connect import Opened
from bothways.service.document import AppDocument
from bothways.service.ends import ending
from bothways.service.reading import NAME, is_name
from bothways.service.reading_apps import OAUTH, app_of
from bothways.service.secret_files import Reference
from bothways.service.views import AppCheck, ObjectView
from bothways.service.workspace import Workspace
from bothways.service.yaml_edit import dumped
from bothways.service.yaml_file import parse


def check_name(workspace: Workspace, name: str) -> None:
    """Refuse a name that the file cannot hold, and one that is taken."""
    if not is_name(name):
        hint = f"It must be {NAME}."
        raise UsageError(reason=f'"{name}" cannot be the name of an app', hint=hint)
    if name in workspace.document.apps:
        raise UsageError(reason=f'There is an app "{name}" already', hint="Choose another name, or edit bothways.yaml.")


def demand_secrets(connector: str, secrets: Iterable[str]) -> None:
    """Refuse what is no secret of this kind of app."""
    kind = registry.connector_class(connector)
    declared = [*(each.name for each in kind.settings if each.auth), *(OAUTH if oauth_of(kind) else ())]
    for name in secrets:
        if name not in declared:
            raise UsageError(reason=f'{connector} has no secret "{name}"', hint=f"It takes: {', '.join(declared)}.")


def entry_of(connector: str, settings: Mapping[str, str], secrets: Mapping[str, Reference]) -> dict[str, Any]:
    """Return an app as it stands in the file. What stands there under ``oauth`` is told apart by its name."""
    kind = registry.connector_class(connector)
    declared = {each.name: each for each in kind.settings}
    demand_secrets(connector, secrets)
    places: dict[str, Any] = {name: {of: place} for name, (of, place) in secrets.items()}
    said = {**places, **{name: value for name, value in settings.items() if name not in places}}
    oauth = {name: said.pop(name) for name in OAUTH if oauth_of(kind) and name not in declared and name in said}
    auth = {name: value for name, value in said.items() if name in places or (name in declared and declared[name].auth)}
    auth |= {"oauth": oauth} if oauth else {}
    plain = {name: value for name, value in said.items() if name not in auth}
    return {"connector": connector, **plain, **({"auth": auth} if auth else {})}


def checked(name: str, entry: Mapping[str, Any]) -> AppDocument:
    """Return the entry as the file would be read with it, or refuse it by the same rules."""
    return app_of(parse(dumped({name: entry}), f"the settings of {name}"), name)


def checked_app(app: Opened, now: float, used: Collection[str] = ()) -> AppCheck:
    """Ask an app who we are there and what it offers; what it works by may end soon. ``used``: by syncs."""
    account = app.connector.check()
    near = (f"{each.message} {each.advice} ({each.code})" for each in ending(app.document, now))
    warnings = (*near, *warnings_of(app, used))
    return AppCheck(
        app.name, app.title, account.id, account.label, tuple(account.notes), tuple(objects_of(app)), warnings
    )


def warnings_of(app: Opened, used: Collection[str]) -> list[str]:
    """Return what somebody should heed of the account, and of the objects that syncs use, as its app tells."""
    return list(app.connector.warnings(used)) if isinstance(app.connector, TellsWarnings) else []


def used_objects(workspace: Workspace, name: str) -> set[str]:
    """Return the objects of an app that syncs are about."""
    syncs = workspace.document.syncs.values()
    return {sync.objects[side] for sync in syncs for side in SIDES if sync.apps[side] == name}


def objects_of(app: Opened) -> list[ObjectView]:
    """Return the kinds of record that an app offers; those that may be read are counted."""
    return [_object(app, each) for each in app.connector.objects()]


def _object(app: Opened, object: ObjectType) -> ObjectView:
    """Return a kind of record as it is shown: one that we may not even count may neither be read nor changed."""
    try:
        count = app.connector.count(object.name) if object.readable else None
    except PermissionMissing:
        return ObjectView(object.name, object.label, False, False)
    return ObjectView(object.name, object.label, object.readable, object.writable, count)
