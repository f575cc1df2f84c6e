"""Find partners for records without a link: the ledger yields the groups, the engine decides each."""

from collections.abc import Iterable, Mapping, Sequence

from bothways.engine.matching import Candidate, Found, Group, Match, key_of, match, mutual
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import MatchRule
from bothways.ledger import db, feeds, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import LinkRow
from bothways.sync.context import Context
from bothways.sync.poll import refresh
from bothways.sync.settling import settled, unsettled_from


def find_matches(
    ctx: Context, side: Side, rows: Mapping[str, SeenRow], ids: set[str]
) -> tuple[dict[str, Match], dict[str, SeenRow]]:
    """Return the match of each id of one side, and the freshly read rows of the partners found.

    A partner whose key turns out to have changed when it is read is no partner: then all is asked again.
    """
    partners: dict[str, SeenRow] = {}
    for _ in range(3):
        matches = _with_former_partners(ctx, side, _mutual(ctx, side, _decide(ctx, side, ids)))
        wanted = {found.partner for found in matches.values() if found.partner}
        if wanted <= set(partners):
            break
        before = feeds.all_keys_of(ctx.ends[side.other].feed.pk, wanted)
        partners |= refresh(ctx, ctx.ends[side.other], {id for id in wanted if id})
        if feeds.all_keys_of(ctx.ends[side.other].feed.pk, wanted) == before:
            break
    usable = {id: row for id, row in partners.items() if row.live and not row.problem}
    for id, found in matches.items():
        if found.partner and found.partner not in usable:
            matches[id] = Match(Found.SEVERAL, None, found.candidates, "the only match cannot be read")
    return matches, usable


def _decide(ctx: Context, side: Side, ids: set[str]) -> dict[str, Match]:
    own = feeds.all_keys_of(ctx.ends[side].feed.pk, ids)
    apart = links.apart(ctx.sync, side, ids)
    groups = _groups(ctx, side, {key for keys in own.values() for key in keys})
    found: dict[str, Match] = {}
    for id in ids:
        mine = [groups[key] for key in sorted(own.get(id, ())) if key in groups]
        found[id] = match(side, id, mine, ctx.spec.match, frozenset(apart.get(id, ())))
    return found


def _mutual(ctx: Context, side: Side, matches: dict[str, Match]) -> dict[str, Match]:
    """Hold every match whose partner, asked in its turn, prefers another record."""
    theirs = _decide(ctx, side.other, {found.partner for found in matches.values() if found.partner})
    return {id: mutual(id, found, theirs[found.partner]) if found.partner else found for id, found in matches.items()}


def _groups(ctx: Context, side: Side, keys: set[tuple[str, str]]) -> dict[tuple[str, str], Group]:
    """Return the group of each (slot, hash) of ``side``: all live records of both sides that hold it."""
    rule_of = {rule.slot(side): index for index, rule in enumerate(ctx.spec.match)}
    keys = {key for key in keys if key[0] in rule_of}
    there = {key: (ctx.spec.match[rule_of[key[0]]].slot(side.other), key[1]) for key in keys}
    holders = {
        side: feeds.holders(ctx.ends[side].feed.pk, keys),
        side.other: feeds.holders(ctx.ends[side.other].feed.pk, there.values()),
    }
    linked = {
        each: links.live_by_record(ctx.sync, each, set().union(*found.values())) for each, found in holders.items()
    }
    keys_of = {each: _keys_by_rule(ctx, each, found.values()) for each, found in holders.items()}
    groups = {}
    for key in keys:
        members = [
            _candidate(each, id, linked[each].get(id), keys_of[each].get(id, frozenset()))
            for each, held in ((side, key), (side.other, there[key]))
            for id in holders[each].get(held, ())
        ]
        groups[key] = Group(rule_of[key[0]], key[1], members)
    return groups


def _candidate(side: Side, id: str, link: LinkRow | None, keys: frozenset[tuple[int, str]]) -> Candidate:
    return Candidate(side, id, link is not None, keys, link is not None and link.state == "pending")


def _keys_by_rule(ctx: Context, side: Side, ids: Iterable[set[str]]) -> dict[str, frozenset[tuple[int, str]]]:
    """Return the keys of records of one side, each with the place of its match rule."""
    if len(ctx.spec.match) < 2:
        return {}
    rule_of = {rule.slot(side): index for index, rule in enumerate(ctx.spec.match)}
    found = feeds.all_keys_of(ctx.ends[side].feed.pk, set().union(*ids))
    return {
        id: frozenset((rule_of[slot], hashed) for slot, hashed in keys if slot in rule_of) for id, keys in found.items()
    }


def _with_former_partners(ctx: Context, side: Side, matches: dict[str, Match]) -> dict[str, Match]:
    """A record that came back goes to its former partner, if no key of either says anything else (row R9)."""
    alone = [id for id, found in matches.items() if found.found is Found.NOBODY]
    ended = links.ended_by_record(ctx.sync, side, alone)
    former = {id: link.on(side.other) for id, link in ended.items() if link.survivor != side}
    partners = {partner for partner in former.values() if partner}
    last = links.ended_by_record(ctx.sync, side.other, partners)
    free = partners - set(links.live_by_record(ctx.sync, side.other, partners))
    rows = feeds.seen_by_id(ctx.ends[side.other].feed.pk, free)
    theirs = _decide(ctx, side.other, free)
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
