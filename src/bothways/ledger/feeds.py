"""Feeds: what was last seen of every record of an object, its keys, and who must look at it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

import orjson

from bothways.ledger import db
from bothways.ledger.models import Feed, Sync
from bothways.records import Record, Value

_SEEN = (
    "feed_id",
    "record_id",
    "workspace_id",
    "address",
    "version",
    "data",
    "modified",
    "stamp_seen_at",
    "read_at",
    "first_seen_at",
    "swept",
    "state",
    "problem",
    "became",
)
_SELECT = (
    "SELECT record_id, address, version, data, modified, stamp_seen_at, read_at, first_seen_at, swept, "
    "state, problem, lists, became FROM seen WHERE feed_id=%s AND "
)

_OF_FEED = "+feed_id=%s"
"""The plus keeps SQLite from walking all keys of a feed, where it is to look up those of some records."""


class SeenRow(NamedTuple):
    """What a feed last saw of one record. ``read_at`` 0: the values are known to be out of date.

    ``lists`` are those of the app's lists that the record is in, of the ones looked at (``sync.lists``).
    ``became``: the object and the id of the record that this one was turned into, or merged into.
    """

    id: str
    address: str | None = None
    version: str | None = None
    values: Mapping[str, Value] | None = None
    modified: float | None = None
    stamp_seen_at: float = 0.0
    read_at: float = 0.0
    first_seen_at: float = 0.0
    swept: float = 0.0
    state: str = "live"
    problem: str | None = None
    lists: tuple[str, ...] = ()
    became: tuple[str, str] | None = None

    @property
    def live(self) -> bool:
        return self.state == "live"

    @property
    def converted(self) -> bool:
        """Whether it was turned into a record of another object."""
        return self.state == "converted"

    @property
    def record(self) -> Record:
        """The row as a record."""
        return Record(self.id, self.values or {}, self.address, self.version, self.modified)


def tell_the_same(one: SeenRow | None, other: SeenRow | None) -> bool:
    """Tell whether two rows of a record tell the same of it, whenever it was read."""
    if one is None or other is None:
        return one is other
    return _told_by(one) == _told_by(other)


def _told_by(row: SeenRow) -> tuple[object, ...]:
    return row.version, row.values, row.modified, row.state, row.problem, row.lists, row.became


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of a record, before hashing."""

    slot: str
    key: str


@dataclass(slots=True)
class Marks:
    """Records to be looked at, collected while a page is stored: ids of this feed, and touched keys."""

    ids: set[str] = field(default_factory=set)
    keys: set[tuple[str, str]] = field(default_factory=set)


def key_hash(key: str) -> str:
    """Return the stored form of a key: hashed, so that joins are small and no address lies about twice."""
    return blake2b(key.encode(), digest_size=12).hexdigest()


def seen_by_id(feed_id: int, ids: Iterable[str]) -> dict[str, SeenRow]:
    """Return what is known of these ids."""
    found = db.in_list(_SELECT + "record_id IN {ids}", (feed_id,), ids)
    return {row[0]: _seen(row) for row in found}


def seen_by_address(feed_id: int, addresses: Iterable[str]) -> dict[str, SeenRow]:
    """Return what is known of the records at these addresses, by address."""
    found = db.in_list(_SELECT + "address IN {ids}", (feed_id,), addresses)
    return {row[1]: _seen(row) for row in found}


def not_live(feed_id: int, ids: Iterable[str]) -> list[str]:
    """Return those of the ids that are known to be gone or merged away."""
    sql = "SELECT record_id FROM seen WHERE feed_id=%s AND state<>'live' AND record_id IN {ids}"
    return [row[0] for row in db.in_list(sql, (feed_id,), ids)]


def save_seen(feed: Feed, seen: Iterable[SeenRow]) -> None:
    """Store the rows, replacing what was known of their ids."""
    data = [
        (
            feed.pk,
            row.id,
            feed.workspace_id,
            row.address,
            row.version,
            orjson.dumps(row.values).decode() if row.values is not None else None,
            row.modified,
            row.stamp_seen_at,
            row.read_at,
            row.first_seen_at,
            row.swept,
            row.state,
            row.problem,
            _packed(row.became),
        )
        for row in seen
    ]
    db.upsert("seen", _SEEN, ("feed_id", "record_id"), data)


