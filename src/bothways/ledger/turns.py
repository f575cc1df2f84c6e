"""Turns: feeds to be read, syncs to be run and to be proven, each by one worker at a time, when they are due.

This is the truth of what is to be done when; queues only bring it about sooner. A worker that has taken a turn says
every few seconds that it is alive; after ``TAKEOVER`` seconds without a word it counts as gone, and another takes
the turn. Should it come back, its commits are refused by the fence of the sync, or of the feed.
"""

import time
from collections.abc import Iterable
from typing import NamedTuple

from bothways.errors import RunSuperseded
from bothways.ledger import db

FEED, SYNC, PROOF = KINDS = "feed", "sync", "proof"
"""The tables whose rows have turns."""

BEAT_EVERY, TAKEOVER = 5.0, 20.0
"""Seconds between two signs of life of a worker, and without any before it counts as gone."""

FAR_AHEAD = 90 * 86_400.0
"""Seconds. What is due later than in so long was put there by a clock that was wrong then, and is due now."""

SURE = TAKEOVER - BEAT_EVERY / 2
"""Seconds after its last sign of life for which a worker surely has its turn still: a little less than others wait."""

LONG_GONE = 3600.0
"""Seconds without a sign of life after which a worker is forgotten."""

BESIDE = "beside-"
"""Begins the names of commands that take a turn beside the service that holds the lock of an SQLite database."""

_FREE = "(t.taken_at IS NULL OR t.beat_at<%s OR t.beat_at>%s)"
"""Nobody has the turn, or nobody who lives: a sign of life from the future is one from before a clock was set back."""

_GOES_ON = "NOT EXISTS (SELECT 1 FROM workspace WHERE paused_at>0)"
"""Nobody has paused everything: no turn is taken while somebody has, but to look."""

_ASKED = "EXISTS (SELECT 1 FROM request q WHERE q.sync_id=t.id AND q.state IN ('asked','at work'))"
"""A person has asked for something: that is done though the sync is off or an app of it rests."""

LOOKS = "plan"
"""What is asked for to look at alone: nothing is written to any app, so that it is done though all is paused."""

_MAY_GO_ON = f"({_GOES_ON} OR {_ASKED.removesuffix(')')} AND q.kind='{LOOKS}'))"

_SYNCS = f"""
SELECT t.id FROM sync t
JOIN feed l ON l.id=t.left_id JOIN connection cl ON cl.id=l.connection_id
JOIN feed r ON r.id=t.right_id JOIN connection cr ON cr.id=r.connection_id
WHERE t.deleted_at=0 AND (t.due_at<=%s OR t.due_at>%s) AND {_FREE} AND {_MAY_GO_ON}
AND (t.state='on' AND cl.rests_until<=%s AND cr.rests_until<=%s OR {_ASKED}) ORDER BY t.due_at, t.id LIMIT %s
"""

_PROOFS = f"""
SELECT t.id FROM proof t JOIN sync s ON s.id=t.sync_id
JOIN feed l ON l.id=s.left_id JOIN connection cl ON cl.id=l.connection_id
JOIN feed r ON r.id=s.right_id JOIN connection cr ON cr.id=r.connection_id
WHERE s.state='on' AND s.deleted_at=0 AND l.baseline_done AND r.baseline_done
AND (t.due_at<=%s OR t.due_at>%s) AND {_FREE} AND {_GOES_ON}
AND cl.rests_until<=%s AND cr.rests_until<=%s ORDER BY t.due_at, t.id LIMIT %s
"""

_FEEDS = f"""
SELECT t.id FROM feed t JOIN connection c ON c.id=t.connection_id
WHERE t.baseline_done AND (t.due_at<=%s OR t.due_at>%s) AND {_FREE} AND {_GOES_ON} AND c.rests_until<=%s
AND EXISTS (SELECT 1 FROM sync s WHERE (s.left_id=t.id OR s.right_id=t.id) AND s.state='on' AND s.deleted_at=0)
ORDER BY t.due_at, t.id LIMIT %s
"""


