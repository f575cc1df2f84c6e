"""Leads and contacts of one app, each kept in step by a sync of its own with one object of the other app (row R17).

A contact goes before a lead: who has both is linked by the contact, and the lead is left out. So no record of the
other app is linked in both syncs for long, and which of them runs first does not matter.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bothways.engine.matching import ALONE, Found, Match
from bothways.engine.scope import why_outside
from bothways.engine.sides import SIDES, Side
from bothways.ledger import feeds, left_out, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.holds import CHOSEN
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Feed, Sync
from bothways.sync.alike import alike, feed_of
from bothways.sync.context import Context, Neighbour

Claims = Mapping[str, str]
"""By record, who of the neighbour sync goes before it, or has it, in words."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the neighbour sync has to do with a record without a link: see ``engine.table.Facts``."""

    unread: str = ""
    claimed: str = ""


NONE = Standing()


# --- what a plan must know ----------------------------------------------------------------------------


def standings(
    ctx: Context, side: Side, rows: Mapping[str, SeenRow], matches: Mapping[str, Match], decided: Collection[str]
) -> dict[str, Standing]:
    """Return how records of one side without a link stand to the neighbour sync.

    Where that is off, what it has linked still counts, since it forgets nothing; but it claims nobody new.

    A lead yields to a contact whatever it matches, unless a person has chosen its partner and no contact has that.
    A contact is only not created where there is a lead, and a record of both becomes a contact instead of a lead, so
    those ``decided`` otherwise (restored, or left over by a merge) stay what they are.
    """
    neighbour = ctx.neighbour
    if neighbour is None:
        return {}
    if not neighbour.leads:
        return _of_leads(ctx, neighbour, side, rows, matches, decided)
    alone = {id for id, match in matches.items() if match.found is Found.NOBODY and id not in decided}
    if side is not neighbour.shared or not alone:
        return {}
    if unread := why_unread(ctx.spec.apps, neighbour):
        return dict.fromkeys(alone, Standing(unread))
    found = stays_alone(ctx.sync, neighbour, ctx.spec.apps, alone)
    found |= claims(ctx.sync, neighbour, ctx.spec.apps, side, alone, ctx.clock())
    return {id: Standing(claimed=claim) for id, claim in found.items()}


def _of_leads(
    ctx: Context,
    neighbour: Neighbour,
    side: Side,
    rows: Mapping[str, SeenRow],
    matches: Mapping[str, Match],
    decided: Collection[str],
) -> dict[str, Standing]:
    apps, now = ctx.spec.apps, ctx.clock()
    if unread := why_unread(apps, neighbour):
        return dict.fromkeys(matches, Standing(unread))
    partners = {match.partner for match in matches.values() if match.partner}
    own = claims(ctx.sync, neighbour, apps, side, matches, now)
    theirs = _of_matches(claims(ctx.sync, neighbour, apps, side.other, partners, now))
    shared = matches if side is neighbour.shared else partners
    linked = linked_there(neighbour, apps, shared)
    alone = {id for id, match in matches.items() if match.found is Found.NOBODY and id not in decided}
    alone = alone if side is neighbour.shared else set()
    stays = stays_alone(ctx.sync, neighbour, apps, alone)
    several = [id for id, match in matches.items() if match.found is Found.SEVERAL]
    asked_there = _asked_there(ctx.sync, neighbour, apps, several if side is neighbour.shared else ())
    found = {}
    for id, match in matches.items():
        partner = match.partner or ""
        if match.reason == CHOSEN:
            claim = linked.get(id) or _of_matches(linked).get(partner, "")
        else:
            claim = own.get(id) or theirs.get(partner, "") or asked_there.get(id, "")
        if not claim and id in alone and id in rows:
            claim = _becomes_contact(neighbour, apps, rows[id], now) or stays.get(id, "")
        found[id] = Standing(claimed=claim)
    return found


def _asked_there(sync: Sync, neighbour: Neighbour, apps: Mapping[Side, str], ids: Collection[str]) -> dict[str, str]:
    """Return why a person is asked in the sync of the contacts whose records are that were unlinked from a lead: it is
    a contact by now."""
    side = neighbour.shared
    ended = links.ended_by_record(sync, side, ids)
    unlinked = {id: str(link.on(side.other)) for id, link in ended.items() if link.ended_by == links.UNLINKED}
    leads = feeds.seen_by_id(feed_of(sync, side.other).pk, unlinked.values())
    became = {id: row.became[1] for id, row in leads.items() if row.became and row.became[0] == neighbour.feed.object}
    app = apps[side.other]
    told = f'whose it is, is asked there (sync "{neighbour.sync.name}")'
    return {
        id: f"you unlinked it from the lead {lead}, which {app} turned into the contact {became[lead]}; {told}"
        for id, lead in unlinked.items()
        if lead in became
    }


