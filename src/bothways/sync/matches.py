"""Find partners for records without a link: the ledger yields the groups, the engine decides each."""

from collections.abc import Mapping, Sequence

from bothways.engine.matching import Candidate, Found, Group, Match, key_of, match, mutual
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import MatchRule
from bothways.ledger import db, feeds, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import LinkRow
from bothways.sync.context import Context
from bothways.sync.poll import refresh, stale
from bothways.sync.settling import settled, unsettled_from

Key = tuple[int, str]
"""One key of a record: the place of its match rule in the settings, and the hash."""


def find_matches(
    ctx: Context, side: Side, rows: Mapping[str, SeenRow], ids: set[str]
) -> tuple[dict[str, Match], dict[str, SeenRow]]:
    """Return the match of each id of one side, and the freshly read rows of the partners found.

    A partner whose key turns out to have changed when it is read is no partner: then all is asked again.
    """
    end = ctx.ends[side.other]
    partners: dict[str, SeenRow] = {}
    for _ in range(3):
        groups: dict[Key, Group] = {}
        matches = _mutual(ctx, side, _decide(ctx, side, ids, groups), groups)
        matches = _with_former_partners(ctx, side, matches, groups)
        wanted = {found.partner for found in matches.values() if found.partner}
        if wanted <= partners.keys():
            break
        known = feeds.seen_by_id(end.feed.pk, wanted)
        if not stale(ctx, end, known, wanted):
            partners |= known
            break
        before = feeds.all_keys_of(end.feed.pk, wanted)
        partners |= refresh(ctx, end, wanted)
        if feeds.all_keys_of(end.feed.pk, wanted) == before:
            break
    usable = {id: row for id, row in partners.items() if row.live and not row.problem}
    for id, found in matches.items():
        if found.partner and found.partner not in usable:
            matches[id] = Match(Found.SEVERAL, None, found.candidates, "the only match cannot be read")
    return matches, usable


def _decide(ctx: Context, side: Side, ids: set[str], groups: dict[Key, Group]) -> dict[str, Match]:
    """Return what the match rules say of each id; ``groups`` are those known so far, and grow."""
    own = _keys_by_rule(ctx, side, ids)
    apart = links.apart(ctx.sync, side, ids)
    groups |= _groups(ctx, {key for keys in own.values() for key in keys if key not in groups})
    found: dict[str, Match] = {}
    for id in ids:
        mine = [groups[key] for key in sorted(own.get(id, ()))]
        found[id] = match(side, id, mine, ctx.spec.match, frozenset(apart.get(id, ())))
    return found


def _mutual(ctx: Context, side: Side, matches: dict[str, Match], groups: dict[Key, Group]) -> dict[str, Match]:
    """Hold every match whose partner, asked in its turn, prefers another record."""
    partners = {found.partner for found in matches.values() if found.partner}
    theirs = _decide(ctx, side.other, partners, groups)
    return {id: mutual(id, found, theirs[found.partner]) if found.partner else found for id, found in matches.items()}


def _groups(ctx: Context, keys: set[Key]) -> dict[Key, Group]:
    """Return the group of each key: all live records of both sides that hold it."""
    slots = {side: [rule.slot(side) for rule in ctx.spec.match] for side in SIDES}
    holders = {
        side: feeds.holders(ctx.ends[side].feed.pk, {(slots[side][place], hashed) for place, hashed in keys})
        for side in SIDES
    }
    everybody = {side: set().union(*held.values()) for side, held in holders.items()}
    linked = {side: links.live_by_record(ctx.sync, side, ids) for side, ids in everybody.items()}
    several = len(ctx.spec.match) > 1
    keys_of = {side: _keys_by_rule(ctx, side, ids) if several else {} for side, ids in everybody.items()}
    return {
        (place, hashed): Group(
            place,
            hashed,
            [
                _candidate(side, id, linked[side].get(id), keys_of[side].get(id, frozenset()))
                for side in SIDES
                for id in holders[side].get((slots[side][place], hashed), ())
            ],
        )
        for place, hashed in keys
    }


