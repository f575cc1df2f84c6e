"""The journal: every write with what it replaced. The intent is committed before the call, the result after."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from bothways.engine.field_state import Landed
from bothways.engine.sides import Side
from bothways.ledger import db
from bothways.ledger.models import Feed, Sync
from bothways.records import Value

_COLUMNS = "id, run_id, link_id, side, record_id, kind, state, rule, marker, data, message, created_at, done_at"
UNDO = "undo"
"""The kind of an entry that puts values back; the other side keeps its own, and both are agreed."""

OPEN = "state IN ('intent','in_flight')"


class FieldWrite(NamedTuple):
    """One field of a write: what was there, what was sent, why; ``source`` is the other side's raw value.

    ``stored`` is what the app holds after it. ``conflict``: ``before`` was an edit that lost. Not
    ``landed``: the app ignored it, or it is not known to have arrived; ``before`` is kept all the same.
    """

    before: Value
    after: Value
    rule: str
    reason: str
    source: Value = None
    stored: Value = None
    conflict: bool = False
    field: str = ""
    landed: bool = True


class Entry(NamedTuple):
    """One write of one record."""

    id: int
    run_id: int
    link_id: int | None
    side: Side
    record_id: str | None
    kind: str
    state: str
    rule: str
    marker: str
    writes: Mapping[str, FieldWrite] = MappingProxyType({})
    more: Mapping[str, Any] = MappingProxyType({})
    message: str = ""
    created_at: float = 0.0
    done_at: float | None = None


def add(sync: Sync, run_id: int, entries: Sequence[Entry], now: float) -> list[int]:
    """Store new entries in the state they have; return their ids, in order.

    The entries of one call must differ in link, side or record.
    """
    columns = ("workspace_id", "sync_id", *_COLUMNS.split(", ")[1:])
    data = [
        (
            sync.workspace_id,
            sync.pk,
            run_id,
            each.link_id,
            str(each.side),
            each.record_id,
            each.kind,
            each.state,
            each.rule,
            each.marker,
            _pack(each.writes, each.more),
            each.message,
            now,
            each.done_at,
        )
        for each in entries
    ]
    made = {row[1:]: int(row[0]) for row in db.insert("journal", columns, data, "id, link_id, side, record_id")}
    return [made[each.link_id, str(each.side), each.record_id] for each in entries]


def in_flight(ids: Sequence[int]) -> None:
    """Mark intents as being sent right now."""
    db.in_list_execute("UPDATE journal SET state='in_flight' WHERE id IN {ids}", (), ids)


def close(ended: Sequence[tuple[Entry, str | None]], state: str, now: float, message: str = "") -> None:
    """Record the result of entries together with their final field writes.

    Each comes with the record it was about, where that was not known before (a create).
    """
    db.execute_many(
        "UPDATE journal SET state=%s, done_at=%s, record_id=%s, message=%s, data=%s WHERE id=%s",
        [
            (state, now, record_id or each.record_id, message, _pack(each.writes, each.more), each.id)
            for each, record_id in ended
        ],
    )


NEVER_SEEN = "deleted before it was found out"
"""Says of an entry that nobody knows what became of it, since its record was gone when it was asked for."""


def reopen(link_ids: Iterable[int]) -> None:
    """Let what nobody could find out of these links be asked again: their records are there again."""
    sql = "UPDATE journal SET state='in_flight', done_at=NULL, message='' WHERE link_id=%s AND message=%s"
    db.execute_many(sql, [(link_id, NEVER_SEEN) for link_id in link_ids])


def open_entries(sync: Sync) -> list[Entry]:
    """Return every intent whose result is not recorded, oldest first."""
    return _entries(db.rows(f"SELECT {_COLUMNS} FROM journal WHERE sync_id=%s AND {OPEN} ORDER BY id", (sync.pk,)))


def open_link_ids(sync: Sync) -> set[int]:
    """Return the links with an open intent."""
    return {row[0] for row in db.rows(f"SELECT link_id FROM journal WHERE sync_id=%s AND {OPEN}", (sync.pk,))}


def is_open(run_id: int) -> bool:
    """Tell whether the result of anything that a run wrote is not recorded yet."""
    sql = f"SELECT 1 FROM journal WHERE sync_id=(SELECT sync_id FROM run WHERE id=%s) AND run_id=%s AND {OPEN} LIMIT 1"
    return db.one(sql, (run_id, run_id)) is not None


def oldest_open_create(sync: Sync, side: Side) -> float | None:
    """Return when (seconds) the oldest open intent to create a record on this side was stored, None without one."""
    sql = f"SELECT MIN(created_at) FROM journal WHERE sync_id=%s AND side=%s AND kind='create' AND {OPEN}"
    found = db.value(sql, (sync.pk, str(side)))
    return None if found is None else float(found)


def being_made(feed: Feed, but: int, since: float) -> list[dict[str, Value]]:
    """Return, by field, what other syncs than ``but`` are making in a feed's app since a time (seconds), or may be."""
    sql = (
        "SELECT j.data FROM journal j JOIN sync s ON s.id=j.sync_id WHERE j.kind='create' AND j.created_at>%s "
        "AND ((s.left_id=%s AND j.side='left') OR (s.right_id=%s AND j.side='right')) AND s.id<>%s "
        f"AND j.{OPEN}"
    )
    found = (orjson.loads(data)["writes"] for (data,) in db.rows(sql, (since, feed.pk, feed.pk, but)))
    return [{write["field"]: write["after"] for write in writes.values()} for writes in found]


