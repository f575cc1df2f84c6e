"""Deletions carried over: the partner of a deleted record follows it after the grace, unless it was edited.

When its link ends, it is noted at the link when the surviving record is to follow. Until then nothing is done.
A record that is restored takes its link up again. Right before the write both records are read again by id.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bothways.connectors.base import WriteItem, WriteKind
from bothways.engine.deletes import Removal, Stamp, edited_since, saved_since, why_edited
from bothways.engine.field_state import Known
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, due, feeds, holds, journal, left_out, links, plans
from bothways.ledger.feeds import SeenRow
from bothways.ledger.journal import UNDO, Entry, FieldWrite
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Plan
from bothways.ledger.plans import ActionRow
from bothways.sync.absorb import News, absorb
from bothways.sync.children import wake_children
from bothways.sync.context import Context
from bothways.sync.decisions import decided_otherwise
from bothways.sync.intents import item_of, look_again_at_dead, writes_of
from bothways.sync.payload import marks_of
from bothways.sync.poll import refresh
from bothways.sync.results import Sent

RULE = "R4d"


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to become of a record whose link ended by a deletion, or by a merge of its partner.

    ``restored``: both records are there again, so the link is taken up. ``carries``: the deletion is to be carried
    over to it; ``waits``: the grace is not over; ``edited``: by what it shows an edit.
    """

    link: LinkRow | None = None
    restored: bool = False
    carries: bool = False
    waits: bool = False
    edited: str = ""
    busy: bool = False


NONE = Fate()


def fates(ctx: Context, side: Side, rows: Mapping[str, SeenRow], ended: Mapping[str, LinkRow]) -> dict[str, Fate]:
    """Return the fate of records of one side without a link, by their latest ended link.

    ``rows`` are fresh reads. Partners are read by id. A link that a person had paused is taken up like one that ended
    by a deletion, however it ended but by a person: made anew, it would not be paused.
    """
    other = side.other
    wanted = {id: link for id, link in ended.items() if _may_live_again(link) and link.on(other) and id in rows}
    if not wanted:
        return {}
    partner_ids = {str(link.on(other)) for link in wanted.values()}
    known = feeds.seen_by_id(ctx.ends[other].feed.pk, partner_ids)
    carried = {str(link.on(other)) for link in wanted.values() if link.carries_at is not None}
    partners = refresh(ctx, ctx.ends[other], {id for id, row in known.items() if row.live or id in carried})
    latest = links.ended_by_record(ctx.sync, other, partner_ids)
    taken = links.live_by_record(ctx.sync, other, partner_ids)
    chosen = holds.chosen(ctx.sync, side, wanted), holds.chosen(ctx.sync, other, partner_ids)
    apart, out = links.apart(ctx.sync, side, wanted), left_out.of_records(ctx.sync, other, partner_ids)
    of_contacts = _of_contacts(ctx, partner_ids if ctx.neighbour and ctx.neighbour.shared is other else wanted)
    busy = journal.open_link_ids(ctx.sync)
    found = {}
    for id, link in wanted.items():
        partner_id = str(link.on(other))
        partner, decided = partners.get(partner_id), id in chosen[0] or partner_id in chosen[1]
        same = partner_id in latest and latest[partner_id].id == link.id
        free = same and partner_id not in taken and not decided and not apart.get(id, set()) & {partner_id, ""}
        free = free and partner_id not in out and not {id, partner_id} & of_contacts
        both = rows[id].live and partner is not None and partner.live
        found[id] = Fate(link, restored=free and both, busy=link.id in busy)
        if link.survivor == side and partner is not None and partner.state == "gone" and free:
            found[id] = _carried(ctx, side, rows[id], link, link.id in busy)
    return found


def _of_contacts(ctx: Context, ids: Collection[str]) -> set[str]:
    """Return those of records that both have which the sync of the contacts has linked, where ours is one of leads."""
    neighbour = ctx.neighbour
    if neighbour is None or neighbour.leads:
        return set()
    return set(links.live_by_record(neighbour.sync, neighbour.side(neighbour.shared), ids))


def _may_live_again(link: LinkRow) -> bool:
    return link.by_deletion or (link.paused and link.ended_by != links.UNLINKED)


def _carried(ctx: Context, side: Side, row: SeenRow, link: LinkRow, busy: bool) -> Fate:
    """Return the fate of a record whose partner is surely gone."""
    if link.carries_at is None or not ctx.spec.removes(side) or not row.live:
        return Fate(link, busy=busy)
    return Fate(
        link,
        carries=True,
        waits=ctx.clock() < link.carries_at,
        edited="" if ctx.spec.deletes.of(side) is Removal.TAG else _edited(ctx, side, row, link),
        busy=busy,
    )


