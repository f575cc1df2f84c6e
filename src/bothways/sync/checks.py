"""Right before a write: is everything still as it was planned?"""

from collections.abc import Sequence

from bothways.engine.matching import Found
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding
from bothways.engine.table import ActionKind
from bothways.ledger import db, due, feeds, left_out, links, plans
from bothways.ledger.models import Plan
from bothways.ledger.plans import ActionRow
from bothways.records import FieldType, same
from bothways.sync.context import FRESH, Context
from bothways.sync.matches import matches_now
from bothways.sync.payload import LEAVES
from bothways.sync.poll import poll, refresh


def still_as_planned(
    ctx: Context, plan: Plan, actions: Sequence[ActionRow], side: Side, *, saved: bool
) -> list[ActionRow]:
    """Return the actions whose records are as planned; the others are marked as skipped and stay due.

    The side to be written is read again if the read is no longer fresh and the app does not compare
    versions itself; for a saved plan both sides are. What was read again since planning, here or by a poll,
    is compared with the plan: a newer version must never carry the older decision.
    """
    for each in SIDES:
        if saved or (each is side and not ctx.ends[side].can.conditional_writes):
            _read_again(ctx, actions, each, everything=saved)
    creates = [action for action in actions if action.kind == ActionKind.CREATE]
    if creates:
        _poll_for_twins(ctx, side)
    changed = _paused(actions) | _left_out(ctx, actions) | _has_partner_now(ctx, creates, side)
    for each in SIDES:
        changed |= _changed(ctx, actions, each, side)
    if changed:
        with db.transaction_():
            plans.set_state(plan.pk, sorted(changed), "skipped")
    return [action for action in actions if action.seq not in changed]


def skip_overtaken(ctx: Context, plan: Plan) -> None:
    """Skip every action of a saved plan whose records were changed, or dealt with by a run, since it was made.

    The due marks tell: each of them stands for what the plan has looked at.
    """
    for page in plans.pages(plan):
        now = {side: due.marked(ctx.sync, side, [id for each in page if (id := each.on(side))]) for side in SIDES}
        overtaken = [
            action.seq
            for action in page
            for side in SIDES
            if action.data["marks"].get(side)
            != (mark.version if (mark := now[side].get(action.on(side) or "")) else None)
        ]
        with db.transaction_():
            plans.set_state(plan.pk, overtaken, "skipped")


def _paused(actions: Sequence[ActionRow]) -> set[int]:
    """Return the actions whose link a person has paused since it was planned."""
    found = links.by_id([action.link_id for action in actions if action.link_id is not None])
    return {action.seq for action in actions if (link := found.get(action.link_id or 0)) is not None and link.paused}


def _left_out(ctx: Context, actions: Sequence[ActionRow]) -> set[int]:
    """Return the actions of records without a link that a person has left out since it was planned."""
    unlinked = [action for action in actions if action.link_id is None]
    found = set[int]()
    for side in SIDES:
        ids = {id: action.seq for action in unlinked if (id := action.on(side))}
        found |= {ids[id] for id in left_out.of_records(ctx.sync, side, ids)} if ids else set()
    return found


def _poll_for_twins(ctx: Context, side: Side) -> None:
    """Poll an app where records are to be made, unless that was done just now, or it refuses a second holder itself."""
    end = ctx.ends[side]
    if not 0 <= ctx.clock() - end.feed.polled_at <= FRESH and not _refuses_twins(ctx, side):
        poll(ctx, [end])


def _has_partner_now(ctx: Context, creates: Sequence[ActionRow], side: Side) -> set[int]:
    """Return the creates that somebody in the app where they were to be made matches by now."""
    if not creates:
        return set()
    ids = {str(action.on(side.other)): action.seq for action in creates}
    found = matches_now(ctx, side.other, ids)
    return {seq for id, seq in ids.items() if found[id].found is not Found.NOBODY}


def _refuses_twins(ctx: Context, side: Side) -> bool:
    """Tell whether the app of ``side`` takes no second record with a match key that is in use."""
    unique = {field.name for mapping in ctx.spec.fields if (field := mapping.on(side)).unique}
    return ctx.ends[side].can.unique_create and all(
        rule.field(side) in unique for rule in ctx.spec.match if rule.finding is Finding.LINK
    )


def _read_again(ctx: Context, actions: Sequence[ActionRow], side: Side, *, everything: bool) -> None:
    """Read the records of one side that were not read just now, or ``everything``."""
    now = ctx.clock()
    ids = {
        str(action.on(side))
        for action in actions
        if action.on(side) and (everything or not 0 <= now - action.data["read"].get(side, 0.0) <= FRESH)
    }
    if ids:
        feed = ctx.ends[side].feed
        db.in_list_execute("UPDATE seen SET read_at=0 WHERE feed_id=%s AND record_id IN {ids}", (feed.pk,), ids)
        refresh(ctx, ctx.ends[side], ids)


def _changed(ctx: Context, actions: Sequence[ActionRow], side: Side, written: Side) -> set[int]:
    """Return the actions whose record of ``side`` is not as planned, ``written`` being the side to be written."""
    planned = {str(action.on(side)): action for action in actions if action.on(side)}
    rows = feeds.seen_by_id(ctx.ends[side].feed.pk, planned)
    return {
        action.seq
        for id, action in planned.items()
        if (row := rows.get(id)) is None
        or (row.read_at != action.data["read"].get(side) and not _as_planned(ctx, action, side, written, row))
    }


def _as_planned(ctx: Context, action: ActionRow, side: Side, written: Side, row: feeds.SeenRow) -> bool:
    """Compare every field but those that this very action has written already: the left side goes first.

    A record that no longer takes part is not as planned; of a pair that leaves, neither is the one not to be tagged.
    Of a list that is to be written over, labels and order count as well.
    """
    if not row.live or row.problem:
        return False
    values = row.values or {}
    if action.data.get("moves") == LEAVES and side is not written:
        return False
    if not ctx.spec.scope.fits(side, values, ctx.clock(), lists=row.lists, linked=action.link_id is not None):
        return False
    done = {each["map"] for each in action.data["fields"] if each["write"] == Side.LEFT and written is Side.RIGHT}
    for each in action.data["fields"]:
        if each["map"] in done and (side is Side.LEFT or each["write"] == Side.LEFT):
            continue
        field = ctx.mapping(each["map"]).on(side)
        if not field.name:
            continue
        known = each["merge"]["held"] if "merge" in each else each["seen"] or {}
        planned = known.get(side, each["before"] if each["write"] == side else values.get(field.name))
        now = values.get(field.name)
        relabelled = each["write"] == side and field.type is FieldType.LABELLED and planned != now
        if relabelled or not same(planned, field, now):
            return False
    return True
