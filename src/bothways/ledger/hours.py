"""What is told by the hour: how many records were written, how late changes were, how many calls were made.

What was written is in the journal. How late a change was is known when it is written alone, since its record changes
again; so that is counted then, as calls are. Hours are counted from 1970 (UTC).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import log2
from typing import NamedTuple

import orjson

from bothways.ledger import db
from bothways.ledger.models import Sync

HOUR = 3600.0
KEPT = 48
"""Hours that are kept of delays and calls."""

STEPS = 4
"""Steps of delay from one to twice as long: what is told of a delay is at most a tenth off."""

SHORTEST = 0.1
"""Seconds below which delays are not told apart."""


class Late(NamedTuple):
    """How late the changes of an hour, or of several, were written: how many by step, and the longest in seconds."""

    steps: Mapping[int, int]
    worst: float

    @property
    def median(self) -> float:
        """What half of them do not exceed, in seconds."""
        half, passed = sum(self.steps.values()) / 2, 0
        for step in sorted(self.steps):
            passed += self.steps[step]
            if passed >= half:
                return min(float(2 ** (step / STEPS)), self.worst)
        return 0.0


def hour_of(at: float) -> int:
    """Return the hour of a time in seconds."""
    return int(at // HOUR)


def together(found: Iterable[Late]) -> Late | None:
    """Return what several hours come to; None for none."""
    steps: Counter[int] = Counter()
    worst = 0.0
    for each in found:
        steps.update(each.steps)
        worst = max(worst, each.worst)
    return Late(steps, worst) if steps else None


# --- written ------------------------------------------------------------------------------------------


def written(sync: Sync, hour: int) -> dict[tuple[str, str], int]:
    """Return how many records were written in an hour, by kind and side."""
    sql = (
        "SELECT kind, side, COUNT(*) FROM journal WHERE sync_id=%s AND state='done' AND done_at>=%s AND done_at<%s "
        "AND kind NOT IN ('link','unlink') GROUP BY kind, side"
    )
    found = db.rows(sql, (sync.pk, hour * HOUR, (hour + 1) * HOUR))
    return {(str(kind), str(side)): int(count) for kind, side, count in found}


def last_written(sync: Sync) -> float | None:
    """Return when a record was written last (seconds)."""
    sql = (
        "SELECT done_at FROM journal WHERE sync_id=%s AND state='done' AND kind NOT IN ('link','unlink') "
        "AND done_at>0 ORDER BY done_at DESC LIMIT 1"
    )
    found = db.value(sql, (sync.pk,))
    return None if found is None else float(found)


# --- delays -------------------------------------------------------------------------------------------


def delays_of(run_id: int) -> list[float]:
    """Return the seconds from a change to its write, of each change that a run carried between records that were
    linked when it was made: of older ones nobody waited for the sync.

    The time of a change is that of its app, whose clock may be a little off ours.
    """
    sql = (
        "SELECT j.done_at - s.modified FROM journal j JOIN link l ON l.id=j.link_id JOIN sync y ON y.id=l.sync_id "
        "JOIN seen s ON s.feed_id=CASE WHEN j.side='left' THEN y.right_id ELSE y.left_id END "
        "AND s.record_id=CASE WHEN j.side='left' THEN l.right_id ELSE l.left_id END "
        "WHERE j.run_id=%s AND j.state='done' AND j.kind='update' AND s.modified>l.created_at"
    )
    return [max(float(seconds), 0.0) for (seconds,) in db.rows(sql, (run_id,))]


def add_delays(sync: Sync, at: float, delays: Iterable[float]) -> None:
    """Count delays of changes that were written by a time (seconds)."""
    seconds, hour = list(delays), hour_of(at)
    if not seconds:
        return
    steps = Counter(round(log2(max(each, SHORTEST)) * STEPS) for each in seconds)
    with db.transaction_():
        known = late(sync, hour).get(hour)
        both = together([Late(steps, max(seconds)), *([known] if known else [])])
        assert both is not None
        text = orjson.dumps({str(step): count for step, count in both.steps.items()}).decode()
        columns = ("workspace_id", "sync_id", "hour", "counts", "worst")
        db.upsert("delay", columns, ("sync_id", "hour"), [(sync.workspace_id, sync.pk, hour, text, both.worst)])
        db.execute("DELETE FROM delay WHERE sync_id=%s AND hour<=%s", (sync.pk, hour - KEPT))


def late(sync: Sync, since: int) -> dict[int, Late]:
    """Return how late changes were written, by hour, from an hour on."""
    rows = db.rows("SELECT hour, counts, worst FROM delay WHERE sync_id=%s AND hour>=%s", (sync.pk, since))
    return {
        int(hour): Late({int(step): count for step, count in orjson.loads(counts).items()}, float(worst))
        for hour, counts, worst in rows
    }


# --- calls --------------------------------------------------------------------------------------------


def add_calls(connection: str, at: float, calls: int) -> None:
    """Count calls that were made by a time (seconds), in the caller's transaction, if there is one."""
    hour = hour_of(at)
    sql = (
        "INSERT INTO called (workspace_id, connection, hour, calls) VALUES (1, %s, %s, %s) "
        "ON CONFLICT (workspace_id, connection, hour) DO UPDATE SET calls=called.calls+excluded.calls"
    )
    with db.transaction_():
        db.execute(sql, (connection, hour, calls))
        db.execute("DELETE FROM called WHERE workspace_id=1 AND connection=%s AND hour<=%s", (connection, hour - KEPT))


def calls(connection: str, since: int) -> dict[int, int]:
    """Return how many calls were made, by hour, from an hour on."""
    sql = "SELECT hour, calls FROM called WHERE workspace_id=1 AND connection=%s AND hour>=%s"
    return {int(hour): int(count) for hour, count in db.rows(sql, (connection, since))}
