"""A lead that its app turned into a contact: its link goes on in the sync of the contacts, with its history (row R0c).

That is no deletion. The link ends in the sync of the leads, and a link of the contact with the same partner is made in
the sync of the contacts, in one transaction, whether that sync is on or not. It waits there until the contact can be
read. Where the contact or the partner has another link already, both pairs are held, as after a merge. What a person
has decided of the lead is handed over when the conversion is learnt (``sync.turned``).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from bothways.engine.field_state import Known
from bothways.engine.rules import because
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import key_of
from bothways.ledger import db, due, feeds, holds, journal, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.holds import HoldRow
from bothways.ledger.links import LinkRow, NewLink
from bothways.records import is_blank, same
from bothways.sync import merges, turned
from bothways.sync.absorb import end_link
from bothways.sync.alike import alike
from bothways.sync.children import wake_children
from bothways.sync.context import Context, End, Neighbour
from bothways.sync.decisions import decided_otherwise
from bothways.sync.neighbours import sharing_there
from bothways.sync.poll import refresh

RULE = "R0c"

OF_A_CONTACT = "was a lead's then, and is kept in step with a contact since; change it by hand"
"""Why an undo leaves what was done to a lead whose record of the other app is a contact's by now."""


def converted_side(rows: Mapping[Side, SeenRow | None]) -> Side | None:
    """Return the side whose record was turned into one of another object, None if there is none."""
    return next((side for side, row in rows.items() if row is not None and row.converted), None)


def why_converted(ctx: Context, side: Side, row: SeenRow) -> str:
    """Say into what a record was turned, and what becomes of its link."""
    assert row.became is not None
    text = because(RULE, app=ctx.spec.apps[side], message=" ".join(row.became))
    neighbour = _of_contacts(ctx, side, row)
    if neighbour is None:
        return f"{text}, which no sync keeps in step with {ctx.spec.apps[side.other]}"
    return f'{text}; the link goes on in the sync "{neighbour.sync.name}"'


def former_partner_became(ended: LinkRow | None, side: Side) -> str:
    """Say into what the former partner of a record of ``side`` was turned, "" where its link ended otherwise."""
    if ended is None or ended.survivor != side:
        return ""
    by_conversion = ended.by_conversion or (ended.by_merge and ended.came_from is not None)
    return ended.ended_by.partition(": ")[2] if by_conversion else ""


def must_wait(ctx: Context, link: LinkRow, rows: Mapping[Side, SeenRow | None]) -> bool:
    """Tell whether a link cannot go on yet: a write to what the contact or its partner is linked to is not settled."""
    found = _target(ctx, link, rows)
    if found is None:
        return False
    neighbour, ids = found
    taken = _taken(neighbour, ids)
    busy = journal.open_link_ids(neighbour.sync)
    return any(each.state == "pending" or each.id in busy for each in taken.values())


def _of_contacts(ctx: Context, side: Side, row: SeenRow) -> Neighbour | None:
    neighbour = ctx.neighbour
    fits = neighbour is not None and not neighbour.leads and neighbour.shared is side.other
    return neighbour if fits and row.became and neighbour and neighbour.feed.object == row.became[0] else None


def _target(
    ctx: Context, link: LinkRow, rows: Mapping[Side, SeenRow | None]
) -> tuple[Neighbour, dict[Side, str]] | None:
    """Return the sync in which a link goes on, and the records of it there, by the sides of that sync."""
    side = converted_side(rows)
    row = rows[side] if side else None
    if side is None or row is None or row.became is None:
        return None
    neighbour = _of_contacts(ctx, side, row)
    partner = link.on(side.other)
    if neighbour is None or partner is None:
        return None
    return neighbour, {neighbour.side(side): row.became[1], neighbour.side(side.other): partner}


def _taken(neighbour: Neighbour, ids: Mapping[Side, str]) -> dict[Side, LinkRow]:
    """Return the links that the contact and the partner have in their sync already."""
    found = {side: links.live_by_record(neighbour.sync, side, [id]).get(id) for side, id in ids.items()}
    return {side: link for side, link in found.items() if link is not None}


def go_on(ctx: Context, link: LinkRow, rows: Mapping[Side, SeenRow | None], reason: str) -> None:
    """End the link of a lead that was turned into a contact, and let it go on there, in the caller's transaction.

    ``rows`` are what was last seen of its records.
    """
    side, found = converted_side(rows), _target(ctx, link, rows)
    answers = _answers(ctx, found[0], link) if found else []
    end_link(ctx.sync, link, ctx.clock(), f"{RULE}: {reason}", side.other if side else None)
    if found is None or side is None:
        return
    neighbour, ids = found
    taken = _taken(neighbour, ids)
    if len(taken) == len(SIDES):
        if taken[Side.LEFT].id == taken[Side.RIGHT].id:
            links.goes_on_from(taken[Side.LEFT].id, link.id)
            if link.paused:
                links.pause(taken[Side.LEFT].id, paused=True)
    elif not decided_otherwise(neighbour.sync, [(ids[Side.LEFT], ids[Side.RIGHT])]):
        message = f"{neighbour.feed.object} {ids[neighbour.side(side)]}"
        made = _make(ctx, neighbour, ids, link, taken, because(RULE, app=ctx.spec.apps[side], message=message))
        for hold in answers if not taken else ():
            row = replace(hold, side=Side.LEFT, record_id=ids[Side.LEFT], link_id=made)
            holds.put(neighbour.sync, row, ctx.clock())