def _of_matches(claims: Claims) -> dict[str, str]:
    """Return claims on records in the words of those that match them."""
    return {id: f"its match {id} is taken: {claim}" for id, claim in claims.items()}


def claimed_links(ctx: Context, pairs: Collection[LinkRow]) -> dict[int, str]:
    """Return which links of leads end since a contact is linked to their partner, each with the reason."""
    neighbour = ctx.neighbour
    if neighbour is None or neighbour.leads or not neighbour.on:
        return {}
    ids = {str(link.on(neighbour.shared)): link.id for link in pairs}
    return {ids[id]: claim for id, claim in linked_there(neighbour, ctx.spec.apps, ids, settled=True).items()}


def left_to(
    sync: Sync,
    neighbour: Neighbour,
    apps: Mapping[Side, str],
    side: Side,
    rows: Mapping[str, SeenRow | None],
    now: float,
) -> Claims:
    """Return why records of one side without a link are left to the neighbour sync, by what is known now."""
    found = dict(claims(sync, neighbour, apps, side, rows, now))
    rest = [id for id in rows if id not in found]
    if not rest:
        return found
    stays = stays_alone(sync, neighbour, apps, rest) if side is neighbour.shared else {}
    if neighbour.leads:
        return found | stays
    if side is neighbour.shared:
        becomes = {id: why for id in rest if (row := rows[id]) and (why := _becomes_contact(neighbour, apps, row, now))}
        return stays | becomes | _asked_there(sync, neighbour, apps, rest) | found
    matches = _sharing(sync.slots, side, feed_of(sync, side), rest, feed_of(sync, side.other))
    theirs = _of_matches(linked_there(neighbour, apps, {other for others in matches.values() for other in others}))
    return found | {id: theirs[other] for id, others in matches.items() for other in sorted(others) if other in theirs}


def _becomes_contact(neighbour: Neighbour, apps: Mapping[Side, str], row: SeenRow, now: float) -> str:
    """Say that a record which matches nobody is made a contact and not a lead, where it takes part there."""
    there = neighbour.side(neighbour.shared)
    named = {neighbour.side(side): apps[side] for side in SIDES}
    outside = why_outside(neighbour.scope, named, {there: row.values or {}}, now, lists={there: row.lists})
    if outside or not (neighbour.on and neighbour.sends[there]):
        return ""
    return f'a new record of {apps[neighbour.shared]} becomes a contact, not a lead (sync "{neighbour.sync.name}")'


def why_unread(apps: Mapping[Side, str], neighbour: Neighbour) -> str:
    """Say that the neighbour sync has yet to read its records for the first time, "" if it has."""
    if neighbour.feed.baseline_done or not neighbour.on:
        return ""
    app = apps[neighbour.shared.other]
    return f'the {neighbour.what}s of {app} have not been read yet; the sync "{neighbour.sync.name}" does that'


def claims(
    sync: Sync, neighbour: Neighbour, apps: Mapping[Side, str], side: Side, ids: Collection[str], now: float
) -> Claims:
    """Return, for records of one side of a sync, who of the neighbour sync has them, or matches them."""
    app = apps[side] if side is not neighbour.shared else apps[side.other]
    found: dict[str, str] = {}
    if side is neighbour.shared:
        matching = _who_matches(sync, neighbour, ids, now) if neighbour.on else {}
        found = {id: _words(neighbour, app, other, "matches it") for id, other in matching.items()}
        found |= linked_there(neighbour, apps, ids)
    elif neighbour.on and not neighbour.leads:
        others_of = alike(feed_of(sync, side), ids, neighbour.feed)
        there = neighbour.side(neighbour.shared).other
        inside = _inside(neighbour, there, {other for others in others_of.values() for other in others}, now)
        for id, others in others_of.items():
            if known := sorted(others & inside):
                found[id] = _words(neighbour, app, known[0], "has the same e-mail address")
    return found


def linked_there(
    neighbour: Neighbour, apps: Mapping[Side, str], ids: Iterable[str], *, settled: bool = False
) -> Claims:
    """Return who of the neighbour sync is linked to records of the side that both have; ``settled``: and is there."""
    there, app = neighbour.side(neighbour.shared), apps[neighbour.shared.other]
    found = links.live_by_record(neighbour.sync, there, ids)
    return {
        id: _words(neighbour, app, link.on(there.other) or "that is being created", "is linked to it")
        for id, link in found.items()
        if link.state == "active" or not settled
    }