def turned_into(feed_id: int, object: str, ids: Iterable[str]) -> dict[str, list[str]]:
    """Return, per id of a record of another object, the records of this feed that were turned into it."""
    wanted = {_packed((object, id)): id for id in ids}
    sql = "SELECT record_id, became FROM seen WHERE feed_id=%s AND became IN {ids} ORDER BY record_id"
    found: dict[str, list[str]] = {}
    for record_id, became in db.in_list(sql, (feed_id,), wanted):
        found.setdefault(wanted[became], []).append(record_id)
    return found


def survivors(feed_id: int, ids: Iterable[str]) -> dict[str, str]:
    """Return, for those of the ids that were merged away, the record that each is by now."""
    sql = "SELECT record_id, became FROM seen WHERE feed_id=%s AND state='merged' AND record_id IN {ids}"
    into: dict[str, str] = {}
    wanted = ahead = set(ids)
    while ahead:
        rows = db.in_list(sql, (feed_id,), ahead)
        into |= {record_id: orjson.loads(became)[1] for record_id, became in rows if became is not None}
        ahead = {into[id] for id in ahead if id in into} - into.keys()
    return {id: _last(into, id) for id in wanted if id in into}


def merged_at(feed_id: int, ids: Iterable[str]) -> dict[str, float]:
    """Return, for those of the ids that were merged away, when that was read (seconds)."""
    sql = "SELECT record_id, read_at FROM seen WHERE feed_id=%s AND state='merged' AND record_id IN {ids}"
    return dict(db.in_list(sql, (feed_id,), set(ids)))


def _last(into: Mapping[str, str], id: str) -> str:
    followed = {id}
    while (after := into.get(id)) is not None and after not in followed:
        followed.add(after)
        id = after
    return id


def forget_merged(feed_id: int, id: str) -> None:
    """Forget a record that was merged away: asked for again, the app says into which."""
    db.execute("DELETE FROM seen WHERE feed_id=%s AND record_id=%s AND state='merged'", (feed_id, id))


def keys_of(feed_id: int, ids: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
    """Return the computed keys of records, as (slot, hash)."""
    sql = f"SELECT record_id, slot, hash FROM match_key WHERE {_OF_FEED} AND NOT told AND record_id IN {{ids}}"
    found: dict[str, set[tuple[str, str]]] = {}
    for record_id, slot, hashed in db.in_list(sql, (feed_id,), ids):
        found.setdefault(record_id, set()).add((slot, hashed))
    return found


def replace_keys(
    feed: Feed, keys: Mapping[str, set[tuple[str, str]]], slots: Collection[str] | None = None
) -> set[tuple[str, str]]:
    """Make ``keys`` (record id -> (slot, hash)) the computed keys; return all that came or went.

    ``slots``: those that they were computed for; keys of others stay, since another sync may have come to need them.
    """
    before = keys_of(feed.pk, keys)
    if slots is not None:
        before = {id: {(slot, hashed) for slot, hashed in held if slot in slots} for id, held in before.items()}
    touched: set[tuple[str, str]] = set()
    gone, come = [], []
    for record_id, now in keys.items():
        old = before.get(record_id, set())
        gone += [(feed.pk, slot, hashed, record_id) for slot, hashed in old - now]
        come += [(feed.pk, slot, hashed, record_id, feed.workspace_id, False) for slot, hashed in now - old]
        touched |= old ^ now
    db.execute_many("DELETE FROM match_key WHERE feed_id=%s AND slot=%s AND hash=%s AND record_id=%s", gone)
    _insert_keys(come)
    return touched


def tell_key(feed: Feed, slot: str, key: str, record_id: str) -> None:
    """Remember a key that the app itself says this record holds (a refused duplicate, a look-up)."""
    _insert_keys([(feed.pk, slot, key_hash(key), record_id, feed.workspace_id, True)])


def _insert_keys(data: Sequence[Sequence[object]]) -> None:
    columns = ("feed_id", "slot", "hash", "record_id", "workspace_id", "told")
    key = ("feed_id", "slot", "hash", "record_id")
    db.upsert("match_key", columns, key, data)


def drop_keys(feed: Feed, ids: Sequence[str]) -> set[tuple[str, str]]:
    """Forget every key of records that are gone; return the keys."""
    sql = f"SELECT slot, hash FROM match_key WHERE {_OF_FEED} AND record_id IN {{ids}}"
    touched = {(slot, hashed) for slot, hashed in db.in_list(sql, (feed.pk,), ids)}
    db.execute_many("DELETE FROM match_key WHERE feed_id=%s AND record_id=%s", [(feed.pk, each) for each in ids])
    return touched


def drop_told_keys(feed: Feed, ids: Sequence[str]) -> set[tuple[str, str]]:
    """Forget what the app told of records that were edited since; return those keys."""
    sql = f"SELECT slot, hash FROM match_key WHERE {_OF_FEED} AND told AND record_id IN {{ids}}"
    touched = {(slot, hashed) for slot, hashed in db.in_list(sql, (feed.pk,), ids)}
    if touched:
        db.in_list_execute(f"DELETE FROM match_key WHERE {_OF_FEED} AND told AND record_id IN {{ids}}", (feed.pk,), ids)
    return touched


def holders(feed_id: int, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], set[str]]:
    """Return the live records that hold each (slot, hash)."""
    by_slot: dict[str, list[str]] = {}
    for slot, hashed in keys:
        by_slot.setdefault(slot, []).append(hashed)
    found: dict[tuple[str, str], set[str]] = {}
    sql = (
        "SELECT k.hash, k.record_id FROM match_key k JOIN seen s ON s.feed_id=k.feed_id AND s.record_id=k.record_id "
        "WHERE k.feed_id=%s AND k.slot=%s AND s.state='live' AND k.hash IN {ids}"
    )
    for slot, hashes in by_slot.items():
        for hashed, record_id in db.in_list(sql, (feed_id, slot), hashes):
            found.setdefault((slot, hashed), set()).add(record_id)
    return found


