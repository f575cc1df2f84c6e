"""Holds by their causes: counted, listed, ignored and tried again in the database, however many there are.

Holds of a sync have the same cause if kind, rule and field are the same and so is the reason, but for what it quotes
of a record: texts in quotation marks, addresses, long numbers, the value that was refused.
"""

import re
import secrets
from collections.abc import Iterable, Sequence
from hashlib import md5
from typing import NamedTuple

from django.db import connection

from bothways.engine.sides import SIDES
from bothways.ledger import db
from bothways.ledger.holds import _COLUMNS, HoldRow, _hold
from bothways.ledger.models import Sync

FOR_A_PERSON = ("match", "conflict", "consent", "frozen")
"""Kinds of holds whose reason says nothing more of the cause."""

_QUOTED = r'"[^"]*"|[^\s"]{1,255}@[^\s"]+|[0-9a-fA-F-]{16,}|[0-9]{5,}'
_KINDS = "(" + ",".join(f"'{kind}'" for kind in FOR_A_PERSON) + ")"
_VERSION_BITS = 53
_DIFFERING = "FROM hold WHERE sync_id=%s AND field=%s AND kind='conflict'"


class Cause(NamedTuple):
    """What holds of one sync have in common."""

    kind: str
    rule: str
    field: str
    words: str


class Group(NamedTuple):
    """All holds of a cause: by what it is known, how many, the first of them, since when (seconds), an example.

    ``next_try``: when the first of them is tried again by itself, None if none is.
    """

    cause: Cause
    digest: str
    size: int
    first: int
    since: float
    next_try: float | None
    reason: str


class MendRow(NamedTuple):
    """A mend, how many of its holds are left, and how many of these were tried since."""

    id: int
    sync_id: int
    digest: str
    cause: Cause
    reason: str
    how: str
    author: str
    at: float
    total: int
    left: int
    tried: int


def _plain(reason: str) -> str:
    return re.sub(_QUOTED, "…", reason)


def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _prepare() -> None:
    """Let SQLite do what PostgreSQL can by itself."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.create_function("bw_plain", 1, _plain, deterministic=True)
        connection.connection.create_function("md5", 1, _digest, deterministic=True)


def _cause_of(reason: str, value: str) -> str:
    """Return the expression of a cause's words, of these expressions of a reason and a refused value."""
    said = (
        f"CASE WHEN LENGTH({value})>1 THEN TRIM(REPLACE(' '||{reason}||' ', ' '||{value}||' ', ' … ')) "
        f"ELSE {reason} END"
    )
    return f"bw_plain({said})" if connection.vendor == "sqlite" else f"regexp_replace({said}, '{_QUOTED}', '…', 'g')"


def _held(key: str, row: str = "h") -> str:
    """Return the expression of a part of what a hold knows, as text; PostgreSQL knows no text with a NUL in it."""
    if connection.vendor == "sqlite":
        return f"CAST(json_extract({row}.data, '$.{key}') AS TEXT)"
    return f"(CASE WHEN POSITION('\\u0000' IN {row}.data)=0 THEN CAST({row}.data AS json)->>'{key}' END)"


def _words() -> str:
    value = f"CASE WHEN h.kind='refused' AND h.field<>'' THEN {_held('value')} END"
    return f"CASE WHEN h.kind IN {_KINDS} THEN '' ELSE {_cause_of('h.reason', f'({value})')} END"


def _ignored(sync: Sync) -> tuple[str, tuple[object, ...]]:
    """Return the query of the holds of a sync that are ignored: neither of the two records was edited since."""
    edited = "EXISTS (SELECT 1 FROM seen e WHERE e.feed_id=%s AND e.record_id=i.{}_id AND e.stamp_seen_at>i.at)"
    sql = f"SELECT i.hold_id FROM ignored i WHERE i.sync_id=%s AND NOT {edited.format('left')} "
    return f"{sql} AND NOT {edited.format('right')}", (sync.pk, sync.left_id, sync.right_id)


def _among(sync: Sync, ignored: bool | None) -> tuple[str, tuple[object, ...]]:
    """Return the condition that a hold is one of a sync: that is ignored, that is not, or any (None)."""
    if ignored is None:
        return "h.sync_id=%s", (sync.pk,)
    query, params = _ignored(sync)
    return f"h.sync_id=%s AND h.id {'' if ignored else 'NOT '}IN ({query})", (sync.pk, *params)


def _of(sync: Sync, cause: Cause, ignored: bool | None) -> tuple[str, tuple[object, ...]]:
    """Return the condition that a hold has a cause."""
    _prepare()
    where, params = _among(sync, ignored)
    where = f"{where} AND h.kind=%s AND h.rule=%s AND h.field=%s"
    if cause.kind in FOR_A_PERSON:
        return where, (*params, *cause[:3])
    return f"{where} AND {_words()}=%s", (*params, *cause)


