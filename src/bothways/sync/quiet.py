"""Carry out the actions that write to no app: links, holds, equalities, ended links, waits."""

from collections.abc import Mapping, Sequence

from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind
from bothways.ledger import due, feeds, holds, journal, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.holds import HoldRow
from bothways.ledger.journal import Entry, FieldWrite
from bothways.ledger.links import LinkRow, NewLink
from bothways.ledger.plans import ActionRow
from bothways.sync import conversions
from bothways.sync.absorb import end_link
from bothways.sync.context import Context
from bothways.sync.deletes import at_the_end, note, take_up
from bothways.sync.held import forget_half_done
from bothways.sync.intents import make_links, without_linked
from bothways.sync.payload import ENTERS, marks_of
from bothways.sync.results import clear_mended, hold_fields
from bothways.sync.seen import save_seen_shadows
from bothways.sync.settling import settles_at


def record_quiet(ctx: Context, actions: Sequence[ActionRow]) -> None:
    """Record a page of actions that write to no app, in the caller's transaction."""
    kinds = {kind: [action for action in actions if action.kind == kind] for kind in ActionKind}
    taken_up = [action for action in kinds[ActionKind.LINK] if action.rule == "R9r"]
    for action in taken_up:
        take_up(ctx, action)
    linked = without_linked(ctx, [action for action in kinds[ActionKind.LINK] if action.rule != "R9r"])
    _link(ctx, linked)
    unlinked = [action for action in kinds[ActionKind.UNLINK] if _unlink(ctx, action)]
    for action in kinds[ActionKind.HOLD]:
        _hold(ctx, action)
    for action in kinds[ActionKind.WAIT]:
        _wait(ctx, action)
    unwritten = [*kinds[ActionKind.NONE], *kinds[ActionKind.HOLD], *kinds[ActionKind.LEAVE_OUT]]
    left = [each for each in kinds[ActionKind.LEAVE_OUT] if each.link_id is not None]
    links.freeze((each.link_id, each.reason) for each in left if each.link_id is not None and each.rule == "R10")
    _carry_no_more([*left, *kinds[ActionKind.NONE]])
    links.freeze(
        (each.link_id, "") for each in actions if each.link_id is not None and each.data.get("moves") == ENTERS
    )
    save_seen_shadows(ctx, [(action.link_id, action) for action in unwritten if action.link_id is not None])
    settled = [
        *linked,
        *taken_up,
        *unlinked,
        *(each for kind in (ActionKind.NONE, ActionKind.LEAVE_OUT) for each in kinds[kind]),
    ]
    _clear_holds(ctx, settled)
    clear_mended(ctx, kinds[ActionKind.HOLD])
    hold_fields(ctx, linked)
    due.clear(ctx.sync, [mark for action in [*settled, *kinds[ActionKind.HOLD]] for mark in marks_of(action)])


def _carry_no_more(actions: Sequence[ActionRow]) -> None:
    """Rows R4e, R4, R5 and R17: a deletion that is not carried over now never is."""
    over = [each for each in actions if each.rule in ("R4e", "R4", "R5", "R17")]
    links.carry([each.link_id for each in over if each.link_id is not None], None)


def _link(ctx: Context, actions: Sequence[ActionRow]) -> None:
    rows = [NewLink(*each.ids, "active", each.rule, each.reason) for each in actions]
    ids = make_links(ctx, rows)
    save_seen_shadows(ctx, list(zip(ids, actions, strict=True)))


def _wait(ctx: Context, action: ActionRow) -> None:
    """Rows R8 and R4w: look again when the create window, or the grace, is over."""
    if action.link_id is not None:
        link = links.by_id([action.link_id]).get(action.link_id)
        due.postpone(ctx.sync, marks_of(action), link.carries_at or 0.0 if link else 0.0)
        return
    side = Side.LEFT if action.left_id else Side.RIGHT
    row = feeds.seen_by_id(ctx.ends[side].feed.pk, [action.on(side) or ""]).get(action.on(side) or "")
    due.postpone(ctx.sync, marks_of(action), settles_at(ctx, side, row) if row else ctx.clock())


def _unlink(ctx: Context, action: ActionRow) -> bool:
    """Rows R4, R5, R10, R17 and R0c: the link ends; a surviving record is marked so that it is not created again.

    Return False where that cannot be done yet, so that it is looked at again.
    """
    link = links.by_id([action.link_id or 0]).get(action.link_id or 0)
    if link is None or link.state != "active":
        return True
    if action.rule == "R10" and link.paused:
        return False
    rows = {
        side: feeds.seen_by_id(ctx.ends[side].feed.pk, [link.on(side) or ""]).get(link.on(side) or "") for side in SIDES
    }
    if action.rule == conversions.RULE:
        if conversions.must_wait(ctx, link, rows):
            return False
        _journal_unlink(ctx, action, link, rows, None)
        conversions.go_on(ctx, link, rows, action.reason)
        return True
    gone = {side for side, row in rows.items() if row and row.state == "gone"}
    survivor = next((side for side in SIDES if side not in gone), None) if gone else None
    _journal_unlink(ctx, action, link, rows, survivor)
    end_link(ctx.sync, link, ctx.clock(), f"{action.rule}: {action.reason}", survivor)
    if action.data.get("carries") and survivor is not None:
        note(ctx, link, survivor)
    return True


def _journal_unlink(
    ctx: Context, action: ActionRow, link: LinkRow, rows: Mapping[Side, SeenRow | None], survivor: Side | None
) -> None:
    """Keep what was last seen on both sides, so that an edit of a deleted record can be had back.

    A lead that became a contact has lost nothing.
    """
    stays = action.rule == conversions.RULE
    known = links.shadows([link.id]).get(link.id, {side: {} for side in SIDES})
    entries = []
    for side in SIDES:
        writes = {
            key: FieldWrite(shadow.value, shadow.value if stays else None, action.rule, action.reason)
            for key, shadow in known[side].items()
        }
        more = {"survivor": survivor, **at_the_end(ctx, link, side, rows, known[side])}
        entries.append(
            Entry(0, ctx.run_id, link.id, side, action.on(side), "unlink", "done", action.rule, "", writes, more)
        )
    journal.add(ctx.sync, ctx.run_id, entries, ctx.clock())


def _hold(ctx: Context, action: ActionRow) -> None:
    if not action.data["kept"] and not action.data["fields"]:
        side = Side.LEFT if action.left_id else Side.RIGHT
        kind = "match" if action.rule == "R7" else "unreadable"
        data = {"candidates": action.data.get("candidates", [])} if kind == "match" else {}
        row = HoldRow(side, action.on(side) or "", action.rule, action.reason, kind, link_id=action.link_id, data=data)
        holds.put(ctx.sync, row, ctx.clock())
    hold_fields(ctx, [action])


def _clear_holds(ctx: Context, actions: Sequence[ActionRow]) -> None:
    for side in SIDES:
        unchanged = {
            id: [each["map"] for each in action.data["fields"] if each["rule"] == "F0"]
            for action in actions
            if (id := action.on(side)) is not None
        }
        linked = {id: link for action in actions if (link := action.link_id) and (id := action.on(side)) is not None}
        left_out = [each for each in actions if each.kind == ActionKind.LEAVE_OUT and each.rule == "R10"]
        outside = {id for each in left_out if (id := each.on(side)) is not None}
        forget_half_done(ctx, holds.clear_settled(ctx.sync, side, unchanged, outside), linked)