_alive: dict[str, dict[tuple[str, int], tuple[float, float]]] = {}
"""Of workers of this process that give signs of life: of which turns they gave the last one when, by two clocks."""


class Turn(NamedTuple):
    """A turn that a worker has taken: of which table, which row, when, and how often it had failed in a row.

    ``taken_from``: the worker that had it and gave no sign of life any more, "" where there was none.
    """

    kind: str
    id: int
    worker: str
    taken_at: float
    failed: int
    taken_from: str = ""


_NAMES = {
    FEED: "SELECT c.name FROM feed t JOIN connection c ON c.id=t.connection_id WHERE t.id=%s",
    SYNC: "SELECT t.name FROM sync t WHERE t.id=%s",
    PROOF: "SELECT s.name FROM proof t JOIN sync s ON s.id=t.sync_id WHERE t.id=%s",
}


def name_of(turn: Turn) -> str:
    """Return what is to be named when a turn is told of: the app that is read, or the sync."""
    return str(db.value(_NAMES[turn.kind], (turn.id,)) or f"{turn.kind} {turn.id}")


def due(kind: str, now: float, most: int) -> list[int]:
    """Return up to ``most`` feeds, syncs or proofs that are due, which nobody is at and whose apps may be asked."""
    free = (now, now + FAR_AHEAD, now - TAKEOVER, now + TAKEOVER)
    if kind in (SYNC, PROOF):
        return [int(id) for (id,) in db.rows(_SYNCS if kind == SYNC else _PROOFS, (*free, now, now, most))]
    return [int(id) for (id,) in db.rows(_FEEDS, (*free, now, most))]


def left(now: float) -> list[tuple[str, int]]:
    """Return the turns of workers that are gone: which table, which row."""
    found: list[tuple[str, int]] = []
    for kind in (FEED, SYNC):
        sql = f"SELECT t.id FROM {kind} t WHERE t.taken_at IS NOT NULL AND {_FREE} ORDER BY t.due_at, t.id"
        found += [(kind, int(id)) for (id,) in db.rows(sql, (now - TAKEOVER, now + TAKEOVER))]
    return found


def take(kind: str, id: int, worker: str, now: float) -> Turn | None:
    """Take a turn that is due; None if it is not, another worker is at it, or all is paused."""
    return _take(kind, id, worker, now, "AND (due_at<=%s OR due_at>%s)", (now, now + FAR_AHEAD))


def take_now(id: int, worker: str, now: float, *, though_paused: bool) -> Turn | None:
    """Take the turn of a sync for a person, due or not; None while another worker is at it.

    ``though_paused``: for what writes to no app; else None while all is paused, too.
    """
    return _take(SYNC, id, worker, now, "", (), though_paused=though_paused)


def _take(
    kind: str, id: int, worker: str, now: float, where: str, params: tuple[float, ...], *, though_paused: bool = False
) -> Turn | None:
    goes_on = "" if though_paused else f"AND {_MAY_GO_ON if kind == SYNC else _GOES_ON}"
    at = _moment()
    with db.transaction_():
        before = db.value(f"SELECT worker FROM {kind} WHERE id=%s AND taken_at IS NOT NULL", (id,))
        found = db.rows(
            f"UPDATE {kind} AS t SET worker=%s, taken_at=%s, beat_at=%s, asked_at=0 "
            f"WHERE id=%s {where} AND {_FREE} {goes_on} RETURNING failed",
            (worker, now, now, id, *params, now - TAKEOVER, now + TAKEOVER),
        )
    if found and worker in _alive:
        _alive[worker][kind, id] = at
    return Turn(kind, id, worker, now, int(found[0][0]), str(before or "")) if found else None