# --- looking ------------------------------------------------------------------------------------------


def count(sync: Sync, *, ignored: bool = False) -> int:
    """Return how many holds a sync has, those that are ignored or the others."""
    where, params = _among(sync, ignored)
    return int(db.value(f"SELECT COUNT(*) FROM hold h WHERE {where}", params))


def groups(sync: Sync, after: int = 0, size: int = 50, *, ignored: bool | None = False, kind: str = "") -> list[Group]:
    """Return the causes of a sync's holds, that of the oldest hold first: those whose first comes after ``after``.

    ``kind``: those of one kind of holds alone.
    """
    return _groups(sync, "q.first>%s", (after,), size, ignored, kind)


def group(sync: Sync, digest: str, *, ignored: bool | None = None) -> Group | None:
    """Return a cause by what it is known by."""
    return next(iter(_groups(sync, "q.digest=%s", (digest,), 1, ignored)), None)


def digest_of(cause: Cause) -> str:
    """Return what a cause is known by."""
    return _digest("|".join(cause))[:12]


def cause_of(sync: Sync, hold_id: int) -> Cause | None:
    """Return the cause of one hold."""
    _prepare()
    sql = f"SELECT h.kind, h.rule, h.field, {_words()} FROM hold h WHERE h.sync_id=%s AND h.id=%s"
    row = db.one(sql, (sync.pk, hold_id))
    return Cause(*map(str, row)) if row else None


def _groups(
    sync: Sync, having: str, more: tuple[object, ...], size: int, ignored: bool | None, kind: str = ""
) -> list[Group]:
    _prepare()
    where, params = _among(sync, ignored)
    if kind:
        where, params = f"{where} AND h.kind=%s", (*params, kind)
    value = f"CASE WHEN h.kind='refused' AND h.field<>'' THEN {_held('value')} END"
    same = (
        "SELECT h.kind, h.rule, h.field, "
        f"CASE WHEN h.kind IN {_KINDS} THEN '' ELSE h.reason END AS reason, {value} AS refused, "
        "COUNT(*) AS n, MIN(h.id) AS first, MIN(h.opened_at) AS since, MIN(h.next_try) AS next_try, "
        f"MIN(h.reason) AS example FROM hold h WHERE {where} GROUP BY 1,2,3,4,5"
    )
    by_words = f"SELECT s.*, {_cause_of('s.reason', 's.refused')} AS words FROM ({same}) s"
    by_cause = (
        "SELECT w.kind, w.rule, w.field, w.words, SUM(w.n) AS n, MIN(w.first) AS first, MIN(w.since) AS since, "
        "MIN(w.next_try) AS next_try, MIN(w.example) AS example "
        f"FROM ({by_words}) w GROUP BY w.kind, w.rule, w.field, w.words"
    )
    digest = "SUBSTR(md5(c.kind||'|'||c.rule||'|'||c.field||'|'||c.words), 1, 12)"
    named = f"SELECT c.*, {digest} AS digest FROM ({by_cause}) c"
    sql = (
        "SELECT q.kind, q.rule, q.field, q.words, q.digest, q.n, q.first, q.since, q.next_try, q.example "
        f"FROM ({named}) q WHERE {having} ORDER BY q.first LIMIT {int(size)}"
    )
    return [
        Group(Cause(*row[:4]), str(row[4]), int(row[5]), int(row[6]), float(row[7]), row[8], str(row[9]))
        for row in db.rows(sql, (*params, *more))
    ]


def reasons(sync: Sync, cause: Cause, size: int, *, ignored: bool | None = False) -> list[tuple[str, int]]:
    """Return the distinct reasons of a cause, each with its number of holds, the most frequent first."""
    where, params = _of(sync, cause, ignored)
    sql = f"SELECT h.reason, COUNT(*) FROM hold h WHERE {where} GROUP BY h.reason ORDER BY 2 DESC, 1 LIMIT {int(size)}"
    return [(str(reason), int(n)) for reason, n in db.rows(sql, params)]


def page(sync: Sync, cause: Cause, after: int, size: int, *, ignored: bool | None = None) -> list[HoldRow]:
    """Return the holds of a cause in order of their age."""
    where, params = _of(sync, cause, ignored)
    columns = ", ".join(f"h.{each.strip()}" for each in _COLUMNS.split(","))
    sql = f"SELECT {columns} FROM hold h WHERE {where} AND h.id>%s ORDER BY h.id LIMIT {int(size)}"
    return [_hold(row) for row in db.rows(sql, (*params, after))]