def _edited(ctx: Context, side: Side, row: SeenRow, link: LinkRow) -> str:
    if row.first_seen_at > (link.ended_at or 0.0):
        return "it was restored"
    known = links.shadows([link.id]).get(link.id, {each: {} for each in SIDES})[side]
    at_end = next(
        (
            entry.more
            for entry in reversed(journal.of_link(link.id))
            if entry.kind == "unlink" and entry.side is side and entry.more.get("stamp")
        ),
        None,
    )
    then = Stamp(*at_end["stamp"]) if at_end else None
    return (at_end or {}).get("edited") or edit_shown(ctx, side, row, known, then)


def edit_shown(ctx: Context, side: Side, row: SeenRow, known: Mapping[str, Known], then: Stamp | None) -> str:
    """Return by what a record shows that it was edited since it was in step, "" if by nothing.

    ``known`` is the shadow of its side, ``then`` the stamp when its link ended.
    """
    fields = {mapping.key: mapping.on(side) for mapping in ctx.spec.fields}
    values = {key: shadow.value for key, shadow in known.items()}
    return why_edited(fields, row.values or {}, values, Stamp(row.version, row.modified), then)


def may_carry(ctx: Context, link: LinkRow, gone: Collection[Side]) -> bool:
    """Tell whether the deletion of one record of a link is to be carried over to the other.

    Not where the pair took no part, and never to a record that a person had put back by an undo.
    """
    survivor = next((side for side in SIDES if side not in gone), None)
    return (
        len(gone) == 1 and survivor is not None and not link.frozen and link.rule != UNDO and ctx.spec.removes(survivor)
    )


# --- when the link ends, and after --------------------------------------------------------------------


def at_the_end(
    ctx: Context, link: LinkRow, side: Side, rows: Mapping[Side, SeenRow | None], known: Mapping[str, Known]
) -> dict[str, object]:
    """Return the stamp of a record whose link ends, and by what it shows an edit: later that may show no more.

    ``known`` is the shadow of its side. Nothing, if the record is gone itself.
    """
    row, partner = rows[side], rows[side.other]
    if row is None or not row.live:
        return {}
    edited = edit_shown(ctx, side, row, known, Stamp(row.version, row.modified))
    if partner is not None and partner.state == "gone":
        there_at = max(partner.swept, link.created_at)
        fields = {mapping.key: mapping.on(side) for mapping in ctx.spec.fields}
        edited_at = {key: shadow.edited_at for key, shadow in known.items() if shadow.edited_at is not None}
        edited = edited or edited_since(fields, edited_at, there_at) or _saved_since(ctx, link, side, row, there_at)
    return {"stamp": [row.version, row.modified]} | ({"edited": edited} if edited else {})


def _saved_since(ctx: Context, link: LinkRow, side: Side, row: SeenRow, there_at: float) -> str:
    sent = [each for each in journal.of_link(link.id) if each.side is side and each.kind in ("create", "update")]
    written_at = max((each.done_at or 0.0 for each in sent if each.state == "done"), default=0.0)
    saved = saved_since(row.stamp_seen_at, there_at, written_at, ctx.spec.own_write_window[side])
    return "it was saved" if saved else ""


def note(ctx: Context, link: LinkRow, survivor: Side) -> None:
    """Note at a link that ends, in the caller's transaction, when its surviving record is to follow."""
    links.carry([link.id], ctx.clock() + ctx.spec.deletes.grace)
    due.mark(ctx.sync, survivor, [str(link.on(survivor))])


def take_up(ctx: Context, action: ActionRow) -> None:
    """Row R9r: let a link live again, in the caller's transaction; its records are looked at by the next plan.

    Not if one of them has a link by now, or a person has decided otherwise since that was planned.
    """
    link = links.by_id([action.link_id or 0]).get(action.link_id or 0)
    taken = [links.live_by_record(ctx.sync, side, [str(action.on(side))]) for side in SIDES]
    if link is None or link.state != "ended" or any(taken):
        return
    if decided_otherwise(ctx.sync, [(link.left_id, link.right_id)]):
        return
    links.revive(link.id)
    journal.reopen([link.id])
    wake_children(ctx.sync, {side: [str(link.on(side))] for side in SIDES})
    for side in SIDES:
        due.mark(ctx.sync, side, [str(link.on(side))])
        look_again_at_dead(ctx, side, [str(link.on(side))])


# --- right before the write ---------------------------------------------------------------------------


