"""Who shares an e-mail address with whom in two objects of one app, and who is to be looked at again for it.

Nothing is known here of the settings: two syncs of the same two apps that have one object in common are neighbours.
"""

from collections.abc import Collection, Iterable

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, due, feeds, links
from bothways.ledger.models import Feed, Sync


def feed_of(sync: Sync, side: Side) -> Feed:
    """Return the feed of one side."""
    found: Feed = sync.left if side is Side.LEFT else sync.right
    return found


def _emails(feed: Feed) -> set[str]:
    """Return the slots in which a feed keeps e-mail addresses."""
    return {slot for slot, parts in feed.slots if len(parts) == 1 and parts[0][0] == "email"}


def alike(feed: Feed, ids: Collection[str], other: Feed) -> dict[str, set[str]]:
    """Return, per record of one feed, the live records of another that have an e-mail address of it."""
    slots = _emails(feed)
    held = {
        id: {hashed for slot, hashed in keys if slot in slots} for id, keys in feeds.all_keys_of(feed.pk, ids).items()
    }
    by_hash = _holders(other, _emails(other), set().union(*held.values()) if held else set())
    return {id: set().union(*(by_hash.get(hashed, set()) for hashed in hashes)) for id, hashes in held.items()}


def _holders(feed: Feed, slots: Iterable[str], hashes: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for (_, hashed), ids in feeds.holders(feed.pk, {(slot, each) for slot in slots for each in hashes}).items():
        found.setdefault(hashed, set()).update(ids)
    return found


# --- who is to be looked at again ---------------------------------------------------------------------


def wake_neighbours(sync: Sync, side: Side, ids: Collection[str]) -> None:
    """Mark as due in the neighbour sync what a link that was made, or has ended, concerns there.

    ``ids`` are records of one side of it. What both syncs have, and who has the same e-mail address, is looked at.
    """
    for other, there in _neighbours_of(sync):
        own = Side.LEFT if sync.left_id in (other.left_id, other.right_id) else Side.RIGHT
        if side is own:
            due.mark(other, there, ids)
            continue
        found = alike(feed_of(sync, side), ids, feed_of(other, there.other))
        due.mark(other, there.other, set().union(*found.values()))


def wake_neighbours_of(
    sync: Sync, side: Side, feed: Feed, changed: Collection[str], touched: Collection[tuple[str, str]]
) -> None:
    """Mark as due in the neighbour sync those without a link that share a key with what changed on one side of ours.

    ``touched`` are keys that came or went. What changed in the object that both syncs have is due in both anyway.
    """
    for other, there in _neighbours_of(sync):
        if feed.pk in (other.left_id, other.right_id):
            continue
        keys = set(touched) | set().union(*feeds.all_keys_of(feed.pk, changed).values())
        emails = _emails(feed)
        theirs, both = feed_of(other, there.other), feed_of(other, there)
        place = SIDES.index(side)
        asked = {
            (slot, hashed)
            for rule in sync.slots
            for known, hashed in keys
            if known in rule[place]
            for slot in rule[1 - place]
        }
        hashes = {hashed for slot, hashed in keys if slot in emails}
        for at, ids in (
            (there.other, set().union(*_holders(theirs, _emails(theirs), hashes).values())),
            (there, set().union(*feeds.holders(both.pk, asked).values())),
        ):
            due.mark(other, at, ids - links.live_by_record(other, at, ids).keys())


def _neighbours_of(sync: Sync) -> list[tuple[Sync, Side]]:
    """Return the syncs of the same two apps that have one object in common with a sync, and their side that has it."""
    ends = (sync.left_id, sync.right_id)
    shares = "(left_id IN (%s,%s) OR right_id IN (%s,%s))"
    sql = f"SELECT id FROM sync WHERE id<>%s AND deleted_at=0 AND state<>'off' AND {shares}"
    ids = [row[0] for row in db.rows(sql, (sync.pk, *ends, *ends))]
    found = []
    for other in Sync.objects.select_related("left", "right").filter(pk__in=ids) if ids else ():
        there = Side.LEFT if other.left_id in ends else Side.RIGHT
        mine = [feed for feed in (sync.left, sync.right) if feed.pk not in (other.left_id, other.right_id)]
        if len(mine) == 1 and mine[0].connection_id == feed_of(other, there.other).connection_id:
            found.append((other, there))
    return found
