"""Plans as stored rows, read in pages: a plan is never one object in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, NamedTuple

import orjson

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db
from bothways.ledger.models import Plan

_COLUMNS = "seq, kind, rule, reason, left_id, right_id, link_id, writes_left, writes_right, state, data"


class ActionRow(NamedTuple):
    """One stored action. ``data`` holds its field decisions, the records as read, and the due marks."""

    seq: int
    kind: str
    rule: str
    reason: str
    left_id: str | None
    right_id: str | None
    link_id: int | None
    writes_left: bool
    writes_right: bool
    state: str
    data: dict[str, Any]

    @property
    def ids(self) -> tuple[str | None, str | None]:
        """The ids of the two records, left first."""
        return self.left_id, self.right_id

    def on(self, side: Side) -> str | None:
        """Return the record's id on one side."""
        return self.left_id if side is Side.LEFT else self.right_id

    def writes(self, side: Side) -> bool:
        """Tell whether the action writes to a side."""
        return self.writes_left if side is Side.LEFT else self.writes_right


@dataclass(frozen=True, slots=True)
class SoFar:
    """How far a plan is that is being made: of so many due records on each side, how many were looked at, by how many
    actions since a moment (seconds)."""

    total: tuple[int, int]
    done: tuple[int, int] = (0, 0)
    made: int = 0
    since: float = 0.0

    def and_then(self, actions: Sequence[ActionRow]) -> "SoFar":
        """Return it with more actions: each looked at the due records that it took note of."""
        left, right = (
            min(most, done + sum(side in each.data["marks"] for each in actions))
            for side, most, done in zip(SIDES, self.total, self.done, strict=True)
        )
        return replace(self, done=(left, right), made=self.made + len(actions))


_SO_FAR = "so_far"
"""Under which the totals of a plan keep how far it is, while it is made."""


def tell(plan: Plan, so_far: SoFar) -> None:
    """Keep how far a plan is."""
    Plan.objects.filter(pk=plan.pk).update(totals={_SO_FAR: astuple(so_far)})


def so_far(plan: Plan) -> SoFar:
    """Return how far a plan was when it was read."""
    total, done, made, since = plan.totals.get(_SO_FAR) or astuple(SoFar((0, 0)))
    return SoFar(tuple(total), tuple(done), made, since)


def add(plan: Plan, actions: Iterable[ActionRow]) -> None:
    """Store actions."""
    columns = ("plan_id", "workspace_id", *_COLUMNS.split(", "))
    data = [
        (
            plan.pk,
            plan.workspace_id,
            each.seq,
            each.kind,
            each.rule,
            each.reason,
            each.left_id,
            each.right_id,
            each.link_id,
            each.writes_left,
            each.writes_right,
            each.state,
            orjson.dumps(each.data).decode(),
        )
        for each in actions
    ]
    db.upsert("plan_action", columns, ("plan_id", "seq"), data)


def planned_ids(plan: Plan, side: Side, ids: Iterable[str]) -> set[str]:
    """Return those of the ids that an action of the plan already covers."""
    sql = f"SELECT {side}_id FROM plan_action WHERE plan_id=%s AND {side}_id IN {{ids}}"
    return {row[0] for row in db.in_list(sql, (plan.pk,), ids)}


def pages(plan: Plan, where: str = "", size: int = 400) -> Iterator[list[ActionRow]]:
    """Yield the actions still planned that fit ``where``, in order, page by page."""
    after = -1
    condition = f" AND {where}" if where else ""
    while True:
        sql = (
            f"SELECT {_COLUMNS} FROM plan_action WHERE plan_id=%s AND seq>%s AND state='planned'{condition} "
            "ORDER BY seq LIMIT %s"
        )
        page = [_action(row) for row in db.rows(sql, (plan.pk, after, size))]
        if not page:
            return
        yield page
        after = page[-1].seq


def every(plan: Plan, after: int = -1, size: int = 400, where: str = "", params: Sequence[str] = ()) -> list[ActionRow]:
    """Return a page of actions in any state that fit ``where``, which may ask for ``params``."""
    condition = f" AND {where}" if where else ""
    sql = f"SELECT {_COLUMNS} FROM plan_action WHERE plan_id=%s AND seq>%s{condition} ORDER BY seq LIMIT %s"
    return [_action(row) for row in db.rows(sql, (plan.pk, after, *params, size))]


def size(plan: Plan) -> int:
    """Return how many actions a plan has so far."""
    return int(db.value("SELECT COALESCE(MAX(seq)+1, 0) FROM plan_action WHERE plan_id=%s", (plan.pk,)))


def written(plan: Plan) -> dict[Side, tuple[int, int]]:
    """Return per side how many writes of a plan are settled, of how many."""
    sql = (
        "SELECT writes_left, writes_right, state<>'planned', COUNT(*) FROM plan_action WHERE plan_id=%s "
        "AND (writes_left OR writes_right) GROUP BY 1, 2, 3"
    )
    found = {side: [0, 0] for side in SIDES}
    for left, right, settled, count in db.rows(sql, (plan.pk,)):
        for side, writes in zip(SIDES, (left, right), strict=True):
            if writes:
                found[side][0] += int(count) if settled else 0
                found[side][1] += int(count)
    return {side: (done, total) for side, (done, total) in found.items()}


def set_state(plan_id: int, seqs: Sequence[int], state: str) -> None:
    """Set the state of actions: planned, done, failed, skipped."""
    db.in_list_execute("UPDATE plan_action SET state=%s WHERE plan_id=%s AND seq IN {ids}", (state, plan_id), seqs)


def set_links(plan_id: int, links: Mapping[int, int]) -> None:
    """Remember the link made for each action (seq -> link)."""
    db.execute_many(
        "UPDATE plan_action SET link_id=%s WHERE plan_id=%s AND seq=%s",
        [(link_id, plan_id, seq) for seq, link_id in links.items()],
    )


def drop(plan_id: int) -> None:
    """Forget a plan and its rows."""
    db.execute("DELETE FROM plan_action WHERE plan_id=%s", (plan_id,))
    db.execute("DELETE FROM plan WHERE id=%s", (plan_id,))


def _action(row: Sequence[Any]) -> ActionRow:
    seq, kind, rule, reason, left_id, right_id, link_id, writes_left, writes_right, state, data = row
    return ActionRow(
        seq,
        kind,
        rule,
        reason,
        left_id,
        right_id,
        link_id,
        bool(writes_left),
        bool(writes_right),
        state,
        orjson.loads(data),
    )
