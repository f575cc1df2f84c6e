"""Mappings that are left out while an app does not have a field of theirs as it was: the sync goes on without them."""

from typing import Any

from bothways.ledger.models import Sync
from bothways.service.database import on_database
from bothways.service.resolution import row_of
from bothways.service.revisions import ON, latest_revision
from bothways.service.rights import Role, for_role
from bothways.service.views import UnfitView
from bothways.service.workspace import Workspace


@on_database
@for_role(Role.VIEWER)
def unfit_mappings(workspace: Workspace) -> list[UnfitView]:
    """Return the mappings of all syncs that are on and left out, with the reason."""
    return [
        UnfitView(name, dict(zip(workspace.sync(name).pair, (left, right), strict=True)), said, code)
        for name in workspace.document.syncs
        for left, right, _, _, code, said in left_out(row_of(workspace, name))
    ]


def left_out(row: Sync) -> list[list[Any]]:
    """Return the mappings of a sync that are on and left out, as its settings in force keep them."""
    document = latest_revision(row).document
    rows = document["applied"].get("unfit", ()) if row.state == ON and document.get("settled") else ()
    return [each for each in rows if each[3]]
