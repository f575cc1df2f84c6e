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
_KINDS = "(" + ",".join(f"'{kind}'" for kind in FAILING) + ")"


def live_page(feed_id: int, after: str, size: int) -> list[SeenRow]:
    """Return the next live records of a feed in order of their ids."""
    sql = _SELECT + "state='live' AND record_id>%s ORDER BY record_id LIMIT %s"
    return [_seen(row) for row in db.rows(sql, (feed_id, after, size))]


def holding(feed_id: int, text: str, size: int) -> list[SeenRow]:
    """Return live records whose values hold a text somewhere, whatever its case: candidates for a search."""
    as_stored = orjson.dumps(text).decode()[1:-1].lower()
    needle = as_stored.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    sql = _SELECT + "state='live' AND LOWER(data) LIKE %s ESCAPE '\\' ORDER BY record_id LIMIT %s"
    return [_seen(row) for row in db.rows(sql, (feed_id, f"%{needle}%", size))]


def feed_id(sync: Sync, side: Side) -> int:
    """Return the feed of one side."""
    return int(sync.left_id if side is Side.LEFT else sync.right_id)


# --- pairs --------------------------------------------------------------------------------------------


def _pair_has(table: str, more: str = "") -> str:
    """Return the condition that either record of the link ``l`` has a row in a table of records."""
    sides = (
        f"EXISTS (SELECT 1 FROM {table} x WHERE x.sync_id=l.sync_id AND x.side='{side}' "
        f"AND x.record_id=l.{side}_id{more})"
        for side in SIDES
    )
    return f"({' OR '.join(sides)})"


_PAIR = {
    "failing": _pair_has("hold", f" AND x.kind IN {_KINDS}"),
    "held": f"NOT {_pair_has('hold', f' AND x.kind IN {_KINDS}')} AND {_pair_has('hold')}",
    "waiting": f"NOT {_pair_has('hold')} AND (l.state='pending' OR {_pair_has('due')})",
    "in_sync": f"NOT {_pair_has('hold')} AND NOT (l.state='pending' OR {_pair_has('due')}) AND l.frozen=''",
    "left_out": f"NOT {_pair_has('hold')} AND NOT (l.state='pending' OR {_pair_has('due')}) AND l.frozen<>''",
}


def pairs(sync: Sync, state: str | None, after: int, size: int) -> list[LinkRow]:
    """Return live links, all or those in one state, in order of id after the last one seen."""
    where = f" AND {_PAIR[state]}" if state else ""
    sql = (
        f"SELECT {_LINK} FROM link l WHERE l.sync_id=%s AND l.state IN ('pending','active') AND l.id>%s{where} "
        "ORDER BY l.id LIMIT %s"
    )
    return [LinkRow(*row) for row in db.rows(sql, (sync.pk, after, size))]


def _links_in(table: str, more: str = "") -> str:
    """Return the query of the ids of live links that have a row in a table of records; it asks for the sync twice."""
    return " UNION ".join(
        f"SELECT l.id FROM {table} x JOIN link l ON l.sync_id=x.sync_id AND l.{side}_id=x.record_id "
        f"AND l.state IN ('pending','active') WHERE x.sync_id=%s AND x.side='{side}'{more}"
        for side in SIDES
    )


def _count_pairs(sync: Sync) -> dict[str, int]:
    """Return how many live links are in each state, asked from the side of what is unusual about them."""

    def count(query: str, times: int) -> int:
        return int(db.value(f"SELECT COUNT(*) FROM ({query}) q", [sync.pk] * times))

    live = "SELECT id FROM link WHERE sync_id=%s AND state "
    held, failing = _links_in("hold"), _links_in("hold", f" AND x.kind IN {_KINDS}")
    unsettled = f"SELECT id FROM ({_links_in('due')} UNION {live}='pending') u"
    found = {"failing": count(failing, 2), "waiting": count(f"{unsettled} EXCEPT SELECT id FROM ({held}) h", 5)}
    found["held"] = count(held, 2) - found["failing"]
    frozen = f"{live}='active' AND frozen<>''"
    found["left_out"] = count(f"{frozen} EXCEPT SELECT id FROM ({unsettled} UNION {held}) h", 6)
    return found | {"in_sync": count(f"{live} IN ('pending','active')", 1) - sum(found.values())}


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
    where = (
        "s.feed_id=%s AND s.state='live' AND NOT EXISTS (SELECT 1 FROM link l "
        f"WHERE l.sync_id=%s AND l.state IN ('pending','active') AND l.{side}_id=s.record_id)"
    )
    return state, where


def alone(sync: Sync, side: Side, state: str | None, after: str, size: int) -> list[SeenRow]:
    """Return live records of a side without a partner, all or those in one state, by id."""
    of_row, where = _alone(side)
    params: list[Any] = [feed_id(sync, side), sync.pk, after]
    if state is not None:
        where, params = f"{where} AND s.record_id>%s AND {of_row}=%s", [*params, *[sync.pk] * 3, state]
    else:
        where = f"{where} AND s.record_id>%s"
    sql = f"{_SELECT.partition(' FROM ')[0]} FROM seen s WHERE {where} ORDER BY s.record_id LIMIT %s"
    return [_seen(row) for row in db.rows(sql, (*params, size))]


def _count_alone(sync: Sync, side: Side) -> dict[str, int]:
    of_row, where = _alone(side)
    sql = f"SELECT state, COUNT(*) FROM (SELECT {of_row} AS state FROM seen s WHERE {where}) q GROUP BY state"
    return {str(state): int(n) for state, n in db.rows(sql, [*[sync.pk] * 3, feed_id(sync, side), sync.pk])}


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
