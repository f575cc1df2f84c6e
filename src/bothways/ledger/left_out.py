"""Records that a person has left out: nobody is matched with them, and nobody is made for them.

Each is a record that is kept apart from everybody, so a row of ``apart``, with the hold by which the person was asked:
it is opened again as it was when that is taken back.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from bothways.engine.matching import ALONE
from bothways.engine.sides import Side
from bothways.ledger import db, links
from bothways.ledger.holds import HoldRow
from bothways.ledger.models import Sync

KIND = "left_out"
"""The kind of what is shown in place of the hold of a record that is left out by now."""


class LeftOut(NamedTuple):
    """Since when (seconds) a record is left out, by whom, and the id of the hold that it was."""

    at: float
    author: str
    hold_id: int

    @property
    def why(self) -> str:
        """The reason, in words."""
        return f"{self.author} left it out"


def leave_out(sync: Sync, hold: HoldRow, author: str, now: float) -> None:
    """Remember that the record of a hold is left out."""
    pair = (hold.record_id, ALONE) if hold.side == Side.LEFT else (ALONE, hold.record_id)
    data = {key: value for key, value in hold.data.items() if key != "chosen"}
    held = orjson.dumps([hold.rule, hold.reason, hold.kind, hold.link_id, hold.opened_at, data]).decode()
    key = ("sync_id", "left_id", "right_id")
    columns = (*key, "workspace_id", "left_out_at", "author", "hold_id", "held")
    db.upsert("apart", columns, key, [(sync.pk, *pair, sync.workspace_id, now, author, hold.id, held)])


def take_back(sync: Sync, side: Side, id: str) -> bool:
    """Let a record take part again, and wait as it did before; tell whether it was left out."""
    sql = f"SELECT hold_id, held FROM apart WHERE {_is_out(side)} AND {side}_id=%s"
    found = db.one(sql, (sync.pk, ALONE, id))
    if found is None:
        return False
    hold = _hold(side, id, *found)
    columns = "id, workspace_id, sync_id, side, record_id, link_id, rule, reason, kind, opened_at, data, field, tries"
    values = (hold.id, sync.workspace_id, sync.pk, side, id, hold.link_id, hold.rule, hold.reason, hold.kind)
    db.execute(
        f"INSERT INTO hold ({columns}) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,'',1) ON CONFLICT DO NOTHING",
        (*values, hold.opened_at, orjson.dumps(hold.data).decode()),
    )
    links.forget_apart(sync, side, id, [ALONE])
    return True


def hand_over(
    sync: Sync,
    side: Side,
    id: str,
    into: Sync,
    there: Side,
    to: str,
    said_there: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> None:
    """Let a record that is left out be so no more, but another one, of another sync, in its place, by the same issue.

    ``said_there`` gives what stood beside its hold in the words of that sync. What is decided of the other stays.
    """
    sql = f"SELECT left_out_at, author, hold_id, held FROM apart WHERE {_is_out(side)} AND {side}_id=%s"
    found = db.one(sql, (sync.pk, ALONE, id))
    if found is None:
        return
    at, author, hold_id, held = found
    rule, reason, kind, _, opened_at, data = _parts(held)
    packed = orjson.dumps([rule, reason, kind, None, opened_at, said_there(data)]).decode()
    columns = f"sync_id, {there}_id, {there.other}_id, workspace_id, left_out_at, author, hold_id, held"
    db.execute(
        f"INSERT INTO apart ({columns}) VALUES (%s,%s,%s,%s,%s,%s,%s,%s) ON CONFLICT DO NOTHING",
        (into.pk, to, ALONE, into.workspace_id, at, author, hold_id, packed),
    )
    links.forget_apart(sync, side, id, [ALONE])


def of_records(sync: Sync, side: Side, ids: Iterable[str]) -> dict[str, LeftOut]:
    """Return those of the records of one side that are left out."""
    sql = f"SELECT {side}_id, left_out_at, author, hold_id FROM apart WHERE {_is_out(side)} AND {side}_id IN {{ids}}"
    return {str(id): LeftOut(*rest) for id, *rest in db.in_list(sql, (sync.pk, ALONE), ids)}


def by_hold(hold_id: int) -> tuple[int, HoldRow] | None:
    """Return what is left out by the id of the hold that it was, in place of that, and the id of its sync."""
    sql = (
        "SELECT sync_id, left_id, right_id, left_out_at, author, hold_id, held FROM apart "
        "WHERE hold_id=%s AND left_out_at IS NOT NULL ORDER BY sync_id DESC"
    )
    found = db.one(sql, (hold_id,))
    if found is None:
        return None
    sync_id, left, right, at, author, id, held = found
    hold = _hold(Side.LEFT if left else Side.RIGHT, left or right, id, held)
    out = LeftOut(at, author, id)
    return int(sync_id), HoldRow(
        hold.side, hold.record_id, "R10", out.why, KIND, link_id=hold.link_id, id=id, opened_at=at, data=hold.data
    )


def _is_out(side: Side) -> str:
    """Return the condition that a row of a sync tells of a record of one side that is left out."""
    return f"sync_id=%s AND {side.other}_id=%s AND left_out_at IS NOT NULL"


def _hold(side: Side, record_id: str, id: int, held: str) -> HoldRow:
    rule, reason, kind, link_id, opened_at, data = _parts(held)
    return HoldRow(side, record_id, rule, reason, kind, link_id=link_id, id=id, opened_at=opened_at, data=data)


def _parts(held: str) -> list[Any]:
    found: list[Any] = orjson.loads(held)
    return found
