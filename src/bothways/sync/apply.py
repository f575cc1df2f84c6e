"""Carry a plan out: what needs no app first, then the writes of each side in batches.

The order of every write: commit the intents, mark them in flight and commit, call the app, then record
the results, shadows and due marks in one transaction. A crash between any two of these loses nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

from bothways.connectors.base import WriteItem, WriteKind, by_key
from bothways.engine.fields import Known
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind
from bothways.errors import AppError, OutcomeUnknown
from bothways.ledger import db, due, feeds, holds, journal, links, plans
from bothways.ledger.holds import HoldRow
from bothways.ledger.journal import Entry, FieldWrite
from bothways.ledger.models import Plan
from bothways.ledger.plans import ActionRow
from bothways.sync.absorb import end_link
from bothways.sync.checks import still_as_planned
from bothways.sync.context import Context, Progress
from bothways.sync.payload import marks_of
from bothways.sync.results import Sent, forget, hold_fields, record_result, ref_of
from bothways.sync.settling import settles_at

_QUIET = "NOT writes_left AND NOT writes_right"
_LOUD = "(writes_left OR writes_right)"


def apply_quiet(ctx: Context, plan: Plan) -> None:
    """Record everything in a plan that writes to no app: links, holds, equalities, ended links."""
    for page in plans.pages(plan, _QUIET):
        with db.transaction_():
            ctx.fence()
            for action in page:
                _quiet(ctx, action)
            plans.set_state(plan.pk, [action.seq for action in page], "done")


def apply_writes(ctx: Context, plan: Plan, limit: int | None = None, *, saved: bool = False) -> int:
    """Write the first ``limit`` actions of a plan (all if None) and return how many were tried.

    ``saved``: the plan was made in an earlier run, so every record is read again before it is written.
    Raises AppError if an app fails as a whole; all that was done until then is recorded.
    """
    last = _last_seq(plan, limit)
    total = int(db.value(f"SELECT COUNT(*) FROM plan_action WHERE plan_id=%s AND {_LOUD} AND seq<=%s", (plan.pk, last)))
    for side in SIDES:
        done = 0
        where = f"writes_{side} AND seq<={last}"
        for kind in (WriteKind.UPDATE, WriteKind.CREATE):
            wanted = f"{where} AND kind{'=' if kind is WriteKind.CREATE else '<>'}'{ActionKind.CREATE}'"
            for page in plans.pages(plan, wanted, size=max(ctx.ends[side].can.batch_write, 1)):
                ready = still_as_planned(ctx, plan, page, side, saved=saved)
                _write_batch(ctx, plan, side, kind, ready)
                done += len(page)
                ctx.report(Progress("Writing", ctx.ends[side].app, done, total))
    return total


def _last_seq(plan: Plan, limit: int | None) -> int:
    if limit is None:
        return 2**31 - 1
    sql = f"SELECT seq FROM plan_action WHERE plan_id=%s AND state='planned' AND {_LOUD} ORDER BY seq LIMIT 1 OFFSET %s"
    found = db.value(sql, (plan.pk, limit))
    return 2**31 - 1 if found is None else int(found) - 1


# --- actions that write to no app ---------------------------------------------------------------------


def _quiet(ctx: Context, action: ActionRow) -> None:
    now, marks = ctx.clock(), marks_of(action)
    match action.kind:
        case ActionKind.LINK:
            if _linked_meanwhile(ctx, action):
                return
            link_id = _make_link(ctx, action)
            _save_seen_shadows(ctx, link_id, action)
        case ActionKind.UNLINK if action.link_id is not None:
            _unlink(ctx, action)
        case ActionKind.HOLD:
            _hold(ctx, action)
        case ActionKind.WAIT:
            side = Side.LEFT if action.left_id else Side.RIGHT
            row = feeds.seen_by_id(ctx.ends[side].feed.pk, [action.on(side) or ""]).get(action.on(side) or "")
            due.postpone(ctx.sync, marks, settles_at(ctx, side, row) if row else now)
            return
        case ActionKind.SKIP:
            return
        case _:
            pass
    if action.link_id is not None and action.kind in (ActionKind.NONE, ActionKind.HOLD):
        _save_seen_shadows(ctx, action.link_id, action)
    if action.kind != ActionKind.HOLD:
        _clear_holds(ctx, action)
    due.clear(ctx.sync, marks)


def _ids(action: ActionRow) -> tuple[str | None, str | None]:
    return action.left_id, action.right_id


def _linked_meanwhile(ctx: Context, action: ActionRow) -> bool:
    return any(
        links.live_by_record(ctx.sync, side, [id])
        for side, id in zip(SIDES, _ids(action), strict=True)
        if id is not None
    )


def _make_link(ctx: Context, action: ActionRow) -> int:
    return links.create(ctx.sync, action.left_id, action.right_id, "active", action.rule, action.reason, ctx.clock())


def _save_seen_shadows(ctx: Context, link_id: int, action: ActionRow) -> None:
    """Record what was seen for the fields that are not written."""
    fresh = [each for each in action.data["fields"] if not each["write"] and each["seen"]]
    if not fresh:
        return
    known = links.shadows([link_id]).get(link_id, {side: {} for side in SIDES})
    for each in fresh:
        for side, value in each["seen"].items():
            known[Side(side)][each["map"]] = Known(value)
    links.save_shadows(ctx.sync.workspace_id, [(link_id, side, known[side]) for side in SIDES])


def _unlink(ctx: Context, action: ActionRow) -> None:
    """Rows R4 and R5: the link ends; a surviving record is marked so that it is not created again."""
    link = links.by_id([action.link_id or 0]).get(action.link_id or 0)
    if link is None or link.state != "active":
        return
    gone = {
        side
        for side in SIDES
        if (row := feeds.seen_by_id(ctx.ends[side].feed.pk, [link.on(side) or ""]).get(link.on(side) or ""))
        and row.state == "gone"
    }
    survivor = next((side for side in SIDES if side not in gone), None) if gone else None
    _journal_unlink(ctx, action, link.id, survivor)
    end_link(ctx.sync, link, ctx.clock(), f"{action.rule}: {action.reason}", survivor)


def _journal_unlink(ctx: Context, action: ActionRow, link_id: int, survivor: Side | None) -> None:
    """Keep what was last seen on both sides, so that an edit of a deleted record can be had back."""
    known = links.shadows([link_id]).get(link_id, {side: {} for side in SIDES})
    for side in SIDES:
        writes = {
            key: FieldWrite(shadow.value, None, action.rule, action.reason) for key, shadow in known[side].items()
        }
        more = {"survivor": survivor}
        entry = Entry(0, ctx.run_id, link_id, side, action.on(side), "unlink", "done", action.rule, "", writes, more)
        journal.add(ctx.sync, ctx.run_id, entry, ctx.clock())


def _hold(ctx: Context, action: ActionRow) -> None:
    if not action.data["kept"] and not action.data["fields"]:
        side = Side.LEFT if action.left_id else Side.RIGHT
        kind = "match" if action.rule == "R7" else "unreadable"
        row = HoldRow(side, action.on(side) or "", action.rule, action.reason, kind, link_id=action.link_id)
        holds.put(ctx.sync, row, ctx.clock())
    hold_fields(ctx, action)


def _clear_holds(ctx: Context, action: ActionRow) -> None:
    unchanged = [each["map"] for each in action.data["fields"] if each["rule"] == "F0"]
    for side in SIDES:
        record_id = action.on(side)
        if record_id is not None:
            holds.clear_settled(ctx.sync, side, record_id, unchanged)


# --- actions that write -------------------------------------------------------------------------------


def _write_batch(ctx: Context, plan: Plan, side: Side, kind: WriteKind, actions: Sequence[ActionRow]) -> None:
    """Write one batch to one side, by the write protocol."""
    if not actions:
        return
    end = ctx.ends[side]
    with db.transaction_():
        ctx.fence()
        sent = [each for action in actions if (each := _intend(ctx, plan, action, side, kind))]
    if not sent:
        return
    with db.transaction_():
        ctx.fence()
        journal.in_flight([each.entry.id for each in sent])
    try:
        results = by_key(end.connector.write(end.object, [each.item for each in sent]))
    except OutcomeUnknown:
        return
    except AppError:
        with db.transaction_():
            for each in sent:
                forget(ctx, each)
        raise
    with db.transaction_():
        ctx.fence()
        for each in sent:
            record_result(ctx, plan, each, results.get(each.item.key))


def _intend(ctx: Context, plan: Plan, action: ActionRow, side: Side, kind: WriteKind) -> Sent | None:
    """Store what is about to be written, on what base and why; None if the link is busy."""
    link_id = _link_for(ctx, plan, action, kind)
    if link_id is None:
        return None
    writes = {
        each["map"]: FieldWrite(
            each["before"],
            each["value"],
            each["rule"],
            each["reason"],
            source=each["seen"].get(side.other),
            conflict=each["conflict"],
            field=ctx.field_name(each["map"], side),
        )
        for each in action.data["fields"]
        if each["write"] == side
    }
    record_id = action.on(side) if kind is WriteKind.UPDATE else None
    more = {"source_id": action.on(side.other)}
    entry = Entry(0, ctx.run_id, link_id, side, record_id, kind.value, "intent", action.rule, "", writes, more)
    entry_id = journal.add(ctx.sync, ctx.run_id, entry, ctx.clock())
    marker = f"bothways-{ctx.sync.pk}-{entry_id}" if kind is WriteKind.CREATE else ""
    if marker:
        db.execute("UPDATE journal SET marker=%s WHERE id=%s", (marker, entry_id))
    entry = replace(entry, id=entry_id, marker=marker)
    item = WriteItem(
        str(entry_id),
        kind,
        {write.field: write.after for write in writes.values()},
        ref_of(ctx, side, record_id) if record_id else None,
        marker or None,
        {write.field: write.before for write in writes.values()} if record_id else {},
    )
    return Sent(action, entry, item, side)


def _link_for(ctx: Context, plan: Plan, action: ActionRow, kind: WriteKind) -> int | None:
    """Return the link to write under, made now for a create (pending) or a new match.

    None if it is busy, or if one of the records was linked otherwise since the plan was made.
    """
    if action.link_id is None and _linked_meanwhile(ctx, action):
        return None
    if kind is WriteKind.CREATE:
        reason = f"created: {action.reason}"
        return links.create(ctx.sync, action.left_id, action.right_id, "pending", action.rule, reason, ctx.clock())
    if action.link_id is None:
        link_id = _make_link(ctx, action)
        db.execute("UPDATE plan_action SET link_id=%s WHERE plan_id=%s AND seq=%s", (link_id, plan.pk, action.seq))
        _save_seen_shadows(ctx, link_id, action)
        return link_id
    link = links.by_id([action.link_id]).get(action.link_id)
    as_planned = link is not None and link.state == "active" and (link.left_id, link.right_id) == _ids(action)
    if not as_planned or journal.is_open(action.link_id):
        return None
    _save_seen_shadows(ctx, action.link_id, action)
    return action.link_id