def fence(turn: Turn) -> None:
    """Stop if another worker has taken a turn over: raise RunSuperseded.

    It holds no lock: webhooks write to the rows of feeds, and must not wait.
    """
    sql = f"SELECT 1 FROM {turn.kind} WHERE id=%s AND worker=%s AND taken_at=%s"
    if db.value(sql, (turn.id, turn.worker, turn.taken_at)) is None:
        raise RunSuperseded()


def hold_fast(turn: Turn, now: float) -> bool:
    """Say that whoever has a turn is alive, and let nobody take it over before the caller's transaction has ended.

    Return False if another worker has taken it over.
    """
    sql = f"UPDATE {turn.kind} SET beat_at=%s WHERE id=%s AND worker=%s AND taken_at=%s"
    return bool(db.execute(sql, (now, turn.id, turn.worker, turn.taken_at)))


def beat(worker: str, at_work: Iterable[tuple[str, int]], now: float) -> None:
    """Say that a worker is alive, for the turns it is at: those that it has left without a word are taken over.

    It waits for nobody: a frozen worker may have locked one of the rows, and the others must not suffer for it.
    """
    known = _alive.setdefault(worker, {})
    for kind, id in sorted(at_work):
        mine, at = f"SELECT id FROM {kind} WHERE id=%s AND worker=%s AND taken_at IS NOT NULL{db.unlocked()}", _moment()
        with db.transaction_():
            heard = db.execute(f"UPDATE {kind} SET beat_at=%s WHERE id IN ({mine})", (now, id, worker))
        if heard:
            known[kind, id] = at


def surely_has(kind: str, id: int, worker: str) -> bool:
    """Tell whether a worker of this process surely has a turn still: by its signs of life, the database is not asked.

    By whatever clock it has stood still for so long, others may have gone on. Who gives no signs of life is believed.
    """
    if worker not in _alive:
        return True
    at = _alive[worker].get((kind, id))
    return at is not None and all(now - then < SURE for then, now in zip(at, _moment(), strict=True))


def silent(worker: str) -> None:
    """Take note that a worker of this process gives no signs of life any more, since it has no turn."""
    _alive.pop(worker, None)


def _moment() -> tuple[float, float]:
    """Return the time by the clock that never jumps, and by the one that goes on while the machine sleeps."""
    return time.monotonic(), time.time()


def finish(turn: Turn, due_at: float, failed: int = 0) -> bool:
    """End a turn; it is due again at ``due_at``, or at once if somebody asked for it since it was taken.

    Return False if another worker has taken it over: then nothing is changed.
    """
    with db.transaction_():
        sql = (
            f"UPDATE {turn.kind} SET taken_at=NULL, worker='', failed=%s, "
            "due_at=CASE WHEN asked_at>0 AND asked_at<%s THEN asked_at ELSE %s END "
            "WHERE id=%s AND worker=%s AND taken_at=%s"
        )
        return bool(db.execute(sql, (failed, due_at, due_at, turn.id, turn.worker, turn.taken_at)))


def give_back(turn: Turn) -> None:
    """End a turn that was taken for a person: the next one is due when it was."""
    with db.transaction_():
        sql = f"UPDATE {turn.kind} SET taken_at=NULL, worker='' WHERE id=%s AND worker=%s AND taken_at=%s"
        db.execute(sql, (turn.id, turn.worker, turn.taken_at))


def leave(worker: str) -> None:
    """Give back every turn that a worker has taken and not ended: it stops, and others may go on at once."""
    with db.transaction_():
        for kind in KINDS:
            db.execute(f"UPDATE {kind} SET taken_at=NULL, worker='' WHERE worker=%s", (worker,))
        db.execute("DELETE FROM worker WHERE name=%s", (worker,))
    silent(worker)


def forget_workers() -> None:
    """Give back all turns but those taken beside a service: for who holds the lock of an SQLite database, since no
    other worker can be alive then."""
    with db.transaction_():
        for kind in KINDS:
            sql = f"UPDATE {kind} SET taken_at=NULL, worker='' WHERE taken_at IS NOT NULL AND worker NOT LIKE %s"
            db.execute(sql, (f"{BESIDE}%",))
        db.execute("DELETE FROM worker")


