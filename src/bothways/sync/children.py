"""Records that refer to others, and are to be looked at again when those are linked."""

from collections.abc import Iterable, Mapping

from bothways.engine.sides import Side
from bothways.engine.spec import CALLED, REFERENCE
from bothways.ledger import db, due, feeds
from bothways.ledger.feeds import SeenRow
from bothways.ledger.models import Feed, Sync
from bothways.records import recipe_of
from bothways.sync.alike import wake_neighbours


def wake_children(sync: Sync, linked: Mapping[Side, Iterable[str]]) -> None:
    """Mark as due, in all syncs, every record that refers to one that was linked just now: it may have waited.

    In the neighbour sync of leads, or of contacts, it is looked at what that link means for it.
    """
    for side, ids in linked.items():
        kept = list(ids)
        wake_neighbours(sync, side, kept)
        feed_id = sync.left_id if side is Side.LEFT else sync.right_id
        for child, slot in _referring(feed_id, REFERENCE) if kept else ():
            _mark(child, slot, kept)


def wake_callers(feed: Feed, before: Mapping[str, SeenRow], after: Iterable[SeenRow]) -> None:
    """Mark as due, in all syncs, every record that refers by name to one whose name was changed just now."""
    changed = [(was.values or {}, row) for row in after if (was := before.get(row.id)) is not None]
    for child, slot in _referring(feed.pk, CALLED) if changed else ():
        recipe = recipe_of(slot.partition(":")[2])
        name = recipe.named if recipe else ""
        _mark(child, slot, [row.id for was, row in changed if was.get(name) != (row.values or {}).get(name)])


def _mark(child: Feed, slot: str, ids: Iterable[str]) -> None:
    """Mark as due the records of a feed that refer, by what it keeps in a slot, to records of these ids."""
    held = feeds.holders(child.pk, [(slot, feeds.key_hash(id)) for id in ids])
    waiting = set().union(*held.values()) if held else set()
    for other, each in feeds.sides_of(child) if waiting else ():
        due.mark(other, each, waiting)


def _referring(feed_id: int, how: str) -> list[tuple[Feed, str]]:
    """Return the feeds of the same connection that keep which of their records refer to those of a feed, and how."""
    object, connection_id = db.rows("SELECT object, connection_id FROM feed WHERE id=%s", (feed_id,))[0]
    beginning = f"{how} {object}:"
    return [
        (feed, slot)
        for feed in Feed.objects.filter(connection_id=connection_id)
        for slot, _ in feed.slots
        if slot.startswith(beginning)
    ]