def still_deleted(ctx: Context, plan: Plan, actions: Sequence[ActionRow], side: Side) -> list[ActionRow]:
    """Return the actions whose record is still to follow: both records of each are read again by id.

    The others are marked as skipped and stay due.
    """
    for each in SIDES:
        ids, feed = {str(action.on(each)) for action in actions}, ctx.ends[each].feed
        db.in_list_execute("UPDATE seen SET read_at=0 WHERE feed_id=%s AND record_id IN {ids}", (feed.pk,), ids)
        refresh(ctx, ctx.ends[each], ids)
    ids = {str(action.on(side)) for action in actions}
    rows = {id: row for id, row in feeds.seen_by_id(ctx.ends[side].feed.pk, ids).items() if row.read_at}
    gone_ids = {str(action.on(side.other)) for action in actions}
    gone = feeds.seen_by_id(ctx.ends[side.other].feed.pk, gone_ids)
    linked = links.live_by_record(ctx.sync, side, ids)
    ended = {id: link for id, link in links.ended_by_record(ctx.sync, side, rows).items() if id not in linked}
    found = fates(ctx, side, rows, ended)
    ready = []
    for action in actions:
        id, other = str(action.on(side)), gone.get(str(action.on(side.other)))
        fate = found.get(id, NONE)
        sure = other is not None and other.state == "gone" and other.read_at > 0
        row = rows.get(id)
        fits = row is not None and not row.problem and _fits(ctx, side, row)
        as_planned = fate.link is not None and fate.link.id == action.link_id
        if sure and fits and as_planned and fate.carries and not (fate.waits or fate.edited or fate.busy):
            ready.append(action)
    skipped = sorted({action.seq for action in actions} - {action.seq for action in ready})
    with db.transaction_():
        plans.set_state(plan.pk, skipped, "skipped")
    return ready


def _fits(ctx: Context, side: Side, row: SeenRow) -> bool:
    return ctx.spec.scope.fits(side, row.values or {}, ctx.clock(), lists=row.lists)


def intend_deletes(ctx: Context, side: Side, actions: Sequence[ActionRow]) -> list[Sent]:
    """Store what is about to be deleted on ``side``, each with the whole record as last seen, in the caller's
    transaction."""
    rows = feeds.seen_by_id(ctx.ends[side].feed.pk, [str(action.on(side)) for action in actions])
    entries = [_entry(ctx, side, action, rows[str(action.on(side))]) for action in actions]
    ids = journal.add(ctx.sync, ctx.run_id, entries, ctx.clock())
    return [
        Sent(
            action,
            entry._replace(id=id),
            WriteItem(str(id), WriteKind.ARCHIVE, ref=rows[str(action.on(side))].record.ref),
            side,
        )
        for action, entry, id in zip(actions, entries, ids, strict=True)
    ]


def _entry(ctx: Context, side: Side, action: ActionRow, row: SeenRow) -> Entry:
    values = row.values or {}
    names = {mapping.key: mapping.on(side).name for mapping in ctx.spec.fields}
    writes = {
        key: FieldWrite(values.get(name), None, RULE, action.reason, field=name)
        for key, name in names.items()
        if values.get(name) is not None
    }
    more = {"source_id": action.on(side.other), "record": dict(values)}
    kind = WriteKind.ARCHIVE.value
    return Entry(0, ctx.run_id, action.link_id, side, row.id, kind, "intent", RULE, "", writes, more)


def intend_tags(ctx: Context, side: Side, actions: Sequence[ActionRow]) -> list[Sent]:
    """Store that records are about to be tagged, since their partners were deleted, in the caller's transaction."""
    rows = feeds.seen_by_id(ctx.ends[side].feed.pk, [str(action.on(side)) for action in actions])
    entries = [
        Entry(
            0,
            ctx.run_id,
            action.link_id,
            side,
            action.on(side),
            WriteKind.UPDATE.value,
            "intent",
            action.rule,
            "",
            writes_of(ctx, action, side),
            {},
        )
        for action in actions
    ]
    ids = journal.add(ctx.sync, ctx.run_id, entries, ctx.clock())
    return [
        Sent(action, entry._replace(id=id), item_of(id, entry, WriteKind.UPDATE, rows), side)
        for action, entry, id in zip(actions, entries, ids, strict=True)
    ]


def record_deleted(ctx: Context, plan: Plan, side: Side, done: Sequence[Sent]) -> None:
    """Record that records were deleted, in the caller's transaction."""
    now = ctx.clock()
    journal.close([(each.entry, None) for each in done], "done", now)
    absorb(ctx.ends[side].feed, [News(str(each.entry.record_id), gone=True) for each in done], now, now)
    carried(done)
    plans.set_state(plan.pk, [each.action.seq for each in done], "done")
    due.clear(ctx.sync, [mark for each in done for mark in marks_of(each.action)])


def carried(done: Iterable[Sent]) -> None:
    """Note at the ended links of these records that they have followed: they never do so again."""
    links.carry([each.entry.link_id for each in done if each.entry.link_id is not None], None)
