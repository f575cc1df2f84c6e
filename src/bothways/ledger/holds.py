"""Holds: what waits for a person, or for an app to take it. One per record, or per field of a record."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made_by
from typing import Any

import orjson

from bothways.engine.sides import Side
from bothways.ledger import db
from bothways.ledger.models import Sync
from bothways.records import Value

FIRST_WAIT, LONGEST_WAIT = 60.0, 86_400.0
"""Seconds until a refused record is tried again: doubled at each try, from a minute to a day."""

CHOSEN = "you linked them"
"""The reason of a link that a person has chosen."""

_NONE: Mapping[str, Collection[str]] = {}
_COLUMNS = "id, side, record_id, field, link_id, rule, reason, kind, tries, next_try, opened_at, data"


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One thing that waits. ``kind``: ``match`` and ``conflict`` wait for a person, ``refused`` for the app,
    ``unreadable`` for the record to be mended, ``consent`` for a direction that lets an opting out through."""

    side: str
    record_id: str
    rule: str
    reason: str
    kind: str
    field: str = ""
    link_id: int | None = None
    id: int = 0
    tries: int = 1
    next_try: float | None = None
    opened_at: float = 0.0
    data: dict[str, Any] = made_by(default_factory=dict)


def wait(tries: int) -> float:
    """Return the seconds to wait after so many refusals."""
    return float(min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT))


def put(sync: Sync, hold: HoldRow, now: float) -> None:
    """Open a hold, or count another try of the same one; refused ones get their next try.

    What a person chose or decided stays with it, unless it was decided on other values than those held now.
    """
    before = db.one(
        "SELECT tries, opened_at, data FROM hold WHERE sync_id=%s AND side=%s AND record_id=%s AND field=%s",
        (sync.pk, hold.side, hold.record_id, hold.field),
    )
    known = orjson.loads(before[2]) if before else {}
    chosen = {key: known[key] for key in ("chosen", "decided") if known.get(key)}
    if hold.kind == "conflict" and "decided" in chosen and chosen["decided"]["seen"] != hold.data.get("values"):
        del chosen["decided"]
    tries, opened = (before[0] + 1, before[1]) if before else (1, now)
    next_try = now + wait(tries) if hold.kind == "refused" else None
    columns = ("workspace_id", "sync_id", "side", "record_id", "field", "link_id", "rule", "reason", "kind")
    db.upsert(
        "hold",
        (*columns, "tries", "next_try", "opened_at", "data"),
        ("sync_id", "side", "record_id", "field"),
        [
            (
                sync.workspace_id,
                sync.pk,
                hold.side,
                hold.record_id,
                hold.field,
                hold.link_id,
                hold.rule,
                hold.reason,
                hold.kind,
                tries,
                next_try,
                opened,
                orjson.dumps(chosen | hold.data).decode(),
            )
        ],
    )


def clear_fields(
    sync: Sync, side: Side, fields: Mapping[str, Collection[str]], unchanged: Mapping[str, Collection[str]] = _NONE
) -> list[HoldRow]:
    """Close the holds of these fields of records (record id -> fields; "" is the whole record) and return them.

    Of them, a field that did not change stays frozen (row F5).
    """
    found = [hold for hold in of_records(sync, side, fields) if hold.field in fields[hold.record_id]]
    return _close(hold for hold in found if _no_longer_frozen(hold, unchanged))


def clear_settled(
    sync: Sync, side: Side, unchanged: Mapping[str, Collection[str]], outside: Collection[str] = ()
) -> list[HoldRow]:
    """Close the holds of records that a plan has looked at anew (record id -> its unchanged fields) and return them.

    A field that did not change stays frozen (row F5). What a person has chosen for a record that is ``outside`` its
    filter stands: it is done once that is back.
    """
    found = [hold for hold in of_records(sync, side, unchanged) if _no_longer_frozen(hold, unchanged)]
    return _close(hold for hold in found if not (hold.record_id in outside and hold.data.get("chosen")))


