"""Intents: what is about to be written to an app, stored before it is sent."""

from collections.abc import Sequence

from bothways.connectors.base import WriteItem, WriteKind
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, due, feeds, journal, links, plans
from bothways.ledger.feeds import SeenRow
from bothways.ledger.journal import Entry, FieldWrite
from bothways.ledger.links import NewLink
from bothways.ledger.models import Plan
from bothways.ledger.plans import ActionRow
from bothways.records import Value
from bothways.sync.absorb import compute_keys, wait_no_more
from bothways.sync.children import wake_children
from bothways.sync.context import Context
from bothways.sync.decisions import decided_otherwise
from bothways.sync.line import seed_shadows
from bothways.sync.payload import ENTERS
from bothways.sync.results import Sent
from bothways.sync.seen import save_seen_shadows

SHOWN_WITHIN = 120.0
"""Seconds after which an app shows what it was sent: what it does not show by then was surely not made."""


def intend(ctx: Context, plan: Plan, side: Side, kind: WriteKind, actions: Sequence[ActionRow]) -> list[Sent]:
    """Store what is about to be written to ``side``, on what base and why, in the caller's transaction.

    An action is left out if its link is busy, if one of its records was linked otherwise since planning, or if another
    sync is making the same one.
    """
    found = _free_links(ctx, actions)
    ready = without_linked(ctx, [action for action in actions if _is_as_planned(action, found)])
    if kind is WriteKind.CREATE:
        ready = _without_made(ctx, side, ready)
    link_ids = _links_for(ctx, plan, side, ready, kind)
    entries = [
        Entry(
            0,
            ctx.run_id,
            link_id,
            side,
            action.on(side) if kind is WriteKind.UPDATE else None,
            kind.value,
            "intent",
            action.rule,
            mark_of(ctx, side, link_id) if kind is WriteKind.CREATE else "",
            writes_of(ctx, action, side),
            _more(action, side),
        )
        for action, link_id in zip(ready, link_ids, strict=True)
    ]
    ids = journal.add(ctx.sync, ctx.run_id, entries, ctx.clock())
    rows = feeds.seen_by_id(ctx.ends[side].feed.pk, [entry.record_id for entry in entries if entry.record_id])
    return [
        Sent(action, entry._replace(id=id), item_of(id, entry, kind, rows), side)
        for action, entry, id in zip(ready, entries, ids, strict=True)
    ]


def mark_of(ctx: Context, side: Side, link_id: int) -> str:
    """Return the mark of a record that is to be created for a link, "" where its app keeps none: later it may, and
    that nobody has the mark tells nothing then."""
    return f"bothways-{ctx.sync.mark}-{link_id}" if ctx.ends[side].can.marker else ""


def without_linked(ctx: Context, actions: Sequence[ActionRow]) -> list[ActionRow]:
    """Return the actions but those that would link a record which has a link by now, or gets it by an earlier one of
    them, and those that would link one of which a person has decided otherwise since they were planned."""
    new = [action for action in actions if action.link_id is None]
    ids = {side: [id for action in new if (id := action.on(side))] for side in SIDES}
    taken = {side: set(links.live_by_record(ctx.sync, side, ids[side])) for side in SIDES}
    overruling = decided_otherwise(ctx.sync, {action.ids for action in new})
    found = []
    for action in actions:
        if action.link_id is None:
            if action.ids in overruling or any(action.on(side) in taken[side] for side in SIDES):
                continue
            for side in SIDES:
                taken[side] |= {id for id in (action.on(side),) if id}
        found.append(action)
    return found


def _without_made(ctx: Context, side: Side, creates: Sequence[ActionRow]) -> list[ActionRow]:
    """Return the creates but those of which another sync is making, or may have made, a match in this app.

    How that ends is known soon, and then the match rules have it; or the app shows nobody for long enough.
    """
    feed = ctx.ends[side].feed
    db.make_alone(feed.pk)
    slots = {slot for rule in ctx.spec.match for slot in rule.slots(side)}
    others = journal.being_made(feed, ctx.sync.pk, feed.complete_to - SHOWN_WITHIN)
    taken = {key for values in others for key in compute_keys(feed, values) if key[0] in slots}
    if not taken:
        return list(creates)

    def values(action: ActionRow) -> dict[str, Value]:
        return {write.field: write.after for write in writes_of(ctx, action, side).values()}

    return [action for action in creates if taken.isdisjoint(compute_keys(feed, values(action)))]


