"""What is asked once when a sync gets on, by the command or by an edit of the file, and when it is edited later.

The last revision of the settings keeps that it was asked, and who else writes the same and was accepted.
"""

from typing import NamedTuple

from bothways.engine.sides import SIDES
from bothways.errors import OthersNotConfirmed, PermissionMissing, SettingsError
from bothways.ledger.models import Revision, Sync
from bothways.service.deleting import settle_old_links
from bothways.service.document import SyncDocument, refuse_ring
from bothways.service.others import other_writers
from bothways.service.resolution import Resolution, resolution
from bothways.service.revisions import ON, has_begun, latest_revision
from bothways.service.workspace import Workspace


class Others(NamedTuple):
    """Who else writes the same: in words those that nobody has accepted yet; all of them as plain rows."""

    new: str
    rows: list[list[str]]


def admitted(workspace: Workspace, row: Sync) -> Resolution:
    """Return the exact settings of a sync that is about to run, checked at the door if it got on or was edited since.

    Raises OthersNotConfirmed and OldLinks where a person must say first that it is meant, and all that ``check`` does.
    """
    if is_admitted(row):
        return resolution(workspace, row.name, at_door=not latest_revision(row).document["settled"])
    found = check(workspace, workspace.sync(row.name))
    others = others_asked(workspace, row, found)
    if others.new:
        raise OthersNotConfirmed(name=row.name, reasons=others.new)
    if not has_begun(row):
        settle_old_links(row, None)
    note_admitted(row, others)
    return found


def is_admitted(row: Sync) -> bool:
    """Tell whether a sync is on and everything was asked since it got on, and since it was edited."""
    return row.state == ON and bool(latest_revision(row).document.get("admitted", True))


def others_asked(workspace: Workspace, row: Sync, found: Resolution) -> Others:
    """Return who else writes what a sync would write; who was accepted is no news as long as it stays on."""
    accepted = latest_revision(row).document.get("others", []) if row.state == ON else []
    others = other_writers(workspace, found)
    new = [each.words for each in others if any(known not in accepted for known in each.rows)]
    return Others("; ".join(new), [known for each in others for known in each.rows])


def note_admitted(row: Sync, others: Others) -> None:
    """Keep that everything was asked, and who else writes the same."""
    revision = latest_revision(row)
    document = {**revision.document, "admitted": True, "others": others.rows}
    Revision.objects.filter(pk=revision.pk).update(document=document)


def check(workspace: Workspace, document: SyncDocument) -> Resolution:
    """Check a sync at the door: both apps answer, their objects and fields are there, something may flow."""
    found = resolution(workspace, document.name, at_door=True)
    for side in SIDES:
        app = found.apps[side]
        app.connector.check()
        object = app.object(document.objects[side], document.object_places[side])
        written = any(found.resolved.spec.writes(each, side) for each in found.resolved.spec.fields)
        if not object.readable or (written and not object.writable):
            deed = "changed" if object.readable else "read"
            raise PermissionMissing(app=app.name, reason=f"{object.label} may not be {deed} with these credentials")
        if found.resolved.spec.removes(side) and not object.deletable:
            raise PermissionMissing(app=app.name, reason=f"{object.label} may not be deleted with these credentials")
    if not any(found.resolved.spec.writes(each, side) for each in found.resolved.spec.fields for side in SIDES):
        raise SettingsError(where=document.place, reason="no field may be written in any of the two apps")
    syncs = workspace.document.syncs.values()
    refuse_ring(document, [each for each in syncs if each.state == "on" and each.name != document.name])
    return found
