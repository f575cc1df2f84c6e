"""What was written to a pair while one of its records was a lead, in the words of the sync of the contacts."""

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import key_of
from bothways.ledger import journal
from bothways.ledger.journal import Entry
from bothways.ledger.models import Link, Sync
from bothways.service.revisions import latest_revision


def as_a_lead(sync: Sync, link_id: int) -> list[Entry]:
    """Return the journal of a lead's link as that of the contact's, oldest first.

    A field is that of the mapping in ``sync`` with the same field of the other app; others are left out.
    """
    former = Sync.objects.filter(pk__in=Link.objects.filter(pk=link_id).values("sync_id")).first()
    if former is None:
        return []
    then, now = _pairs(former), _pairs(sync)
    shared = next(side for side in SIDES if _feed(sync, side) in (former.left_id, former.right_id))
    turned = _feed(former, shared) != _feed(sync, shared)
    there = shared.other if turned else shared
    names = {key_of(*each): each[SIDES.index(there)] for each in then}
    keys = {each[SIDES.index(shared)]: key_of(*each) for each in now}
    return [
        _translated(entry, turned, {key: keys[name] for key, name in names.items() if name in keys})
        for entry in journal.of_link(link_id)
    ]


def _translated(entry: Entry, turned: bool, keys: dict[str, str]) -> Entry:
    writes = {
        keys[key]: write if entry.kind == "unlink" else write._replace(reason=f"{write.reason} (as a lead)")
        for key, write in entry.writes.items()
        if key in keys
    }
    return entry._replace(side=entry.side.other if turned else entry.side, writes=writes)


def _pairs(sync: Sync) -> list[tuple[str, str]]:
    """Return the names of the mapped fields of a sync, left and right, as last in force."""
    applied = latest_revision(sync).document["applied"] or {"fields": []}
    return [(left, right) for left, right, *_ in applied["fields"]]


def _feed(sync: Sync, side: Side) -> int:
    return int(sync.left_id if side is Side.LEFT else sync.right_id)