def make_links(ctx: Context, new: Sequence[NewLink]) -> list[int]:
    """Make links and return their ids; a record known to be gone by now is to be looked at again."""
    ids = links.create(ctx.sync, new, ctx.clock())
    seed_shadows(ctx, list(zip(ids, new, strict=True)))
    active = [each for each in new if each.state == "active"]
    wake_children(
        ctx.sync,
        {Side.LEFT: [str(each.left_id) for each in active], Side.RIGHT: [str(each.right_id) for each in active]},
    )
    linked = {
        Side.LEFT: [each.left_id for each in new if each.left_id is not None],
        Side.RIGHT: [each.right_id for each in new if each.right_id is not None],
    }
    for side in SIDES:
        look_again_at_dead(ctx, side, linked[side])
    wait_no_more(ctx.sync, linked)
    return ids


def look_again_at_dead(ctx: Context, side: Side, ids: Sequence[str]) -> None:
    """Let those of records that are linked now be looked at again which are known to be gone, or merged away, by now.

    The link of one that was merged has not followed, since there was none then: the app is asked again into which.
    """
    feed = ctx.ends[side].feed
    dead = feeds.not_live(feed.pk, ids)
    due.mark(ctx.sync, side, dead)
    for id in dead:
        feeds.forget_merged(feed.pk, id)


def _free_links(ctx: Context, actions: Sequence[ActionRow]) -> dict[int, links.LinkRow]:
    """Return the links of these actions that have no open write."""
    found = links.by_id([action.link_id for action in actions if action.link_id is not None])
    busy = journal.open_link_ids(ctx.sync) if found else set()
    return {id: link for id, link in found.items() if id not in busy}


def _is_as_planned(action: ActionRow, found: dict[int, links.LinkRow]) -> bool:
    """Tell whether an action's link, if it has one, is still as it was planned."""
    if action.link_id is None:
        return True
    link = found.get(action.link_id)
    return link is not None and link.state == "active" and (link.left_id, link.right_id) == action.ids


def _links_for(ctx: Context, plan: Plan, side: Side, actions: Sequence[ActionRow], kind: WriteKind) -> list[int]:
    """Return the link to write each action under, made now for a create (pending) or a new match."""
    new = [action for action in actions if action.link_id is None]
    if kind is WriteKind.CREATE:
        rows = [NewLink(*each.ids, "pending", each.rule, f"created: {each.reason}") for each in new]
    else:
        rows = [NewLink(*each.ids, "active", each.rule, each.reason) for each in new]
    made = dict(zip((each.seq for each in new), make_links(ctx, rows), strict=True))
    found = [made.get(action.seq) or action.link_id or 0 for action in actions]
    if kind is WriteKind.UPDATE:
        plans.set_links(plan.pk, made)
        entering = (each for each in actions if each.data.get("moves") == ENTERS)
        links.freeze((each.link_id, "") for each in entering if each.link_id is not None)
        save_seen_shadows(ctx, list(zip(found, actions, strict=True)))
    return found


def _more(action: ActionRow, side: Side) -> dict[str, object]:
    """Return what is kept beside a write: where it comes from; and of a set, what is known of it once it has landed."""
    more: dict[str, object] = {"source_id": action.on(side.other)}
    base = {
        each["map"]: each["merge"]["base"]
        for each in action.data["fields"]
        if each["write"] == side and "merge" in each and each["merge"]["base"] is not None
    }
    return {**more, **({"both": both} if (both := _to_both(action)) else {}), **({"base": base} if base else {})}


def _to_both(action: ActionRow) -> list[str]:
    """Return the mappings that are written to both sides: a value that a person typed."""
    left, right = ({each["map"] for each in action.data["fields"] if each["write"] == side} for side in SIDES)
    return sorted(left & right)


def writes_of(ctx: Context, action: ActionRow, side: Side) -> dict[str, FieldWrite]:
    """Return what an action writes to one side, by mapping."""
    return {
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


def item_of(id: int, entry: Entry, kind: WriteKind, rows: dict[str, SeenRow]) -> WriteItem:
    """Return what is handed to the connector; an update says where the record was last seen, and with what."""
    values = {write.field: write.after for write in entry.writes.values()}
    if entry.record_id is None:
        return WriteItem(str(id), kind, values, marker=entry.marker)
    row = rows.get(entry.record_id, SeenRow(entry.record_id))
    base = {write.field: write.before for write in entry.writes.values()}
    return WriteItem(str(id), kind, values, row.record.ref, base=base)