def _no_longer_frozen(hold: HoldRow, unchanged: Mapping[str, Collection[str]]) -> bool:
    return hold.kind != "frozen" or hold.field not in unchanged.get(hold.record_id, ())


def close_of_pair(sync: Sync, side: Side, id: str) -> set[str]:
    """Close the holds of a record that are about what its partner holds.

    Return the fields of which a person has decided what may be carried out by half: it goes with the holds.
    """
    found = of_records(sync, side, [id])
    closed = _close(hold for hold in found if hold.field and hold.kind in ("conflict", "consent"))
    return {hold.field for hold in closed if hold.data.get("decided")}


def close_carried_out(sync: Sync, pair: Mapping[Side, str], field: str, side: Side, value: Value) -> None:
    """Close the difference of a field of which a person had decided just this: that value, on that side alone."""
    found = [hold for end, id in pair.items() for hold in of_records(sync, end, [id]) if hold.field == field]
    _close(hold for hold in found if (hold.data.get("decided") or {}).get("values") == {str(side): value})


def close_refused_create(sync: Sync, side: Side, id: str, field: str) -> None:
    """Close the hold of what was refused of one field, "" for the whole, of a record to be made from this one."""
    found = [hold for hold in of_records(sync, side, [id]) if hold.field == field and hold.kind == "refused"]
    _close(hold for hold in found if hold.link_id is None)


def forget(sync: Sync, side: Side, ids: Iterable[str]) -> None:
    """Close every hold of records that are gone."""
    _close(of_records(sync, side, ids))


def close_matched(sync: Sync, side: Side, ids: Iterable[str]) -> None:
    """Close what a person is asked about whom these records belong to: each has its partner."""
    _close(hold for hold in of_records(sync, side, ids) if hold.kind == "match")


def _close(found: Iterable[HoldRow]) -> list[HoldRow]:
    closed = list(found)
    db.execute_many("DELETE FROM hold WHERE id=%s", [(hold.id,) for hold in closed])
    return closed


def ready(sync: Sync, now: float) -> list[HoldRow]:
    """Return the refused ones whose next try has come; none of a record that was refused as a whole and still waits."""
    waits = (
        "SELECT 1 FROM hold w WHERE w.sync_id=hold.sync_id AND w.side=hold.side AND w.record_id=hold.record_id "
        "AND w.field='' AND w.next_try>%s"
    )
    return _rows(f"sync_id=%s AND next_try IS NOT NULL AND next_try<=%s AND NOT EXISTS ({waits})", (sync.pk, now, now))


def of_records(sync: Sync, side: str, ids: Iterable[str]) -> list[HoldRow]:
    """Return the holds of records of one side."""
    sql = f"SELECT {_COLUMNS} FROM hold WHERE sync_id=%s AND side=%s AND record_id IN {{ids}}"
    return [_hold(row) for row in db.in_list(sql, (sync.pk, side), ids)]


def by_id(hold_id: int) -> tuple[int, HoldRow] | None:
    """Return a hold by its own id, and the id of its sync."""
    found = db.one(f"SELECT sync_id, {_COLUMNS} FROM hold WHERE id=%s", (hold_id,))
    return (int(found[0]), _hold(found[1:])) if found else None


def chosen(sync: Sync, side: str, ids: Iterable[str]) -> dict[str, str]:
    """Return, per record of one side, the partner that a person has chosen for it and that is not linked yet."""
    return {hold.record_id: each for hold in of_records(sync, side, ids) if (each := hold.data.get("chosen"))}


def choose(sync: Sync, ids: Mapping[Side, str], now: float) -> None:
    """Remember that a person has chosen these two, one of each side, to be linked."""
    for side, id in ids.items():
        opened = next((hold for hold in of_records(sync, side, [id]) if not hold.field), None)
        row = opened or HoldRow(side, id, "R7", CHOSEN, "match")
        put(sync, replace(row, data={**row.data, "chosen": ids[side.other]}), now)