def first_of(groups: Iterable[Group]) -> dict[int, HoldRow]:
    """Return the first hold of each cause, by its id."""
    found = db.in_list(f"SELECT {_COLUMNS} FROM hold WHERE id IN {{ids}}", (), [each.first for each in groups])
    return {hold.id: hold for hold in map(_hold, found)}


def alike(sync: Sync, hold_ids: Iterable[int]) -> dict[int, int]:
    """Return, per difference of a field, how many others of the sync are between the same two values."""
    values = _held("values")
    sql = f"SELECT h.id, h.field, {values} FROM hold h WHERE h.sync_id=%s AND h.kind='conflict' AND h.id IN {{ids}}"
    own = {int(id): (str(field), str(held)) for id, field, held in db.in_list(sql, (sync.pk,), hold_ids)}
    found: dict[tuple[str, str], int] = {}
    for field in {field for field, _ in own.values()}:
        sql = (
            f"SELECT {values}, COUNT(*) FROM hold h WHERE h.sync_id=%s AND h.kind='conflict' AND h.field=%s "
            f"GROUP BY 1 HAVING COUNT(*)>1 AND {values} IN {{ids}}"
        )
        wanted = [held for of_field, held in own.values() if of_field == field]
        found |= {(field, str(held)): int(n) for held, n in db.in_list(sql, (sync.pk, field), wanted)}
    return {id: found.get(key, 1) - 1 for id, key in own.items()}


def count_differing(sync: Sync, field: str) -> int:
    """Return how many records differ in a field, and wait for a person."""
    return int(db.value(f"SELECT COUNT(*) {_DIFFERING}", (sync.pk, field)))


def count_decided(sync: Sync, field: str) -> int:
    """Return of how many of them a person has decided already."""
    return int(db.value(f"SELECT COUNT(*) {_DIFFERING} AND data LIKE %s", (sync.pk, field, '%"decided":{%')))


def mends(syncs: Sequence[int], before: int | None, size: int) -> list[MendRow]:
    """Return what was done about causes of these syncs, the newest first: those older than ``before``."""
    marks = ",".join(["%s"] * len(syncs))
    where, params = f"m.sync_id IN ({marks})", list(syncs)
    if before is not None:
        where, params = f"{where} AND m.id<%s", [*params, before]
    return _mends(f"{where} ORDER BY m.id DESC LIMIT {int(size)}", params) if syncs else []


def last_mends(sync: Sync, digests: Sequence[str], *, even_if_over: bool = False) -> dict[str, MendRow]:
    """Return, per cause, what was done about it last, where some of that is left, or ``even_if_over``."""
    if not digests:
        return {}
    marks = ",".join(["%s"] * len(digests))
    last = f"m.id IN (SELECT MAX(id) FROM mend WHERE sync_id=%s AND digest IN ({marks}) GROUP BY digest)"
    return {each.digest: each for each in _mends(last, [sync.pk, *digests]) if each.left or even_if_over}


def _mends(where: str, params: Sequence[object]) -> list[MendRow]:
    held = "FROM mended d JOIN hold h ON h.id=d.hold_id WHERE d.mend_id=m.id"
    sql = (
        "SELECT m.id, m.sync_id, m.digest, m.kind, m.rule, m.field, m.cause, m.reason, m.how, m.author, m.at, m.total, "
        f"(SELECT COUNT(*) {held}), (SELECT COUNT(*) {held} AND h.tries>d.tries) FROM mend m WHERE {where}"
    )
    return [
        MendRow(id, sync, digest, Cause(kind, rule, field, words), *more)
        for id, sync, digest, kind, rule, field, words, *more in db.rows(sql, params)
    ]


# --- doing --------------------------------------------------------------------------------------------


