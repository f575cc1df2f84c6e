"""Leads and contacts of one app, each kept in step by a sync of its own with one object of the other app (row R17).

A contact goes before a lead: who has both is linked by the contact, and the lead is left out. So no record of the
other app is linked in both syncs for long, and which of them runs first does not matter.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bothways.engine.matching import ALONE, Found, Match
from bothways.engine.scope import why_outside
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, due, feeds, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.models import Feed, Sync
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
    """Return how records of one side without a link stand to the neighbour sync; nothing where that is off.

    A lead yields to a contact whatever it matches. A contact is only not created where there is a lead, so
    those ``decided`` otherwise (restored, or left over by a merge) stay what they are.
    """
    neighbour = ctx.neighbour
    if neighbour is None or not neighbour.on:
        return {}
    if not neighbour.leads:
        return _of_leads(ctx, neighbour, side, rows, matches)
    alone = {id for id, match in matches.items() if match.found is Found.NOBODY and id not in decided}
    if side is not neighbour.shared or not alone:
        return {}
    if unread := why_unread(ctx.spec.apps, neighbour):
        return dict.fromkeys(alone, Standing(unread))
    found = claims(ctx.sync, neighbour, ctx.spec.apps, side, alone, ctx.clock())
    return {id: Standing(claimed=claim) for id, claim in found.items()}


def _of_leads(
    ctx: Context, neighbour: Neighbour, side: Side, rows: Mapping[str, SeenRow], matches: Mapping[str, Match]
) -> dict[str, Standing]:
    apps, now = ctx.spec.apps, ctx.clock()
    if unread := why_unread(apps, neighbour):
        return dict.fromkeys(matches, Standing(unread))
    partners = {match.partner for match in matches.values() if match.partner}
    own = claims(ctx.sync, neighbour, apps, side, matches, now)
    theirs = claims(ctx.sync, neighbour, apps, side.other, partners, now)
    found = {}
    for id, match in matches.items():
        claim = own.get(id) or theirs.get(match.partner or "", "")
        if not claim and match.found is Found.NOBODY and side is neighbour.shared and id in rows:
            claim = _becomes_contact(neighbour, apps, rows[id], now)
        found[id] = Standing(claimed=claim)
    return found


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
    if neighbour.leads or not rest:
        return found
    if side is neighbour.shared:
        return found | {
            id: why for id in rest if (row := rows[id]) and (why := _becomes_contact(neighbour, apps, row, now))
        }
    matches = _sharing(sync.slots, side, feed_of(sync, side), rest, feed_of(sync, side.other))
    theirs = linked_there(neighbour, apps, {other for others in matches.values() for other in others})
    return found | {id: theirs[other] for id, others in matches.items() for other in sorted(others) if other in theirs}


def _becomes_contact(neighbour: Neighbour, apps: Mapping[Side, str], row: SeenRow, now: float) -> str:
    """Say that a record which matches nobody is made a contact and not a lead, where it takes part there."""
    there = neighbour.side(neighbour.shared)
    named = {neighbour.side(side): apps[side] for side in SIDES}
    outside = why_outside(neighbour.scope, named, {there: row.values or {}}, now, lists={there: row.lists})
    if outside or not neighbour.sends[there]:
        return ""
    return f'a new record of {apps[neighbour.shared]} becomes a contact, not a lead (sync "{neighbour.sync.name}")'


def why_unread(apps: Mapping[Side, str], neighbour: Neighbour) -> str:
    """Say that the neighbour sync has yet to read its records for the first time, "" if it has."""
    if neighbour.feed.baseline_done:
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
        matching = _who_matches(sync, neighbour, ids, now)
        found = {id: _words(neighbour, app, other, "matches it") for id, other in matching.items()}
        found |= linked_there(neighbour, apps, ids)
    elif not neighbour.leads:
        alike = _alike(feed_of(sync, side), ids, neighbour.feed)
        there = neighbour.side(neighbour.shared).other
        inside = _inside(neighbour, there, {other for others in alike.values() for other in others}, now)
        for id, others in alike.items():
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


def _words(neighbour: Neighbour, app: str, id: str, how: str) -> str:
    goes = "a contact goes before a lead" if not neighbour.leads else "it becomes a contact when the lead does"
    return f'the {neighbour.what} {id} in {app} {how}; {goes} (sync "{neighbour.sync.name}")'


def _who_matches(sync: Sync, neighbour: Neighbour, ids: Collection[str], now: float) -> dict[str, str]:
    """Return who in the neighbour sync shares with records a key by which that links."""
    there = neighbour.side(neighbour.shared)
    matching = _sharing(neighbour.slots, there, feed_of(sync, neighbour.shared), ids, neighbour.feed)
    apart = links.apart(neighbour.sync, there, matching)
    inside = _inside(neighbour, there.other, {other for others in matching.values() for other in others}, now)
    found = {}
    for id, others in matching.items():
        away = apart.get(id, set())
        if ALONE not in away and (known := sorted(others & inside - away)):
            found[id] = known[0]
    return found


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


def feed_of(sync: Sync, side: Side) -> Feed:
    """Return the feed of one side."""
    found: Feed = sync.left if side is Side.LEFT else sync.right
    return found


# --- the same e-mail address in two objects of one app ------------------------------------------------


def _emails(feed: Feed) -> set[str]:
    """Return the slots in which a feed keeps e-mail addresses."""
    return {slot for slot, parts in feed.slots if len(parts) == 1 and parts[0][0] == "email"}


def _alike(feed: Feed, ids: Collection[str], other: Feed) -> dict[str, set[str]]:
    """Return, per record of one feed, the live records of another that have an e-mail address of it."""
    slots = _emails(feed)
    held = {
        id: {hashed for slot, hashed in keys if slot in slots} for id, keys in feeds.all_keys_of(feed.pk, ids).items()
    }
    by_hash = _holders(other, _emails(other), set().union(*held.values()) if held else set())
    return {id: set().union(*(by_hash.get(hashed, set()) for hashed in hashes)) for id, hashes in held.items()}


def _holders(feed: Feed, slots: Iterable[str], hashes: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for (_, hashed), ids in feeds.holders(feed.pk, {(slot, each) for slot in slots for each in hashes}).items():
        found.setdefault(hashed, set()).update(ids)
    return found


# --- who is to be looked at again ---------------------------------------------------------------------


def wake_neighbours(sync: Sync, side: Side, ids: Collection[str]) -> None:
    """Mark as due in the neighbour sync what a link that was made, or has ended, concerns there.

    ``ids`` are records of one side of it. Nothing is known of the settings here: what both syncs have, and who has
    the same e-mail address, is looked at.
    """
    for other, there in _neighbours_of(sync):
        own = Side.LEFT if sync.left_id in (other.left_id, other.right_id) else Side.RIGHT
        if side is own:
            due.mark(other, there, ids)
            continue
        alike = _alike(feed_of(sync, side), ids, feed_of(other, there.other))
        due.mark(other, there.other, set().union(*alike.values()) if alike else ())


def wake_neighbours_of(
    sync: Sync, side: Side, feed: Feed, changed: Collection[str], touched: Collection[tuple[str, str]]
) -> None:
    """Mark as due in the neighbour sync those without a link that share a key with what changed on one side of ours.

    ``touched`` are keys that came or went. What changed in the object that both syncs have is due in both anyway.
    """
    for other, there in _neighbours_of(sync):
        if feed.pk in (other.left_id, other.right_id):
            continue
        keys = set(touched) | set().union(*feeds.all_keys_of(feed.pk, changed).values())
        emails = _emails(feed)
        theirs, both = feed_of(other, there.other), feed_of(other, there)
        place = SIDES.index(side)
        asked = {
            (slot, hashed)
            for rule in sync.slots
            for known, hashed in keys
            if known in rule[place]
            for slot in rule[1 - place]
        }
        hashes = {hashed for slot, hashed in keys if slot in emails}
        for at, ids in (
            (there.other, set().union(*_holders(theirs, _emails(theirs), hashes).values())),
            (there, set().union(*feeds.holders(both.pk, asked).values())),
        ):
            due.mark(other, at, ids - links.live_by_record(other, at, ids).keys())


def _neighbours_of(sync: Sync) -> list[tuple[Sync, Side]]:
    """Return the syncs of the same two apps that have one object in common with a sync, and their side that has it."""
    ends = (sync.left_id, sync.right_id)
    shares = "(left_id IN (%s,%s) OR right_id IN (%s,%s))"
    sql = f"SELECT id FROM sync WHERE id<>%s AND deleted_at=0 AND state<>'off' AND {shares}"
    ids = [row[0] for row in db.rows(sql, (sync.pk, *ends, *ends))]
    found = []
    for other in Sync.objects.select_related("left", "right").filter(pk__in=ids) if ids else ():
        there = Side.LEFT if other.left_id in ends else Side.RIGHT
        mine = [feed for feed in (sync.left, sync.right) if feed.pk not in (other.left_id, other.right_id)]
        if len(mine) == 1 and mine[0].connection_id == feed_of(other, there.other).connection_id:
            found.append((other, there))
    return found