def all_keys_of(feed_id: int, ids: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
    """Return the keys of records, told ones included."""
    sql = f"SELECT record_id, slot, hash FROM match_key WHERE {_OF_FEED} AND record_id IN {{ids}}"
    found: dict[str, set[tuple[str, str]]] = {}
    for record_id, slot, hashed in db.in_list(sql, (feed_id,), ids):
        found.setdefault(record_id, set()).add((slot, hashed))
    return found


class Duplicates(NamedTuple):
    """Keys that several live records of a feed hold: how many, how many records, and the records of some of them."""

    groups: int
    records: int
    examples: list[list[str]]


def duplicates(feed_id: int, slots: Sequence[str], examples: int = 3) -> Duplicates:
    """Return the keys in these slots that several live records hold. Walks all keys of the feed."""
    marks = ",".join(["%s"] * len(slots))
    held = (
        "SELECT k.hash AS hash, COUNT(DISTINCT k.record_id) AS records FROM match_key k "
        "JOIN seen s ON s.feed_id=k.feed_id AND s.record_id=k.record_id "
        f"WHERE k.feed_id=%s AND k.slot IN ({marks}) AND s.state='live' "
        "GROUP BY k.hash HAVING COUNT(DISTINCT k.record_id)>1"
    )
    params = (feed_id, *slots)
    groups, records = db.rows(f"SELECT COUNT(*), COALESCE(SUM(records), 0) FROM ({held}) AS found", params)[0]
    shown = db.rows(f"{held} ORDER BY records DESC, hash LIMIT {int(examples)}", params) if groups else []
    found = [sorted(set().union(*holders(feed_id, {(slot, hashed) for slot in slots}).values())) for hashed, _ in shown]
    return Duplicates(int(groups), int(records), found)


def live_count(feed_id: int) -> int:
    """Return how many records of the feed are there."""
    return int(db.value("SELECT COUNT(*) FROM seen WHERE feed_id=%s AND state='live'", (feed_id,)))


def size(feed_id: int, most: int) -> int:
    """Return how many records the feed knows, counted up to ``most``."""
    return int(db.value("SELECT COUNT(*) FROM (SELECT 1 FROM seen WHERE feed_id=%s LIMIT %s) AS s", (feed_id, most)))


def unswept(feed_id: int, since: float) -> int:
    """Return how many live records a sweep begun at ``since`` did not meet."""
    return int(db.value("SELECT COUNT(*) FROM seen WHERE feed_id=%s AND state='live' AND swept<%s", (feed_id, since)))


def unswept_page(feed_id: int, since: float, after: str, size: int = 100) -> list[SeenRow]:
    """Return the next live records that a sweep begun at ``since`` did not meet."""
    sql = _SELECT + "state='live' AND swept<%s AND record_id>%s ORDER BY record_id LIMIT %s"
    return [_seen(row) for row in db.rows(sql, (feed_id, since, after, size))]


def seen_since(feed_id: int, since: float) -> list[SeenRow]:
    """Return the live records first seen at or after a time (seconds)."""
    return [_seen(row) for row in db.rows(_SELECT + "state='live' AND first_seen_at>=%s", (feed_id, since))]


def sides_of(feed: Feed, *, off: bool = False) -> list[tuple[Sync, str]]:
    """Return every sync that uses this feed and is not off, with the side it is; a draft is planned, too.

    ``off``: those that are off as well. Of each only its ids, its state and slots are read.
    """
    columns, which = "id, workspace_id, left_id, right_id, slots, state", "" if off else " AND state<>'off'"
    sql = f"SELECT {columns} FROM sync WHERE (left_id=%s OR right_id=%s){which} ORDER BY id"
    syncs = Sync.objects.raw(sql, (feed.pk, feed.pk))
    return [(sync, "left" if sync.left_id == feed.pk else "right") for sync in syncs]


def in_lists(feed_id: int) -> dict[str, frozenset[str]]:
    """Return the records that are in a list, with their lists; those of the same lists share them."""
    shared: dict[str, frozenset[str]] = {}
    found = db.rows("SELECT record_id, lists FROM seen WHERE feed_id=%s AND lists IS NOT NULL", (feed_id,))
    return {id: shared.get(text) or shared.setdefault(text, frozenset(orjson.loads(text))) for id, text in found}


def lists_read(feed_id: int) -> dict[str, float]:
    """Return when (seconds) which lists were read; nobody else stores any before the caller's transaction has ended."""
    row = Feed.objects.select_for_update().only("lists").get(pk=feed_id)
    return dict(row.lists)


def set_lists(feed_id: int, lists: Mapping[str, Sequence[str]]) -> None:
    """Store which lists records are in; what is known of them is out of date, so that they are read anew."""
    data = [(orjson.dumps(sorted(names)).decode() if names else None, feed_id, id) for id, names in lists.items()]
    db.execute_many("UPDATE seen SET lists=%s, read_at=0 WHERE feed_id=%s AND record_id=%s", data)


def hand_on_lists(feed_id: int, lists: Mapping[str, Collection[str]]) -> None:
    """Let records be in these lists besides, until the lists are read again."""
    rows = seen_by_id(feed_id, lists)
    data = [(orjson.dumps(sorted({*row.lists, *lists[id]})).decode(), feed_id, id) for id, row in rows.items()]
    db.execute_many("UPDATE seen SET lists=%s WHERE feed_id=%s AND record_id=%s", data)


def save_position(feed: Feed) -> None:
    """Store how far the feed was read; nothing else of it, since its settings may change meanwhile."""
    db.execute(
        "UPDATE feed SET cursor=%s, baseline_done=%s, polled_at=%s, complete_to=%s, swept_at=%s WHERE id=%s",
        (feed.cursor, feed.baseline_done, feed.polled_at, feed.complete_to, feed.swept_at, feed.pk),
    )


def _packed(became: tuple[str, str] | None) -> str | None:
    return orjson.dumps(became).decode() if became else None


def _seen(row: Sequence[object]) -> SeenRow:
    *plain, lists, became = row
    plain[3] = orjson.loads(data) if isinstance(data := plain[3], str | bytes) else None
    inside = tuple(orjson.loads(lists)) if isinstance(lists, str) else ()
    into = tuple(orjson.loads(became)) if isinstance(became, str) else None
    return SeenRow._make((*plain, inside, into))