def _answers(ctx: Context, neighbour: Neighbour, link: LinkRow) -> list[HoldRow]:
    """Return what a person has decided about fields of a lead's link, and nobody has carried out yet, as holds of the
    sync of the contacts: of its fields that go to the same ones of the other app."""
    there = neighbour.side(neighbour.shared)
    keys = {names[SIDES.index(there)]: key_of(*names) for names in neighbour.fields}
    found = []
    for hold in (hold for side in SIDES for hold in holds.of_records(ctx.sync, side, [str(link.on(side))])):
        decided = hold.data.get("decided") if ctx.in_force(hold.field) else None
        key = keys.get(ctx.field_name(hold.field, neighbour.shared)) if decided else None
        if decided and key is not None:
            seen, values = (
                {str(neighbour.side(Side(each))): value for each, value in decided[what].items()}
                for what in ("seen", "values")
            )
            data = {"values": seen, "decided": {"seen": seen, "values": values, "words": decided["words"]}}
            found.append(replace(hold, field=key, data=data))
    return found


def _make(
    ctx: Context, neighbour: Neighbour, ids: Mapping[Side, str], lead: LinkRow, taken: Mapping[Side, LinkRow], why: str
) -> int:
    """Make the link in the sync of the contacts, and return it; where one of the two has one, make it ended by a merge,
    and a hold."""
    sync, now = neighbour.sync, ctx.clock()
    new = NewLink(ids[Side.LEFT], ids[Side.RIGHT], "ended" if taken else "active", RULE, f"linked: {why}", lead.id)
    [made] = links.create(sync, [new], now)
    if not taken:
        if lead.paused:
            links.pause(made, paused=True)
        feeds.forget_merged(neighbour.feed.pk, ids[neighbour.side(neighbour.shared.other)])
        wake_children(sync, {side: [id] for side, id in ids.items()})
    for side, survivor in taken.items():
        links.end(made, now, f"{merges.RULE}: {why}", side.other)
        reason = f"these two pairs became one record: {why}, and {ids[side]} is linked to {survivor.on(side.other)}"
        merges.hold_left_over(sync, side, links.by_id([made])[made], survivor, reason, now)
    for side, id in ids.items():
        due.mark(sync, side, [id])
    return made


def of_contacts(ctx: Context, link_ids: Collection[int]) -> set[int]:
    """Return those of the links of leads whose record of the other app is a contact's by now (rows R0c and R17).

    What an undo put back there would be an edit for the sync of the contacts.
    """
    found, neighbour = links.by_id(link_ids), ctx.neighbour
    stays = {id for id, link in found.items() if link.by_conversion or link.left_to_contact}
    if neighbour is None or neighbour.leads:
        return stays
    shared = {id: str(link.on(neighbour.shared)) for id, link in found.items() if link.state == "ended"}
    taken = links.live_by_record(neighbour.sync, neighbour.side(neighbour.shared), shared.values())
    return stays | {id for id, record_id in shared.items() if record_id in taken}


# --- in the sync of the contacts ----------------------------------------------------------------------


def awaited(ctx: Context, side: Side, pairs: Mapping[str, str | None]) -> dict[str, str]:
    """Return for which records of one side the word of the sync of the leads is waited for, and why.

    ``pairs`` are records without a link, each with its match. The link of a lead may be theirs, which that sync has yet
    to hand over; or what was decided of a lead, which is learnt just now, since leads that may be meant are read by id.
    """
    neighbour = ctx.neighbour
    if neighbour is None or not neighbour.leads or not pairs:
        return {}
    own = neighbour.shared.other
    here = ctx.ends[own]
    shared = pairs.keys() if side is neighbour.shared else {id for id in pairs.values() if id}
    contacts = {id: (id if side is own else partner) for id, partner in pairs.items()}
    ids = {id for id in contacts.values() if id}
    before = feeds.turned_into(neighbour.feed.pk, here.object, ids)
    linked = links.live_by_record(neighbour.sync, neighbour.side(neighbour.shared), shared)
    there = neighbour.side(own)
    leads = {lead for link in linked.values() if (lead := link.on(there))}
    near = [alike(here.feed, ids, neighbour.feed), sharing_there(ctx.sync, neighbour, shared)]
    decided = _decided(neighbour, there, shared, {lead for each in near for some in each.values() for lead in some})
    decided |= _maybe_turned(ctx, neighbour, here, there, ids)
    refresh(ctx, End(own, here.app, neighbour.feed, here.connector), leads | decided)
    after = feeds.turned_into(neighbour.feed.pk, here.object, ids)
    found = {}
    for id, contact in contacts.items():
        its = after.get(contact or "", ())
        if new := [lead for lead in its if lead not in before.get(contact or "", ())]:
            found[id] = f"{here.app} turned the lead {new[0]} into it; what was decided of that is looked at first"
    return found | _links_to_come(neighbour, here.app, contacts, after)


