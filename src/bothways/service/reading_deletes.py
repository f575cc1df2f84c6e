"""From the file to what becomes of the partner of a deleted record."""

from collections.abc import Mapping

from bothways.engine.deletes import GRACE, Removal
from bothways.engine.sides import Side
from bothways.engine.spec import Occasion
from bothways.errors import DeletesAgainstDirection
from bothways.service.document import DeletesDocument, TagDocument
from bothways.service.reading_fields import tag_of
from bothways.service.yaml_file import Node

LONGEST_GRACE = 90 * 86_400.0
"""Seconds: as long as HubSpot keeps what was archived."""

REMOVALS = tuple(each for each in Removal if each is not Removal.TAG)
"""What may be said of an app in a word; a tag says more."""


def deletes_of(node: Node, pair: Mapping[str, Side], sends: Mapping[Side, bool]) -> DeletesDocument:
    """Return what a sync of the file says of deletes; ``pair`` gives the side of each app.

    Raises DeletesAgainstDirection where the other app sends nothing, so no deletions either.
    """
    deletes = node.node("deletes")
    deletes.only((*pair, "grace"))
    removals, places, tags = {}, {}, []
    for app, side in pair.items():
        if app not in deletes:
            continue
        where = places[side] = deletes.value_place(app)
        if isinstance(deletes.data[app], Mapping):
            tags.append(_tag(deletes.node(app), side))
            removals[side] = Removal.TAG
        else:
            removals[side] = Removal(deletes.choice(app, REMOVALS, Removal.KEEP))
        if removals[side] is not Removal.KEEP and not sends[side.other]:
            other = next(each for each in pair if each != app)
            raise DeletesAgainstDirection(where=where, app=app, removal=str(removals[side]), other=other)
    grace = deletes.length("grace", GRACE, 0.0, LONGEST_GRACE, "a time from 0s to 90d, such as 3d")
    followed = {side: each for side, each in removals.items() if each is not Removal.KEEP}
    return DeletesDocument(followed, grace, places, tuple(tags))


def _tag(node: Node, side: Side) -> TagDocument:
    node.only((str(Removal.TAG),))
    node.need(str(Removal.TAG), "Such as: {tag: {field: state, value: deleted}}")
    return tag_of(node, str(Removal.TAG), side, Occasion.DELETED)
