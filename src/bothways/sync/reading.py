"""Read one feed for all syncs that use it: what its app has hinted at, and what it lists as changed."""

from bothways.ledger import db, feeds, hints, webhooks
from bothways.ledger.feeds import SeenRow
from bothways.sync.absorb import absorb, ask
from bothways.sync.context import End, Reader
from bothways.sync.poll import poll


def read_feed(reader: Reader, end: End, *, listing: bool = True) -> int:
    """Take in the records that the app has hinted at, and all changes where ``listing``; return how many changed."""
    changed = _follow_hints(reader, end)
    found = poll(reader, [end]) if listing else 0
    if found:
        webhooks.found_changes(end.app, reader.clock())
    return changed + found


def _follow_hints(reader: Reader, end: End) -> int:
    """Read the records that were hinted at by id: a hint says only where to look."""
    changed = 0
    while told := hints.of(end.feed.pk):
        asked_at = reader.clock()
        known = feeds.seen_by_id(end.feed.pk, [each.id for each in told])
        news = ask(reader, end, [known.get(each.id) or SeenRow(each.id) for each in told])
        with db.transaction_():
            reader.fence()
            changed += len(absorb(end.feed, news, reader.clock(), asked_at))
            hints.drop(end.feed.pk, told)
    return changed
