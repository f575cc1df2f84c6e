"""A sync's settings made exact: its row, its two apps, and what the settings come to with the fields of these."""

from dataclasses import dataclass, replace

from bothways.engine.sides import SIDES, Side
from bothways.ledger.models import Sync
from bothways.service.allowances import know
from bothways.service.connect import Opened, open_app
from bothways.service.countries import with_countries
from bothways.service.document import SyncDocument
from bothways.service.door import Schema, check_lists
from bothways.service.names import with_names
from bothways.service.neighbours import neighbour_of, stored_neighbour
from bothways.service.revisions import latest_revision
from bothways.service.scope import stored_fields
from bothways.service.spec import Resolved, resolve
from bothways.service.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Resolution:
    """A sync's exact settings and its two apps, asked for their fields."""

    resolved: Resolved
    apps: dict[Side, Opened]
    schema: Schema


def resolution(workspace: Workspace, name: str, *, at_door: bool = False) -> Resolution:
    """Ask both apps for their fields and make the settings exact; refuse what does not fit, with its place.

    ``at_door``: the settings are new, or about to be used for the first time.
    """
    document = workspace.sync(name)
    apps, schema = asked(workspace, document)
    can = {side: apps[side].connector.capabilities for side in SIDES}
    others = workspace.document.syncs.values()
    resolved = resolve(document, schema, can, others=others, at_door=at_door, needed=None if at_door else _needed(name))
    if at_door:
        for side in SIDES:
            check_lists(document, resolved.spec.scope, side, apps[side].connector)
    by_name = {app.name: app for app in apps.values()}

    def meaning(app: str, object: str) -> str | None:
        return next((each.meaning for each in by_name[app].connector.objects() if each.name == object), None)

    neighbour = neighbour_of(document, others, meaning)
    if neighbour is not None:
        resolved = replace(resolved, neighbour=stored_neighbour(document, neighbour, meaning))
    return Resolution(resolved, apps, schema)


def _needed(name: str) -> dict[Side, set[str]] | None:
    """Return the fields by which a sync tells records apart and knows who takes part; None if it is new."""
    row = Sync.objects.filter(name=name).first()
    document = latest_revision(row).document if row is not None else {}
    if not document.get("settled") or "match_fields" not in document["applied"]:
        return None
    applied = document["applied"]
    return {
        side: {*applied["match_fields"][place], *stored_fields(applied, side)}
        | {field for names in applied.get("roles", ({}, {}))[place].values() for field in names}
        for place, side in enumerate(SIDES)
    }


def asked(workspace: Workspace, document: SyncDocument) -> tuple[dict[Side, Opened], Schema]:
    """Return both apps of a sync, and their fields as its settings see them; what they told lately is not asked."""
    apps = {side: open_app(workspace, document.apps[side]) for side in SIDES}
    for app in apps.values():
        know(workspace, app)
    schema: Schema = {
        side: apps[side].fields(document.objects[side], workspace.clock(), document.object_places[side])
        for side in SIDES
    }
    schema = with_names(document, schema, lambda side, object: apps[side].fields(object, workspace.clock()))
    return apps, with_countries(document, schema, {side: apps[side].document.country for side in SIDES})


def row_of(workspace: Workspace, name: str) -> Sync:
    """Return the row of a sync of the workspace; raise UnknownSync."""
    workspace.sync(name)
    found: Sync = Sync.objects.select_related("left", "right").get(name=name)
    return found
