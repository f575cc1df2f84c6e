"""The plain pairs: two free records that alone hold one key, found in one statement for many records at a time."""

from collections.abc import Iterable, Mapping, Sequence

from bothways.engine.sides import Side
from bothways.ledger import db
from bothways.ledger.models import Sync


def plain_pairs(
    sync: Sync, side: Side, feeds: Mapping[Side, int], slots: Mapping[Side, Sequence[str]], ids: Iterable[str]
) -> dict[str, str]:
    """Return the partner of each record of one side that makes a plain pair by the keys in these slots.

    Both are live and without a link, each holds this one key in these slots and no other, nobody else of either side
    holds it, and nothing is known of either about records kept apart. Of all others nothing is said.
    """
    there = side.other
    own, other = (f"slot IN ({','.join(['%s'] * len(slots[each]))})" for each in (side, there))
    sql = (
        "SELECT m.record_id, o.record_id FROM match_key m "
        f"JOIN match_key o ON o.feed_id=%s AND o.{other} AND o.hash=m.hash "
        "JOIN seen sm ON sm.feed_id=m.feed_id AND sm.record_id=m.record_id AND sm.state='live' "
        "JOIN seen so ON so.feed_id=o.feed_id AND so.record_id=o.record_id AND so.state='live' "
        "WHERE NOT EXISTS (SELECT 1 FROM match_key x WHERE x.feed_id=m.feed_id "
        f"AND x.{own} AND x.hash=m.hash AND x.record_id<>m.record_id) "
        "AND NOT EXISTS (SELECT 1 FROM match_key x WHERE x.feed_id=o.feed_id "
        f"AND x.{other} AND x.hash=o.hash AND x.record_id<>o.record_id) "
        "AND NOT EXISTS (SELECT 1 FROM match_key x WHERE x.record_id=m.record_id AND +x.feed_id=m.feed_id "
        f"AND x.{own} AND x.hash<>m.hash) "
        "AND NOT EXISTS (SELECT 1 FROM match_key x WHERE x.record_id=o.record_id AND +x.feed_id=o.feed_id "
        f"AND x.{other} AND x.hash<>o.hash) "
        f"AND NOT EXISTS (SELECT 1 FROM link l WHERE l.sync_id=%s AND l.state IN ('pending','active') "
        f"AND l.{side}_id=m.record_id) "
        f"AND NOT EXISTS (SELECT 1 FROM link l WHERE l.sync_id=%s AND l.state IN ('pending','active') "
        f"AND l.{there}_id=o.record_id) "
        f"AND NOT EXISTS (SELECT 1 FROM apart a WHERE a.sync_id=%s AND a.{side}_id=m.record_id) "
        f"AND NOT EXISTS (SELECT 1 FROM apart a WHERE a.sync_id=%s AND a.{there}_id=o.record_id) "
        f"AND +m.feed_id=%s AND m.{own} AND m.record_id IN {{ids}}"
    )
    mine, theirs = slots[side], slots[there]
    params = (feeds[there], *theirs, *mine, *theirs, *mine, *theirs, *[sync.pk] * 4, feeds[side], *mine)
    return dict(db.in_list(sql, params, ids))