def deleted_since(sync: Sync, since: float) -> int:
    """Return how many records were deleted since a time (seconds) for their partners were; what may have been, too."""
    sql = (
        "SELECT COUNT(*) FROM journal WHERE sync_id=%s AND kind='archive' AND rule='R4d' AND created_at>%s "
        "AND state IN ('intent','in_flight','done')"
    )
    return int(db.value(sql, (sync.pk, since)))


def of_run(run_id: int, after: int = 0, size: int = 500) -> list[Entry]:
    """Return a page of a run's entries, in order."""
    sql = f"SELECT {_COLUMNS} FROM journal WHERE run_id=%s AND id>%s ORDER BY id LIMIT %s"
    return _entries(db.rows(sql, (run_id, after, size)))


def done_before(run_id: int, before: int, size: int = 100) -> list[Entry]:
    """Return a run's writes that landed, newest first, older than the entry ``before``."""
    sql = (
        f"SELECT {_COLUMNS} FROM journal WHERE run_id=%s AND id<%s AND state='done' "
        "AND kind IN ('update','create','archive','undo') ORDER BY id DESC LIMIT %s"
    )
    return _entries(db.rows(sql, (run_id, before, size)))


def written_in(run_id: int, after: int = 0, size: int = 50) -> list[Entry]:
    """Return a page of a run's writes that landed, in order."""
    sql = (
        f"SELECT {_COLUMNS} FROM journal WHERE run_id=%s AND id>%s AND state='done' "
        "AND kind IN ('update','create','archive','undo') ORDER BY id LIMIT %s"
    )
    return _entries(db.rows(sql, (run_id, after, size)))


def of_link(link_id: int) -> list[Entry]:
    """Return everything written for one link, oldest first."""
    return _entries(db.rows(f"SELECT {_COLUMNS} FROM journal WHERE link_id=%s ORDER BY id", (link_id,)))


def of_record(sync: Sync, side: Side, record_id: str) -> list[Entry]:
    """Return everything written to one record, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM journal WHERE sync_id=%s AND side=%s AND record_id=%s ORDER BY id"
    return _entries(db.rows(sql, (sync.pk, str(side), record_id)))


CLOCKS_APART = 120.0
"""Seconds by which an app's clock may differ from ours."""


def wrote_then(times: Iterable[tuple[float, float]], at: float) -> bool:
    """Tell whether one of these writes (begun, done) may be what an app tells of at a time by its own clock."""
    return any(begun - CLOCKS_APART <= at <= done + CLOCKS_APART for begun, done in times)


def written_at(feed: Feed, ids: Iterable[str], but: int = 0) -> dict[str, list[tuple[float, float]]]:
    """Return when (seconds, begun and done) any sync wrote to these records of a feed; ``but``: one left out."""
    found: dict[str, list[tuple[float, float]]] = {}
    sql = (
        "SELECT j.record_id, j.created_at, j.done_at FROM journal j JOIN sync s ON s.id=j.sync_id WHERE j.state='done' "
        "AND ((s.left_id=%s AND j.side='left') OR (s.right_id=%s AND j.side='right')) AND s.id<>%s "
        "AND j.record_id IN {ids}"
    )
    for id, begun, done in db.in_list(sql, (feed.pk, feed.pk, but), ids):
        found.setdefault(id, []).append((begun, done or begun))
    return found


def landed(link_ids: Iterable[int]) -> dict[int, dict[str, list[Landed]]]:
    """Return, per link and mapping, the writes that landed, oldest first (for the oscillation brake)."""
    sql = (
        "SELECT link_id, side, data, id, done_at FROM journal "
        "WHERE state='done' AND kind IN ('update','create') AND link_id IN {ids}"
    )
    found: dict[int, dict[str, list[Landed]]] = {}
    for link_id, side, data, _, at in sorted(db.in_list(sql, (), link_ids), key=lambda row: row[3]):
        for key, write in orjson.loads(data)["writes"].items():
            if write["landed"]:
                found.setdefault(link_id, {}).setdefault(key, []).append(Landed(Side(side), write["after"], at))
    return found


def _entries(found: Iterable[Sequence[Any]]) -> list[Entry]:
    entries = []
    for row in found:
        id, run_id, link_id, side, record_id, kind, state, rule, marker, data, message, created, done = row
        unpacked = orjson.loads(data)
        writes = {key: FieldWrite(**write) for key, write in unpacked["writes"].items()}
        entries.append(
            Entry(
                id,
                run_id,
                link_id,
                Side(side),
                record_id,
                kind,
                state,
                rule,
                marker,
                writes,
                unpacked["more"],
                message,
                created,
                done,
            )
        )
    return entries


def _pack(writes: Mapping[str, FieldWrite], more: Mapping[str, Any]) -> str:
    fields = {key: write._asdict() for key, write in writes.items()}
    return orjson.dumps({"writes": fields, "more": dict(more)}).decode()


def delays(run_id: int) -> list[tuple[str, float]]:
    """Return of each write of a run its kind, and the seconds from the change that it carries, as far as that is known.

    The change's time is that of its app, whose clock may be a little off ours.
    """
    sql = (
        "SELECT j.kind, j.done_at - s.modified FROM journal j JOIN link l ON l.id=j.link_id "
        "JOIN sync y ON y.id=l.sync_id JOIN seen s "
        "ON s.feed_id=CASE WHEN j.side='left' THEN y.right_id ELSE y.left_id END "
        "AND s.record_id=CASE WHEN j.side='left' THEN l.right_id ELSE l.left_id END "
        "WHERE j.run_id=%s AND j.state='done' AND j.kind IN ('create','update') AND s.modified IS NOT NULL"
    )
    return [(str(kind), max(float(seconds), 0.0)) for kind, seconds in db.rows(sql, (run_id,))]
