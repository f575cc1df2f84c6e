"""Questions about how a sync stands: counts, pages of records by their state, who holds a name."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db
from bothways.ledger.feeds import _SELECT, SeenRow, _seen
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Sync
from bothways.ledger.plans import _COLUMNS, ActionRow, _action

FAILING = ("refused", "value", "unreadable")
"""Kinds of holds that wait for the app or for a record to be mended; all others wait for a person."""

_LINK = "l.id, l.left_id, l.right_id, l.state, l.rule, l.reason, l.survivor, l.created_at, l.ended_at, l.ended_by, "
_LINK += "l.frozen, l.carries_at, l.came_from"
Links = list[LinkRow]
_KINDS = "(" + ",".join(f"'{kind}'" for kind in FAILING) + ")"


def live_page(feed_id: int, after: str, size: int) -> list[SeenRow]:
    """Return the next live records of a feed in order of their ids."""
    sql = _SELECT + "state='live' AND record_id>%s ORDER BY record_id LIMIT %s"
    return [_seen(row) for row in db.rows(sql, (feed_id, after, size))]


def holding(feed_id: int, text: str, size: int) -> list[SeenRow]:
    """Return live records whose values hold a text somewhere, whatever its case: candidates for a search."""
    as_stored = orjson.dumps(text).decode()[1:-1].lower()
    sql = _SELECT + "state='live' AND LOWER(data) LIKE %s ESCAPE '\\' ORDER BY record_id LIMIT %s"
    return [_seen(row) for row in db.rows(sql, (feed_id, db.containing(as_stored), size))]


def feed_id(sync: Sync, side: Side) -> int:
    """Return the feed of one side."""
    return int(sync.left_id if side is Side.LEFT else sync.right_id)


# --- pairs --------------------------------------------------------------------------------------------


_LIVE = "l.state IN ('pending','active')"


def _linked_to(record: str, side: Side, of: str) -> str:
    """Return the query of the live link that a record is in. Where it stands as a value it is looked up row by row:
    PostgreSQL would read all links rather than look up some thousands of them."""
    return f"SELECT l.id FROM link l WHERE l.sync_id={of} AND {_LIVE} AND l.{side}_id={record} LIMIT 1"


def _links_in(table: str, more: str = "") -> str:
    """Return the query of the ids of live links that have a row in a table of records; it asks for the sync twice."""
    return " UNION ".join(
        f"SELECT id FROM (SELECT ({_linked_to('x.record_id', side, 'x.sync_id')}) AS id FROM {table} x "
        f"WHERE x.sync_id=%s AND x.side='{side}'{more}) {side}_ids WHERE id IS NOT NULL"
        for side in SIDES
    )


_HELD, _REFUSED = _links_in("hold"), _links_in("hold", f" AND x.kind IN {_KINDS}")
_PENDING = "SELECT id FROM link WHERE sync_id=%s AND state='pending'"
_FROZEN = "SELECT id FROM link WHERE sync_id=%s AND state='active' AND frozen>''"
_UNSETTLED = f"SELECT id FROM ({_links_in('due')} UNION {_PENDING}) u"
_PAIR = {
    "failing": _REFUSED,
    "held": f"{_HELD} EXCEPT SELECT id FROM ({_REFUSED}) r",
    "waiting": f"{_UNSETTLED} EXCEPT SELECT id FROM ({_HELD}) h",
    "left_out": f"{_FROZEN} EXCEPT SELECT id FROM ({_UNSETTLED} UNION {_HELD}) h",
}
"""The queries of the ids of live links in each state but the usual one, from the side of what is unusual about them:
they are few among very many. Each asks for the sync and nothing else."""


def _pair_has(table: str, more: str = "") -> str:
    """Return the condition that either record of the link ``l`` has a row in a table of records."""
    sides = (
        f"EXISTS (SELECT 1 FROM {table} x WHERE x.sync_id=l.sync_id AND x.side='{side}' "
        f"AND x.record_id=l.{side}_id{more})"
        for side in SIDES
    )
    return f"({' OR '.join(sides)})"


_UNTOUCHED = f"NOT {_pair_has('hold')} AND NOT (l.state='pending' OR {_pair_has('due')})"
_LISTED = {
    "failing": f"l.id IN ({_REFUSED})",
    "held": f"l.id IN ({_HELD}) AND NOT {_pair_has('hold', f' AND x.kind IN {_KINDS}')}",
    "waiting": f"l.id IN ({_UNSETTLED}) AND NOT {_pair_has('hold')}",
    "in_sync": f"{_UNTOUCHED} AND l.frozen=''",
    "left_out": f"{_UNTOUCHED} AND l.state='active' AND l.frozen>''",
}
"""The conditions that the live link ``l`` is in each state, as the query of a page is quickest where few are noted."""

_FAILS = _pair_has("hold", f" AND x.kind IN {_KINDS}")
_WALKED = {
    "failing": _FAILS,
    "held": f"{_pair_has('hold')} AND NOT {_FAILS}",
    "waiting": f"(l.state='pending' OR {_pair_has('due')}) AND NOT {_pair_has('hold')}",
}
"""The same where very many are, as in a first run: links are gone through in order until there are enough."""

MOST_NOTED = 20_000


def _many_noted(sync: Sync, state: str) -> bool:
    """Tell whether very much is noted of records in a state."""
    table = "due" if state == "waiting" else "hold"
    rows = f"SELECT 1 FROM {table} WHERE sync_id=%s LIMIT %s"
    return int(db.value(f"SELECT COUNT(*) FROM ({rows}) q", (sync.pk, MOST_NOTED))) >= MOST_NOTED


def pairs(sync: Sync, state: str | None, after: int, size: int, where: str = "", params: Sequence[Any] = ()) -> Links:
    """Return live links, all or those in one state, in order of id after the last one seen.

    ``where``: of them only those that fit, a condition that asks for ``params``.
    """
    fits, asked = f"l.sync_id=%s AND {_LIVE} AND l.id>%s", [sync.pk, after]
    if state in _WALKED and _many_noted(sync, state):
        fits += f" AND {_WALKED[state]}"
    elif state is not None:
        fits += f" AND {_LISTED[state]}"
        asked += [sync.pk] * _LISTED[state].count("%s")
    fits += f" AND {where}" if where else ""
    sql = f"SELECT {_LINK} FROM link l WHERE {fits} ORDER BY l.id LIMIT %s"
    return [LinkRow(*row) for row in db.rows(sql, (*asked, *params, size))]


def _count_pairs(sync: Sync) -> dict[str, int]:
    """Return how many live links are in each state."""
    found = {
        state: int(db.value(f"SELECT COUNT(*) FROM ({query}) q", [sync.pk] * query.count("%s")))
        for state, query in _PAIR.items()
    }
    return found | {"in_sync": _linked(sync, SIDES[0]) + _half(sync, SIDES[0]) - sum(found.values())}


def _linked(sync: Sync, side: Side) -> int:
    """Return how many live links have a record on a side; read off an index alone."""
    sql = f"SELECT COUNT(*) FROM link l WHERE l.sync_id=%s AND l.{side}_id>'' AND {_LIVE}"
    return int(db.value(sql, (sync.pk,)))


def _half(sync: Sync, side: Side) -> int:
    """Return how many live links have no record on a side yet: those are pending."""
    sql = f"SELECT COUNT(*) FROM link WHERE sync_id=%s AND state='pending' AND {side}_id IS NULL"
    return int(db.value(sql, (sync.pk,)))


# --- records without a partner ------------------------------------------------------------------------


def _alone(side: Side) -> tuple[str, str]:
    """Return the state of a row ``s`` of seen records, and the condition that it is there and has no live link.

    The first asks for the sync three times, the second for the feed and the sync.
    """

    def has(table: str, more: str = "") -> str:
        where = f"x.sync_id=%s AND x.side='{side}' AND x.record_id=s.record_id{more}"
        return f"EXISTS (SELECT 1 FROM {table} x WHERE {where})"

    state = (
        f"CASE WHEN {has('hold', f' AND x.kind IN {_KINDS}')} THEN 'failing' WHEN {has('hold')} THEN 'held' "
        f"WHEN {has('due')} THEN 'waiting' ELSE 'left_out' END"
    )
    where = f"s.feed_id=%s AND s.state='live' AND ({_linked_to('s.record_id', side, '%s')}) IS NULL"
    return state, where


def alone(
    sync: Sync,
    side: Side,
    state: str | None,
    after: str,
    size: int,
    where: str = "",
    params: Sequence[Any] = (),
    until: str | None = None,
) -> list[SeenRow]:
    """Return live records of a side without a partner, all or those in one state, by id, up to ``until``.

    ``where``: of them only those that fit, a condition that asks for ``params``.
    """
    if state == "in_sync":
        return []
    more = f" AND {where}" if where else ""
    between, ends = ("record_id>%s", [after]) if until is None else ("record_id>%s AND record_id<=%s", [after, until])
    if state not in _NOTED:
        fits = between.replace("record_id", "s.record_id")
        return _alone_of(sync, side, state, size, fits + more, [*ends, *params])
    found: list[SeenRow] = []
    noted = f"SELECT record_id FROM ({_NOTED[state]}) n WHERE {between} ORDER BY record_id LIMIT %s"
    while len(found) < size:
        ids = [str(id) for (id,) in db.rows(noted, (sync.pk, str(side), *ends, size))]
        among, listed = db.among(ids)
        found += _alone_of(sync, side, state, size - len(found), f"s.record_id {among}{more}", [listed, *params])
        if len(ids) < size:
            break
        ends[0] = ids[-1]
    return found


def _alone_of(sync: Sync, side: Side, state: str | None, size: int, where: str, params: Sequence[Any]) -> list[SeenRow]:
    of_row, fits = _alone(side)
    asked: list[Any] = [feed_id(sync, side), sync.pk]
    if state is not None:
        fits, asked = f"{fits} AND {of_row}=%s", [*asked, *[sync.pk] * 3, state]
    sql = f"{_SELECT.partition(' FROM ')[0]} FROM seen s WHERE {fits} AND {where} ORDER BY s.record_id LIMIT %s"
    return [_seen(row) for row in db.rows(sql, (*asked, *params, size))]


_NOTED = {
    state: f"SELECT DISTINCT record_id FROM {table} WHERE sync_id=%s AND side=%s"
    for state, table in {"failing": "hold", "held": "hold", "waiting": "due"}.items()
}
"""Where records in a state are few among very many."""


def _count_alone(sync: Sync, side: Side) -> dict[str, int]:
    """Return how many records without a partner are in each state: those that somebody noted something of one by one,
    the others by what is left of all."""
    of_row, where = _alone(side)
    noted = " UNION ".join(_NOTED[state] for state in ("held", "waiting"))
    rows = f"SELECT {of_row} AS state FROM seen s WHERE {where} AND s.record_id IN ({noted})"
    asked = [*[sync.pk] * 3, feed_id(sync, side), sync.pk, *[sync.pk, str(side)] * 2]
    found = {
        str(state): int(n) for state, n in db.rows(f"SELECT state, COUNT(*) FROM ({rows}) q GROUP BY state", asked)
    }
    return found | {"left_out": max(_live_alone(sync, side) - sum(found.values()), 0)}


def _live_alone(sync: Sync, side: Side) -> int:
    """Return how many live records of a side have no live link: all but those that have one, whose records that are
    not there any more do not count. Read off indexes alone, but for these few."""
    feed = feed_id(sync, side)
    gone = "FROM seen s WHERE s.feed_id=%s AND NOT (s.state='live')"
    linked = _linked_to("s.record_id", side, "%s")
    all_of_them = int(db.value("SELECT COUNT(*) FROM seen WHERE feed_id=%s", (feed,)))
    live = all_of_them - int(db.value(f"SELECT COUNT(*) {gone}", (feed,)))
    linked_and_gone = int(db.value(f"SELECT COUNT(*) {gone} AND ({linked}) IS NOT NULL", (feed, sync.pk)))
    return live - (_linked(sync, side) - linked_and_gone)


# --- looking for a text, some of the records at a time -------------------------------------------------


def pair_holds(sync: Sync, word: str) -> tuple[str, list[Any]]:
    """Return the condition that a link ``l`` is one of two records that hold a word, and what it asks for.

    The word must be of printable ASCII that JSON writes as it is. Whatever its case.
    """
    held, asked = list[str](), list[Any]()
    for side in SIDES:
        held.append(
            f"l.{side}_id {_LIKE} OR EXISTS (SELECT 1 FROM seen x WHERE x.feed_id=%s AND x.record_id=l.{side}_id "
            f"AND x.data {_LIKE})"
        )
        asked += [db.containing(word), feed_id(sync, side), db.containing(word)]
    return f"({' OR '.join(held)})".replace("LIKE", db.any_case()), asked


def row_holds(word: str) -> tuple[str, list[Any]]:
    """Return the condition that a seen record ``s`` holds a word, as ``pair_holds``."""
    held = f"(s.record_id {_LIKE} OR s.data {_LIKE})"
    return held.replace("LIKE", db.any_case()), [db.containing(word)] * 2


_LIKE = "LIKE %s ESCAPE '\\'"


def pairs_edge(sync: Sync, after: int, size: int) -> int | None:
    """Return the id of the live link that is ``size`` places behind one; None if there are not so many."""
    sql = f"SELECT l.id FROM link l WHERE l.sync_id=%s AND {_LIVE} AND l.id>%s ORDER BY l.id LIMIT 1 OFFSET %s"
    found = db.value(sql, (sync.pk, after, size - 1))
    return None if found is None else int(found)


def seen_edge(feed: int, after: str, size: int) -> str | None:
    """Return the id of the seen record that is ``size`` places behind one; None if there are not so many."""
    sql = "SELECT record_id FROM seen WHERE feed_id=%s AND record_id>%s ORDER BY record_id LIMIT 1 OFFSET %s"
    found = db.value(sql, (feed, after, size - 1))
    return None if found is None else str(found)


# --- counts -------------------------------------------------------------------------------------------


def counts(sync: Sync) -> dict[str, int]:
    """Return how many records are in each state; a linked pair counts once."""
    single = [_count_alone(sync, side) for side in SIDES]
    return {state: count + sum(each.get(state, 0) for each in single) for state, count in _count_pairs(sync).items()}


def due_ids(sync: Sync, side: Side, ids: Iterable[str]) -> set[str]:
    """Return those of the records that are due or wait."""
    sql = "SELECT record_id FROM due WHERE sync_id=%s AND side=%s AND record_id IN {ids}"
    return {row[0] for row in db.in_list(sql, (sync.pk, side), ids)}


def next_waiting(sync: Sync, now: float) -> float | None:
    """Return when the next waiting record becomes due, or a refused one is tried again (seconds); None if none is."""
    waits = (
        db.value("SELECT MIN(not_before) FROM due WHERE sync_id=%s AND not_before>%s", (sync.pk, now)),
        db.value("SELECT MIN(next_try) FROM hold WHERE sync_id=%s AND next_try>%s", (sync.pk, now)),
    )
    return min((float(at) for at in waits if at is not None), default=None)


def written(run_ids: Sequence[int]) -> dict[int, dict[tuple[str, str], int]]:
    """Return how many records each run wrote, by kind and side."""
    found: dict[int, dict[tuple[str, str], int]] = {}
    sql = (
        "SELECT run_id, kind, side, COUNT(*) FROM journal WHERE state='done' AND kind NOT IN ('unlink','link') "
        "AND run_id IN {ids} GROUP BY run_id, kind, side"
    )
    for run_id, kind, side, count in db.rows(*_expanded(sql, run_ids)) if run_ids else ():
        found.setdefault(int(run_id), {})[str(kind), str(side)] = int(count)
    return found


def links_ended(run_id: int) -> int:
    """Return how many links a run has ended, those among them that go on in another sync."""
    return int(db.value("SELECT COUNT(DISTINCT link_id) FROM journal WHERE run_id=%s AND kind='unlink'", (run_id,)))


def records_written(sync: Sync) -> int:
    """Return how many linked records a sync has written so far."""
    sql = (
        "SELECT COUNT(DISTINCT link_id) FROM journal WHERE sync_id=%s AND state='done' AND kind IN ('update','create')"
    )
    return int(db.value(sql, (sync.pk,)))


def records_put_back(sync: Sync) -> int:
    """Return how many of the linked records that a sync has written undos have put back or removed since."""
    sql = (
        "SELECT COUNT(DISTINCT j.link_id) FROM journal j JOIN run r ON r.id=j.run_id "
        "WHERE j.sync_id=%s AND j.state='done' AND r.undoes IS NOT NULL"
    )
    return int(db.value(sql, (sync.pk,)))


def last_run_that_wrote(sync: Sync) -> int | None:
    """Return the last run of a sync that wrote a record."""
    sql = "SELECT MAX(run_id) FROM journal WHERE sync_id=%s AND state='done' AND kind IN ('update','create')"
    found = db.value(sql, (sync.pk,))
    return int(found) if found is not None else None


def planned_writes(plan_id: int, size: int = 100) -> tuple[dict[str, int], tuple[ActionRow, ...]]:
    """Return how many writing actions of a plan are in each state, and the first of those skipped."""
    loud = "plan_id=%s AND (writes_left OR writes_right)"
    states = db.rows(f"SELECT state, COUNT(*) FROM plan_action WHERE {loud} GROUP BY state", (plan_id,))
    skipped = db.rows(
        f"SELECT {_COLUMNS} FROM plan_action WHERE {loud} AND state='skipped' ORDER BY seq LIMIT %s", (plan_id, size)
    )
    return {str(state): int(count) for state, count in states}, tuple(_action(row) for row in skipped)


def _expanded(sql: str, ids: Sequence[int]) -> tuple[str, Sequence[object]]:
    return sql.replace("{ids}", "(" + ",".join(["%s"] * len(ids)) + ")"), ids