def serve(worker: str, now: float) -> None:
    """Say that a worker is there, whether it is at a turn or not. Those long gone are forgotten."""
    with db.transaction_():
        sql = "INSERT INTO worker (workspace_id, name, beat_at) VALUES (1, %s, %s) "
        db.execute(f"{sql} ON CONFLICT (name) DO UPDATE SET beat_at=excluded.beat_at", (worker, now))
        db.execute("DELETE FROM worker WHERE beat_at<%s", (now - LONG_GONE,))


def is_served(now: float) -> bool:
    """Tell whether a worker is there."""
    sql = "SELECT COUNT(*) FROM worker WHERE beat_at>=%s AND beat_at<=%s"
    return bool(db.value(sql, (now - TAKEOVER, now + TAKEOVER)))


def pause(now: float) -> None:
    """Let no turn be taken from now on (seconds), 0 to let them be taken again. Those begun end as ever."""
    with db.transaction_():
        db.execute("UPDATE workspace SET paused_at=%s", (now,))


def paused_at() -> float | None:
    """Return since when all is paused (seconds), None if it is not."""
    return float(db.value("SELECT MAX(paused_at) FROM workspace") or 0.0) or None


def ask(kind: str, ids: Iterable[int], now: float) -> None:
    """Let feeds or syncs be due at once; one that somebody is at is due again when that ends."""
    with db.transaction_():
        sql = (
            f"UPDATE {kind} SET asked_at=%s, due_at=CASE WHEN due_at<%s THEN due_at ELSE %s END "
            "WHERE id=%s AND (asked_at<%s OR due_at>%s)"
        )
        db.execute_many(sql, [(now, now, now, id, now, now) for id in sorted(set(ids))])


_HAS_SOMETHING = (
    "{sync}.state='on' AND {sync}.deleted_at=0 AND {sync}.failed=0 "
    "AND EXISTS (SELECT 1 FROM due d WHERE d.sync_id={sync}.id AND d.not_before<=%s)"
)
"""A sync is on, does not fail, and has records to look at."""


def with_marks(ids: Iterable[int], now: float) -> list[int]:
    """Return those of these syncs that are on and do not fail, and have records to look at."""
    sql = f"SELECT s.id FROM sync s WHERE {_HAS_SOMETHING.format(sync='s')} AND s.id IN {{ids}}"
    return sorted(int(id) for (id,) in db.in_list(sql, (now,), ids))


def all_with_marks(now: float, feed_id: int | None = None) -> list[int]:
    """Return all such syncs, or those that use a feed."""
    uses, feed = ("AND %s IN (s.left_id, s.right_id)", (feed_id,)) if feed_id is not None else ("", ())
    sql = f"SELECT s.id FROM sync s WHERE {_HAS_SOMETHING.format(sync='s')} {uses} ORDER BY s.id"
    return [int(id) for (id,) in db.rows(sql, (now, *feed))]


def beside(sync_id: int, now: float) -> list[int]:
    """Return the other such syncs between the same connections that nobody is at.

    Their records refer to those of this sync, or are leads of the same people: they may have waited for it.
    """
    sql = (
        "SELECT o.id FROM sync s JOIN feed sl ON sl.id=s.left_id JOIN feed sr ON sr.id=s.right_id "
        "JOIN sync o ON o.id<>s.id JOIN feed ol ON ol.id=o.left_id JOIN feed orr ON orr.id=o.right_id "
        f"WHERE s.id=%s AND o.taken_at IS NULL AND {_HAS_SOMETHING.format(sync='o')} "
        "AND ((ol.connection_id=sl.connection_id AND orr.connection_id=sr.connection_id) "
        "OR (ol.connection_id=sr.connection_id AND orr.connection_id=sl.connection_id)) ORDER BY o.id"
    )
    return [int(id) for (id,) in db.rows(sql, (sync_id, now))]