def stays_alone(sync: Sync, neighbour: Neighbour, apps: Mapping[Side, str], ids: Collection[str]) -> dict[str, str]:
    """Return for which records that both syncs have nobody is made here, since nobody is made for them there, and why.

    They are left out there, or their partner was deleted, or they were unlinked from it. Not where a person has
    declared them new in either sync; and of those for which nobody is made by what was here, nothing is said.
    """
    there, app = neighbour.side(neighbour.shared), apps[neighbour.shared.other]
    here = links.ended_by_record(sync, neighbour.shared, ids)
    asked = [id for id in ids if id not in here or here[id].survivor != neighbour.shared]
    out = left_out.of_records(neighbour.sync, there, asked)
    found = {id: each.why for id, each in out.items()}
    for id, link in links.ended_by_record(neighbour.sync, there, [id for id in asked if id not in out]).items():
        if link.ended_by == links.UNLINKED:
            found[id] = f"you unlinked it from the {neighbour.what} {link.on(there.other)} in {app}"
        elif link.survivor == there and not link.by_conversion:
            how = "became one with another pair by a merge" if link.by_merge else "ended when that was deleted"
            found[id] = f"its link with the {neighbour.what} {link.on(there.other)} in {app} {how}"
    new = _declared_new(sync, neighbour.shared, found) | _declared_new(neighbour.sync, there, found)
    return {
        id: f'{why}; nobody is made for it (sync "{neighbour.sync.name}")' for id, why in found.items() if id not in new
    }


def _declared_new(sync: Sync, side: Side, ids: Collection[str]) -> set[str]:
    """Return the records of one side of a sync of which a person has said that they are nobody of the other side."""
    nobodys = {id for id, others in links.apart(sync, side, ids).items() if ALONE in others}
    return nobodys - left_out.of_records(sync, side, nobodys).keys()


def _words(neighbour: Neighbour, app: str, id: str, how: str) -> str:
    goes = "a contact goes before a lead" if not neighbour.leads else "it becomes a contact when the lead does"
    return f'the {neighbour.what} {id} in {app} {how}; {goes} (sync "{neighbour.sync.name}")'


def _who_matches(sync: Sync, neighbour: Neighbour, ids: Collection[str], now: float) -> dict[str, str]:
    """Return who in the neighbour sync shares with records a key by which that links."""
    there = neighbour.side(neighbour.shared)
    matching = sharing_there(sync, neighbour, ids)
    apart = links.apart(neighbour.sync, there, matching)
    inside = _inside(neighbour, there.other, {other for others in matching.values() for other in others}, now)
    found = {}
    for id, others in matching.items():
        away = apart.get(id, set())
        if ALONE not in away and (known := sorted(others & inside - away)):
            found[id] = known[0]
    return found


def sharing_there(sync: Sync, neighbour: Neighbour, ids: Collection[str]) -> dict[str, set[str]]:
    """Return, per record that both syncs have, who of the neighbour sync shares a key with it by which that links."""
    there = neighbour.side(neighbour.shared)
    return _sharing(neighbour.slots, there, feed_of(sync, neighbour.shared), ids, neighbour.feed)


def _sharing(
    rules: Iterable[Sequence[Sequence[str]]], side: Side, feed: Feed, ids: Collection[str], other: Feed
) -> dict[str, set[str]]:
    """Return, per record of one side, the records of another feed that share a key with it.

    ``rules`` are the slots of the left and of the right side, per rule.
    """
    place, asked = SIDES.index(side), dict[tuple[str, str], set[str]]()
    for id, held in feeds.all_keys_of(feed.pk, ids).items():
        for rule in rules:
            for hashed in {hashed for slot, hashed in held if slot in rule[place]}:
                for slot in rule[1 - place]:
                    asked.setdefault((slot, hashed), set()).add(id)
    found: dict[str, set[str]] = {}
    for key, others in feeds.holders(other.pk, asked).items():
        for id in asked[key]:
            found.setdefault(id, set()).update(others)
    return found


def _inside(neighbour: Neighbour, there: Side, ids: Collection[str], now: float) -> set[str]:
    """Return those of its own records of the neighbour sync that take part in it."""
    if there not in neighbour.scope.filters:
        return set(ids)
    rows = feeds.seen_by_id(neighbour.feed.pk, ids)
    return {id for id, row in rows.items() if neighbour.scope.fits(there, row.values or {}, now, lists=row.lists)}