def _decided(neighbour: Neighbour, there: Side, shared: Collection[str], near: Collection[str]) -> set[str]:
    """Return the leads, as far as is known still there, of which something is decided that names a record of both syncs
    (``shared``), or that are ``near`` and of which anything is."""
    sync = neighbour.sync
    named = {lead for each in links.apart(sync, there.other, shared).values() for lead in each}
    named |= set(holds.chosen(sync, there.other, shared).values())
    told = links.apart(sync, there, near), holds.chosen(sync, there, near), links.ended_by_record(sync, there, near)
    known = feeds.seen_by_id(neighbour.feed.pk, named.union(*told))
    return {lead for lead, row in known.items() if row.live}


def _maybe_turned(ctx: Context, neighbour: Neighbour, here: End, there: Side, contacts: Collection[str]) -> set[str]:
    """Return the leads of which something is decided and that may have become one of these contacts, whatever that
    holds: it came after they were read. None, if the listing of the leads has told since what became of them."""
    rows = feeds.seen_by_id(here.feed.pk, contacts).values()
    newest = max((row.first_seen_at for row in rows), default=0.0)
    told = neighbour.feed.complete_to if here.can.reports_deletes else 0.0
    return turned.decided_leads(neighbour.sync, there, neighbour.feed, newest) if newest > told else set()


def _links_to_come(
    neighbour: Neighbour, app: str, contacts: Mapping[str, str | None], leads: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Return which records are to get the link of a lead: a sync that is off hands none over, and a pause counts."""
    there, name = neighbour.side(neighbour.shared).other, neighbour.sync.name
    linked = links.live_by_record(neighbour.sync, there, {lead for each in leads.values() for lead in each})
    found = {}
    for id, contact in contacts.items():
        lead = next((lead for lead in leads.get(contact or "", ()) if lead in linked), None)
        if lead is not None and neighbour.on:
            found[id] = f'{app} turned the lead {lead} into it; the sync "{name}" hands its link over first'
        elif lead is not None and linked[lead].paused:
            found[id] = f'{app} turned the lead {lead} into it, which a person has paused in the sync "{name}"'
    return found


def inherit(
    ctx: Context, new: Iterable[LinkRow], rows: Mapping[int, Mapping[Side, SeenRow | None]]
) -> dict[int, links.Shadows]:
    """Give links that go on from those of leads what their records were last seen to hold, and return that.

    A mapping is that of the lead where both go to the same field of the other app. What the other app's record was
    last seen to hold is then known. The contact's side is known only if it holds what the lead was last seen to hold:
    else the app has another value by the conversion, and where it has none, neither side is known, so that nothing is
    emptied for it (see decision 0024). Associations begin anew.
    """
    neighbour = ctx.neighbour
    waiting = [link for link in new if link.came_from is not None and _can_be_read(rows[link.id])]
    if neighbour is None or not waiting:
        return {}
    old = links.shadows([link.came_from for link in waiting if link.came_from])
    made = {link.id: _inherited(ctx, neighbour, old.get(link.came_from or 0, {}), rows[link.id]) for link in waiting}
    with db.transaction_():
        ctx.fence()
        links.save_shadows(
            ctx.sync.workspace_id, [(id, side, shadows[side]) for id, shadows in made.items() for side in SIDES]
        )
    return made


def _can_be_read(rows: Mapping[Side, SeenRow | None]) -> bool:
    return all(row is not None and row.live and not row.problem and row.values is not None for row in rows.values())


def _inherited(
    ctx: Context, neighbour: Neighbour, old: Mapping[Side, Mapping[str, Known]], rows: Mapping[Side, SeenRow | None]
) -> links.Shadows:
    shared, own = neighbour.shared, neighbour.shared.other
    there = neighbour.side(shared)
    place = SIDES.index(there)
    keys = {names[place]: key_of(*names) for names in neighbour.fields}
    row = rows[own]
    values = (row.values if row else None) or {}
    found: links.Shadows = {side: {} for side in SIDES}
    for mapping in ctx.spec.fields:
        key = keys.get(mapping.on(shared).name, "")
        partner, lead = old.get(there, {}).get(key), old.get(there.other, {}).get(key)
        held, field = values.get(mapping.on(own).name), mapping.on(own)
        if mapping.through or partner is None:
            continue
        as_before = lead is not None and same(held, field, lead.value)
        if as_before or not is_blank(held):
            found[shared][mapping.key] = partner
        if as_before:
            found[own][mapping.key] = Known(held)
    return found