def _candidate(side: Side, id: str, link: LinkRow | None, keys: frozenset[Key]) -> Candidate:
    return Candidate(side, id, link is not None, keys, link is not None and link.state == "pending")


def _keys_by_rule(ctx: Context, side: Side, ids: set[str]) -> dict[str, frozenset[Key]]:
    """Return the keys of records of one side; a slot that several rules compare gives a key for each."""
    places: dict[str, list[int]] = {}
    for place, rule in enumerate(ctx.spec.match):
        places.setdefault(rule.slot(side), []).append(place)
    return {
        id: frozenset((place, hashed) for slot, hashed in keys for place in places.get(slot, ()))
        for id, keys in feeds.all_keys_of(ctx.ends[side].feed.pk, ids).items()
    }


def _with_former_partners(
    ctx: Context, side: Side, matches: dict[str, Match], groups: dict[Key, Group]
) -> dict[str, Match]:
    """A record that came back goes to its former partner, if no key of either says anything else (row R9)."""
    alone = [id for id, found in matches.items() if found.found is Found.NOBODY]
    ended = links.ended_by_record(ctx.sync, side, alone)
    former = {id: link.on(side.other) for id, link in ended.items() if link.survivor != side and not link.parted}
    partners = {partner for partner in former.values() if partner}
    last = links.ended_by_record(ctx.sync, side.other, partners)
    free = partners - set(links.live_by_record(ctx.sync, side.other, partners))
    rows = feeds.seen_by_id(ctx.ends[side.other].feed.pk, free)
    theirs = _decide(ctx, side.other, free, groups)
    return matches | {
        id: Match(Found.PARTNER, partner, (), "linked before")
        for id, partner in former.items()
        if partner in rows
        and rows[partner].live
        and last[partner].id == ended[id].id
        and theirs[partner].found is Found.NOBODY
    }


def look_up_creates(ctx: Context, rows: Mapping[Side, Mapping[str, SeenRow]], free: Mapping[Side, set[str]]) -> None:
    """Ask an app that can for the unique keys of records about to be created there (the strong look-up).

    What it finds is remembered as a key told by the app, so that matching meets it like any other.
    """
    for side in SIDES:
        if not ctx.ends[side.other].can.finds_strongly or not ctx.spec.sends[side]:
            continue
        found = (rows[side].get(id) for id in sorted(free[side]))
        ours_from = unsettled_from(ctx, side)
        ready = [row for row in found if row is not None and row.live and settled(ctx, side, row, ours_from)]
        for rule in ctx.spec.match:
            _look_up(ctx, side, rule, ready)


def _look_up(ctx: Context, side: Side, rule: MatchRule, rows: list[SeenRow]) -> None:
    end, slot = ctx.ends[side.other], rule.slot(side.other)
    keys = {key for row in rows if (key := key_of(rule, row.record.values.get(rule.on(side)))) is not None}
    hashes = {(slot, feeds.key_hash(key)) for key in keys}
    known = {hashed for _, hashed in feeds.holders(end.feed.pk, hashes)}
    unknown = sorted(key for key in keys if feeds.key_hash(key) not in known)
    for batch in db.chunks(unknown, end.can.batch_read):
        found = end.connector.find(end.object, rule.on(side.other), batch)
        with db.transaction_():
            ctx.fence()
            for key, ids in found.items():
                told(ctx, side.other, slot, key, ids)


def told(ctx: Context, side: Side, slot: str, key: str, ids: Sequence[str]) -> None:
    """Remember, in the caller's transaction, what an app says: these records hold this key."""
    feed = ctx.ends[side].feed
    known = feeds.seen_by_id(feed.pk, ids)
    new = [SeenRow(id, first_seen_at=ctx.clock()) for id in ids if id not in known or not known[id].live]
    feeds.save_seen(feed, new)
    for id in ids:
        feeds.tell_key(feed, slot, key, id)