def withdraw(sync: Sync, side: Side, id: str) -> None:
    """Forget what a person chose for a record, on both sides."""
    partner = chosen(sync, side, [id]).get(id)
    for each, record in ((side, id), (side.other, partner)):
        for hold in of_records(sync, each, [record] if record else []):
            data = {key: value for key, value in hold.data.items() if key != "chosen"}
            db.execute("UPDATE hold SET data=%s WHERE id=%s", (orjson.dumps(data).decode(), hold.id))


def decide(hold: HoldRow, decided: Mapping[str, Any] | None) -> None:
    """Remember what a person has decided about a field that is held; None: forget it."""
    data = {key: value for key, value in hold.data.items() if key != "decided"}
    data |= {"decided": decided} if decided else {}
    db.execute("UPDATE hold SET data=%s WHERE id=%s", (orjson.dumps(data).decode(), hold.id))


def naming(sync: Sync, rule: str, id: str) -> list[HoldRow]:
    """Return what is held by one rule and names a record: it is held itself, or one of those to choose between."""
    named = "(record_id=%s OR data LIKE %s ESCAPE '\\')"
    return _rows(f"sync_id=%s AND rule=%s AND {named}", (sync.pk, rule, id, db.containing(orjson.dumps(id).decode())))


def move(hold: HoldRow, record_id: str, data: Mapping[str, Any]) -> None:
    """Let a hold be one of this record, with this beside it."""
    db.execute("UPDATE hold SET record_id=%s, data=%s WHERE id=%s", (record_id, orjson.dumps(data).decode(), hold.id))


def take_over(former: Sync, sync: Sync) -> None:
    """Let what waits in a sync wait in another one of the same objects, but of links that are not that one's."""
    same = "h.side=hold.side AND h.record_id=hold.record_id AND h.field=hold.field"
    there = f"SELECT 1 FROM hold h WHERE h.sync_id=%s AND {same}"
    fits = "(link_id IS NULL OR link_id IN (SELECT id FROM link WHERE sync_id=%s))"
    sql = f"UPDATE hold SET sync_id=%s WHERE sync_id=%s AND {fits} AND NOT EXISTS ({there})"
    db.execute(sql, (sync.pk, former.pk, sync.pk, sync.pk))


def to_decide(sync: Sync) -> int:
    """Return how many differences of fields wait for a person who has not decided them."""
    sql = "SELECT COUNT(*) FROM hold WHERE sync_id=%s AND kind='conflict' AND data NOT LIKE %s"
    return int(db.value(sql, (sync.pk, '%"decided":{%')))


def conflicts(sync: Sync, field: str) -> list[HoldRow]:
    """Return the differences of one field that wait for a person, oldest first."""
    return _rows("sync_id=%s AND kind='conflict' AND field=%s", (sync.pk, field), " ORDER BY id")


def wait_for_a_person(sync: Sync) -> bool:
    """Tell whether any record waits for a person to say whom it belongs to."""
    return db.one("SELECT 1 FROM hold WHERE sync_id=%s AND kind='match' LIMIT 1", (sync.pk,)) is not None


def page(sync: Sync, after: int = 0, size: int = 500) -> list[HoldRow]:
    """Return holds in order of their age."""
    return _rows("sync_id=%s AND id>%s", (sync.pk, after), f" ORDER BY id LIMIT {int(size)}")


def by_kind(sync: Sync) -> dict[str, int]:
    """Return how many records are held, by kind."""
    sql = "SELECT kind, COUNT(DISTINCT side || ':' || record_id) FROM hold WHERE sync_id=%s GROUP BY kind"
    return {str(kind): int(count) for kind, count in db.rows(sql, (sync.pk,))}


def _rows(where: str, params: Sequence[object], tail: str = "") -> list[HoldRow]:
    return [_hold(row) for row in db.rows(f"SELECT {_COLUMNS} FROM hold WHERE {where}{tail}", params)]


def _hold(row: Sequence[Any]) -> HoldRow:
    id, side, record_id, name, link_id, rule, reason, kind, tries, next_try, opened_at, data = row
    return HoldRow(
        side, record_id, rule, reason, kind, name, link_id, id, tries, next_try, opened_at, orjson.loads(data)
    )
