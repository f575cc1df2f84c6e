"""Old history let go: runs, oldest first, and of what they wrote all but what is memory. A little at a time.

The history of a sync is also what it remembers by, so that what goes is told by what reads it (see decision 0045). A
run goes as a whole and before anything that it wrote, in a turn of its sync: whoever undoes a run has that turn, and
finds all of it or none. Of what was written under a link that lives, the last write of every field stays.

Times are seconds; ``horizon`` is the one before which things are old.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import orjson

from bothways.engine.sides import Side
from bothways.errors import RunSuperseded
from bothways.ledger import db, links, turns
from bothways.ledger.journal import NEVER_SEEN, OPEN, UNDO
from bothways.ledger.links import LinkRow
from bothways.ledger.models import ACTIVE, Sync
from bothways.ledger.turns import Turn

RUNS, ENTRIES = 500, 200
"""Runs, and entries of the journal, that are looked at in one transaction."""

AGAIN = 30 * 86_400.0
"""Seconds after which all that is left of the journal is looked at anew: of some of it the links have ended since."""

LONG_AWAY = 31 * 86_400.0
"""Seconds: whoever finds that nobody has looked for so long waits once more, for the clock may be wrong."""

WORDS = ("create", "update", "archive", UNDO)
"""Kinds of entries that say where a value comes from."""

_MAY_GO = "approved AND deleted_at=0"
"""Of a sync that waits for its first look all is counted; one that was deleted goes as a whole, or comes back so."""


class Extent(NamedTuple):
    """How much history there is: runs, entries of the journal, and when the first of these runs began, if any."""

    runs: int
    entries: int
    since: float | None


class Old(NamedTuple):
    """An entry of the journal that may be old: what tells whether it goes."""

    id: int
    sync_id: int
    run_id: int
    link_id: int | None
    side: Side
    record_id: str | None
    kind: str
    state: str
    message: str
    created_at: float
    done_at: float | None
    data: str

    def is_old(self, horizon: float) -> bool:
        """Tell whether it is: neither begun nor settled since, and known how it ended."""
        ended = self.done_at if self.done_at is not None else self.created_at
        settled = self.state not in ("intent", "in_flight") and self.message != NEVER_SEEN
        return settled and max(ended, self.created_at) < horizon

    def words(self) -> set[tuple[Side, str]]:
        """Return the fields of which it says where their values come from; "" stands for the record as a whole."""
        if self.state != "done" or self.kind not in WORDS:
            return set()
        found = {(self.side, key) for key, write in orjson.loads(self.data)["writes"].items() if write["landed"]}
        return found | ({(self.side, "")} if self.kind in ("create", "update") else set())


_COLUMNS = ", ".join(f"j.{each}" for each in Old._fields)


# --- what is there, and what is gone ------------------------------------------------------------------


def extent() -> Extent:
    """Return how much history there is of all syncs that are not deleted."""
    runs, entries = (
        int(db.value(f"SELECT COUNT(*) FROM {table} t JOIN sync s ON s.id=t.sync_id WHERE s.deleted_at=0"))
        for table in ("run", "journal")
    )
    return Extent(runs, entries, since())


def since() -> float | None:
    """Return when the first run began that is kept of any sync that is not deleted."""
    sql = "SELECT r.started_at FROM run r JOIN sync s ON s.id=r.sync_id WHERE s.deleted_at=0 ORDER BY r.id LIMIT 1"
    found = db.value(sql)
    return None if found is None else float(found)


def gone_before(sync: Sync | None = None) -> float:
    """Return the time before which history is gone, of a sync or of any; 0 where none is."""
    if sync is None:
        return float(db.value("SELECT MAX(gone_before) FROM pruned") or 0.0)
    return float(db.value("SELECT gone_before FROM pruned WHERE sync_id=%s", (sync.pk,)) or 0.0)


def last_gone() -> int:
    """Return the highest number of a run that was let go; 0 where none was."""
    return int(db.value("SELECT MAX(last_run) FROM pruned") or 0)


def inherit(former: Sync, sync: Sync) -> None:
    """Take note that what was written under the links of another sync, which a sync has taken over, may be gone."""
    columns = "workspace_id, gone_before, last_run"
    found = f"SELECT %s, {columns} FROM pruned WHERE sync_id=%s"
    db.execute(f"INSERT INTO pruned (sync_id, {columns}) {found} ON CONFLICT DO NOTHING", (sync.pk, former.pk))


def still_there(run_ids: Iterable[int]) -> set[int]:
    """Return those of these runs that are kept."""
    return {int(id) for (id,) in db.in_list("SELECT id FROM run WHERE id IN {ids}", (), set(run_ids))}


def old(horizon: float) -> tuple[int, int]:
    """Return how many runs can go, and how many entries of the journal these have: of them some stay."""
    runs = entries = 0
    young = "(state='running' OR ended_at IS NULL OR ended_at>=%s)"
    for (sync_id,) in db.rows(f"SELECT id FROM sync WHERE {_MAY_GO}"):
        first = _stays(sync_id)
        sooner = db.value(f"SELECT MIN(id) FROM run WHERE sync_id=%s AND id<%s AND {young}", (sync_id, first, horizon))
        first = first if sooner is None else int(sooner)
        runs += int(db.value("SELECT COUNT(*) FROM run WHERE sync_id=%s AND id<%s", (sync_id, first)))
        sql = (
            "SELECT COUNT(*) FROM journal j JOIN run r ON r.id=j.run_id WHERE j.sync_id=%s AND r.sync_id=%s AND r.id<%s"
        )
        entries += int(db.value(sql, (sync_id, sync_id, first)))
    return runs, entries


# --- when ---------------------------------------------------------------------------------------------


def is_time(now: float, every: float) -> bool:
    """Tell whether to look for old history now, and take note of it: of all workers one does, at most so often.

    Not whoever finds that nobody has for long: the clock may be wrong, and what goes does not come back.
    """
    before = db.value("SELECT MAX(pruned_at) FROM workspace")
    if before is None or before <= now < before + every:
        return False
    with db.transaction_():
        taken = db.execute("UPDATE workspace SET pruned_at=%s WHERE pruned_at=%s", (now, before))
    return bool(taken and now - LONG_AWAY <= before <= now)


# --- runs ---------------------------------------------------------------------------------------------


def with_old_runs(horizon: float, now: float) -> list[int]:
    """Return the syncs of which runs can go."""
    rows = db.rows(f"SELECT id FROM sync WHERE {_MAY_GO} ORDER BY id")
    return [int(id) for (id,) in rows if old_runs(int(id), horizon, now)]


def old_runs(sync_id: int, horizon: float, now: float, most: int = RUNS) -> list[tuple[int, float]]:
    """Return the oldest runs of a sync that can go, each with when it ended: all before the first that cannot.

    That is one which has not ended or is not old, of which a result is unknown, and the last one: of those that a sync
    does by itself, too, since that it has run at all must be known. One that ended in the future, by a clock that was
    wrong then, goes with an old one that came after it.
    """
    if db.one(f"SELECT 1 FROM sync WHERE id=%s AND {_MAY_GO}", (sync_id,)) is None:
        return []
    sql = "SELECT id, state, ended_at FROM run WHERE sync_id=%s AND id<%s ORDER BY id LIMIT %s"
    rows = [
        (int(id), float(ended_at))
        for id, _, ended_at in takewhile(_is_over, db.rows(sql, (sync_id, _stays(sync_id), most)))
    ]
    going = list(takewhile(lambda each: not horizon <= each[1] <= now, rows))
    while going and going[-1][1] >= horizon:
        going.pop()
    return going


def _stays(sync_id: int) -> int:
    """Return the first run of a sync that stays however old it is."""
    stays = (
        "SELECT MAX(id) FROM run WHERE sync_id=%s",
        "SELECT MAX(id) FROM run WHERE sync_id=%s AND kind IN ('sync','apply')",
        f"SELECT MIN(run_id) FROM journal WHERE sync_id=%s AND {OPEN}",
    )
    return min((int(id) for sql in stays if (id := db.value(sql, (sync_id,))) is not None), default=0)


def _is_over(row: Sequence[Any]) -> bool:
    return row[1] != "running" and row[2] is not None


def let_runs_go(turn: Turn, horizon: float, now: float) -> int:
    """Let a little of the old runs of a sync go, in one transaction, and return how many; for who has its turn.

    That turn is held fast until it is done: nobody can take it over meanwhile. Raises RunSuperseded if it is lost.
    """
    with db.transaction_():
        if not turns.hold_fast(turn, now):
            raise RunSuperseded()
        going = old_runs(turn.id, horizon, now)
        if not going:
            return 0
        db.in_list_execute("DELETE FROM run WHERE id IN {ids}", (), [id for id, _ in going])
        sql = (
            "INSERT INTO pruned (workspace_id, sync_id, gone_before, last_run) VALUES (1, %s, %s, %s) "
            "ON CONFLICT (sync_id) DO UPDATE SET last_run=excluded.last_run, gone_before="
            "CASE WHEN excluded.gone_before>pruned.gone_before THEN excluded.gone_before ELSE pruned.gone_before END"
        )
        db.execute(sql, (turn.id, max(at for _, at in going if at < horizon), going[-1][0]))
        return len(going)


# --- the journal --------------------------------------------------------------------------------------


def let_entries_go(horizon: float, now: float) -> tuple[int, bool]:
    """Go on through the journal a little, in one transaction; return how much went, and whether there is more to see.

    Entries of runs that are still there stay whole, so nobody's turn is wanted for it.
    """
    with db.transaction_():
        after = db.value("SELECT MAX(pruned_to) FROM workspace")
        rows = _old(db.rows(f"SELECT {_COLUMNS} FROM journal j WHERE j.id>%s ORDER BY j.id LIMIT %s", (after, ENTRIES)))
        page = list(takewhile(lambda each: not horizon <= each.created_at <= now, rows))
        if not page:
            _begin_anew(now)
            return 0, False
        db.execute("UPDATE workspace SET pruned_to=%s", (page[-1].id,))
        going = _going(page, horizon)
        db.in_list_execute("DELETE FROM journal WHERE id IN {ids}", (), going)
        return len(going), True


def _begin_anew(now: float) -> None:
    """Begin with the first entry again, if that was last done long ago."""
    sql = (
        "UPDATE workspace SET pruned_to=CASE WHEN looked_anew_at=0 THEN pruned_to ELSE 0 END, looked_anew_at=%s "
        "WHERE looked_anew_at<%s OR looked_anew_at>%s"
    )
    db.execute(sql, (now, now - AGAIN, now))


def _going(page: Sequence[Old], horizon: float) -> list[int]:
    """Return which entries go: of a page, and what stayed before of the same links."""
    last, first_kept = page[-1].id, _first_kept({each.sync_id for each in page})

    def can_go(each: Old) -> bool:
        return each.run_id < first_kept.get(each.sync_id, 0) and each.is_old(horizon)

    going = {each.id for each in page if each.link_id is None and can_go(each)}
    link_ids = {each.link_id for each in page if each.link_id is not None and can_go(each)}
    sql = f"SELECT {_COLUMNS} FROM journal j WHERE j.id<=%s AND j.link_id IN {{ids}}"
    of_link: dict[int, list[Old]] = defaultdict(list)
    for each in sorted(_old(db.in_list(sql, (last,), link_ids)), key=lambda each: each.id, reverse=True):
        of_link[each.link_id or 0].append(each)
    known, goes_on = links.by_id(list(of_link)), _go_on(of_link)
    for link_id, entries in of_link.items():
        stay = _memory(known.get(link_id), entries, goes_on, horizon)
        going |= {each.id for each in entries if can_go(each) and each.id not in stay}
    return sorted(going)


def _first_kept(sync_ids: Iterable[int]) -> dict[int, int]:
    """Return the first run that is kept, of those syncs of which something may go."""
    found = {}
    for (sync_id,) in db.in_list(f"SELECT id FROM sync WHERE {_MAY_GO} AND id IN {{ids}}", (), sync_ids):
        first = db.value("SELECT MIN(id) FROM run WHERE sync_id=%s", (sync_id,))
        if first is not None:
            found[int(sync_id)] = int(first)
    return found


def _memory(link: LinkRow | None, entries: Sequence[Old], goes_on: Collection[int], horizon: float) -> set[int]:
    """Return which entries of a link stay, of all up to one, newest first.

    Of one that lives, or goes on in another, and of a record that is linked anew by now, what says where a value comes
    from and what was seen when it ended. Of one whose deletion is still to be carried over, all.
    """
    if link is None:
        return set()
    if link.carries_at is not None:
        return {each.id for each in entries}
    lives = link.state in ACTIVE or link.id in goes_on or (link.ended_at or 0.0) >= horizon
    elsewhere = set() if lives else _linked(entries)
    stay, told = set(), set[tuple[Side, str]]()
    for each in entries:
        if lives or (each.side, each.record_id) in elsewhere:
            words = each.words()
            if each.kind == "unlink" or words - told:
                stay.add(each.id)
            told |= words
    return stay


def _linked(entries: Iterable[Old]) -> set[tuple[Side, str | None]]:
    """Return those of the records that were written to which have a link now."""
    places = {(each.sync_id, each.side, each.record_id) for each in entries if each.record_id}
    sql = f"SELECT 1 FROM link WHERE sync_id=%s AND {{side}}_id=%s AND {links.LIVE} LIMIT 1"
    return {
        (side, record_id)
        for sync_id, side, record_id in places
        if db.one(sql.format(side=side), (sync_id, record_id)) is not None
    }


def _go_on(link_ids: Iterable[int]) -> set[int]:
    """Return those of these links which live ones go on from."""
    sql = f"SELECT came_from FROM link WHERE {links.LIVE} AND came_from IS NOT NULL AND came_from IN {{ids}}"
    return {int(id) for (id,) in db.in_list(sql, (), link_ids)}


def _old(rows: Iterable[Sequence[Any]]) -> Iterator[Old]:
    return (Old._make((*row[:4], Side(row[4]), *row[5:])) for row in rows)
