"""What apps say, by webhooks, has changed: which records of a feed are to be read. Nothing else of it is kept."""

from collections.abc import Collection
from typing import NamedTuple

from bothways.ledger import db
from bothways.ledger.models import Feed

MOST = 1000
"""Records read in one turn; what more there is waits for the next."""


class Hint(NamedTuple):
    """A record to be read. ``told_at``: when we were told of it last (seconds)."""

    id: str
    told_at: float


def keep(feed: Feed, ids: Collection[str], told_at: float) -> int:
    """Keep that records are to be read, by id, in the caller's transaction; return how many were not already."""
    known = db.in_list("SELECT record_id FROM hinted WHERE feed_id=%s AND record_id IN {ids}", (feed.pk,), ids)
    sql = (
        "INSERT INTO hinted (feed_id, record_id, workspace_id, told_at) VALUES (%s,%s,%s,%s) "
        "ON CONFLICT (feed_id, record_id) DO UPDATE SET told_at=excluded.told_at"
    )
    db.execute_many(sql, [(feed.pk, id, feed.workspace_id, told_at) for id in sorted(ids)])
    return len(ids) - len(known)


def of(feed_id: int) -> list[Hint]:
    """Return the records to be read, those that were told of first."""
    sql = "SELECT record_id, told_at FROM hinted WHERE feed_id=%s ORDER BY told_at, record_id LIMIT %s"
    return [Hint(str(id), float(told_at)) for id, told_at in db.rows(sql, (feed_id, MOST))]


def drop(feed_id: int, hints: list[Hint]) -> None:
    """Forget hints that were followed, in the caller's transaction; one that was told of again since stays."""
    sql = "DELETE FROM hinted WHERE feed_id=%s AND record_id=%s AND told_at=%s"
    db.execute_many(sql, [(feed_id, each.id, each.told_at) for each in hints])