def try_again(
    sync: Sync,
    group: Group,
    how: str,
    author: str,
    now: float,
    *,
    only: Sequence[str] | None = None,
    hold_id: int | None = None,
) -> tuple[int, int]:
    """Let all holds of a cause be tried by the next run, in the caller's transaction; return the mend and their number.

    ``only``: those of these reasons; ``hold_id``: one alone. What is ignored is left alone, unless it is that one.
    Exactly their records are due.
    """
    where, params = _of(sync, group.cause, None if hold_id is not None else False)
    if hold_id is not None:
        where, params = f"{where} AND h.id=%s", (*params, hold_id)
    if only is not None:
        where, params = f"{where} AND h.reason IN ({','.join(['%s'] * len(only))})", (*params, *only)
    chosen = f"SELECT h.id FROM hold h WHERE {where}"
    total = int(db.value(f"SELECT COUNT(*) FROM ({chosen}) q", params))
    cause = group.cause
    columns = "sync_id, workspace_id, digest, kind, rule, field, cause, reason, how, author, at, total"
    values = (sync.pk, sync.workspace_id, group.digest, *cause, group.reason, how, author, now, total)
    mend = int(db.value(f"INSERT INTO mend ({columns}) VALUES ({','.join(['%s'] * len(values))}) RETURNING id", values))
    db.execute(
        "INSERT INTO mended (workspace_id, mend_id, hold_id, tries) "
        f"SELECT %s, %s, h.id, h.tries FROM hold h WHERE {where}",
        (sync.workspace_id, mend, *params),
    )
    members = "SELECT hold_id FROM mended WHERE mend_id=%s"
    db.execute(f"UPDATE hold SET next_try=%s WHERE next_try IS NOT NULL AND id IN ({members})", (now, mend))
    for side, feed in zip(SIDES, (sync.left_id, sync.right_id), strict=True):
        records = f"SELECT record_id FROM hold WHERE side='{side}' AND id IN ({members})"
        db.execute(f"UPDATE seen SET read_at=0 WHERE feed_id=%s AND record_id IN ({records})", (feed, mend))
    db.execute(
        "INSERT INTO due (sync_id, side, record_id, workspace_id, version, not_before) "
        f"SELECT DISTINCT h.sync_id, h.side, h.record_id, h.workspace_id, {secrets.randbits(_VERSION_BITS)}, 0.0 "
        f"FROM hold h WHERE h.id IN ({members}) "
        "ON CONFLICT (sync_id, side, record_id) DO UPDATE SET version=excluded.version, not_before=0",
        (mend,),
    )
    db.execute(f"DELETE FROM ignored WHERE hold_id IN ({members})", (mend,))
    return mend, total


def ignore(sync: Sync, cause: Cause, author: str, now: float, hold_id: int | None = None) -> int:
    """Leave the holds of a cause alone, or one of them, in the caller's transaction; return how many."""
    where, params = _of(sync, cause, False)
    if hold_id is not None:
        where, params = f"{where} AND h.id=%s", (*params, hold_id)

    def record(side: str, other: str) -> str:
        partner = (
            f"SELECT l.{side}_id FROM link l WHERE l.sync_id=h.sync_id AND l.{other}_id=h.record_id "
            "AND l.state IN ('pending','active')"
        )
        return f"CASE WHEN h.side='{side}' THEN h.record_id ELSE ({partner}) END"

    return db.execute(
        "INSERT INTO ignored (hold_id, sync_id, workspace_id, at, author, left_id, right_id) "
        f"SELECT h.id, h.sync_id, h.workspace_id, %s, %s, {record('left', 'right')}, {record('right', 'left')} "
        f"FROM hold h WHERE {where} ON CONFLICT (hold_id) DO UPDATE SET at=excluded.at, author=excluded.author",
        (now, author, *params),
    )


def take_back(sync: Sync, cause: Cause, hold_id: int | None = None) -> int:
    """Ask about the ignored holds of a cause again, or about one of them; return how many."""
    where, params = _of(sync, cause, True)
    if hold_id is not None:
        where, params = f"{where} AND h.id=%s", (*params, hold_id)
    return db.execute(f"DELETE FROM ignored WHERE hold_id IN (SELECT h.id FROM hold h WHERE {where})", params)


def tidy(before: float) -> None:
    """Forget what was ignored or tried and is no longer held, and what was done before a time (seconds)."""
    db.execute("DELETE FROM ignored WHERE NOT EXISTS (SELECT 1 FROM hold h WHERE h.id=ignored.hold_id)")
    db.execute("DELETE FROM mended WHERE NOT EXISTS (SELECT 1 FROM hold h WHERE h.id=mended.hold_id)")
    db.execute("DELETE FROM mended WHERE mend_id IN (SELECT id FROM mend WHERE at<%s)", (before,))
    db.execute("DELETE FROM mend WHERE at<%s", (before,))


def mark_held_by(sync: Sync, fields: Iterable[str]) -> None:
    """Mark as due, in the caller's transaction, the records that are held by one of these fields."""
    for field in fields:
        db.execute(
            "INSERT INTO due (sync_id, side, record_id, workspace_id, version, not_before) "
            f"SELECT sync_id, side, record_id, workspace_id, {secrets.randbits(_VERSION_BITS)}, 0.0 FROM hold "
            "WHERE sync_id=%s AND field=%s "
            "ON CONFLICT (sync_id, side, record_id) DO UPDATE SET version=excluded.version, not_before=0",
            (sync.pk, field),
        )
