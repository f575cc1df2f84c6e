"""From the file to what becomes of the partner of a deleted record."""

from collections.abc import Mapping

from bothways.engine.deletes import GRACE, Removal
from bothways.engine.sides import Side
from bothways.errors import DeletesAgainstDirection, NotAvailableYet
from bothways.service.document import DeletesDocument
from bothways.service.yaml_file import Node

LONGEST_GRACE = 90 * 86_400.0
"""Seconds: as long as HubSpot keeps what was archived."""

REMOVAL_LATER = ("tag",)


def deletes_of(node: Node, pair: Mapping[str, Side], sends: Mapping[Side, bool]) -> DeletesDocument:
    """Return what a sync of the file says of deletes; ``pair`` gives the side of each app.

    Raises DeletesAgainstDirection where the other app sends nothing, so no deletions either.
    """
    deletes = node.node("deletes")
    deletes.only((*pair, "grace"))
    removals, places = {}, {}
    for app, side in pair.items():
        if app not in deletes:
            continue
        value, where = deletes.data[app], deletes.value_place(app)
        if isinstance(value, str) and value in REMOVAL_LATER:
            raise NotAvailableYet(where=where, key=f"{app}: {value}")
        removals[side] = Removal(deletes.choice(app, tuple(Removal), Removal.KEEP))
        places[side] = where
        if removals[side] is not Removal.KEEP and not sends[side.other]:
            other = next(each for each in pair if each != app)
            raise DeletesAgainstDirection(where=where, app=app, removal=str(removals[side]), other=other)
    grace = deletes.length("grace", GRACE, 0.0, LONGEST_GRACE, "a time from 0s to 90d, such as 3d")
    return DeletesDocument({side: each for side, each in removals.items() if each is not Removal.KEEP}, grace, places)
