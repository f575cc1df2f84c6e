"""Records that refer to others, and are to be looked at again when those are linked."""

from collections.abc import Iterable, Mapping

from bothways.engine.sides import Side
from bothways.engine.spec import REFERENCE
from bothways.ledger import db, due, feeds
from bothways.ledger.models import Feed, Sync
from bothways.sync.alike import wake_neighbours


def wake_children(sync: Sync, linked: Mapping[Side, Iterable[str]]) -> None:
    """Mark as due, in all syncs, every record that refers to one that was linked just now: it may have waited.

    In the neighbour sync of leads, or of contacts, it is looked at what that link means for it.
    """
    for side, named in linked.items():
        ids = list(named)
        wake_neighbours(sync, side, ids)
        hashes = [feeds.key_hash(id) for id in ids]
        if not hashes:
            continue
        feed_id = sync.left_id if side is Side.LEFT else sync.right_id
        for child, slot in _referring(feed_id):
            held = feeds.holders(child.pk, [(slot, each) for each in hashes])
            waiting = set().union(*held.values()) if held else set()
            for other, each in feeds.sides_of(child) if waiting else ():
                due.mark(other, each, waiting)


def _referring(feed_id: int) -> list[tuple[Feed, str]]:
    """Return the feeds of the same connection that keep which of their records refer to those of a feed."""
    object, connection_id = db.rows("SELECT object, connection_id FROM feed WHERE id=%s", (feed_id,))[0]
    beginning = f"{REFERENCE} {object}:"
    return [
        (feed, slot)
        for feed in Feed.objects.filter(connection_id=connection_id)
        for slot, _ in feed.slots
        if slot.startswith(beginning)
    ]
