"""Find partners for records without a link: the ledger yields the groups, the engine decides each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bothways.engine.guards import Held, objection
from bothways.engine.keys import keys_of
from bothways.engine.matching import ALONE, NO_MATCH, Candidate, Found, Group, Match, agree, match, match_of_two
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, MatchRule
from bothways.ledger import db, due, feeds, holds, left_out, links
from bothways.ledger.due import DueMark
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import LinkRow
from bothways.ledger.survey import Survey
from bothways.sync.context import Context
from bothways.sync.poll import refresh, stale
from bothways.sync.settling import settled, unsettled_from

Key = tuple[int, str]
"""One key of a record: the place of its match rule in the settings, and the hash."""

GUARDED = 3
"""Records of one side in a group up to which the guards are asked; a larger one links nobody anyway."""


def find_matches(
    ctx: Context, side: Side, rows: Mapping[str, SeenRow], ids: set[str], survey: Survey | None = None
) -> tuple[dict[str, Match], dict[str, SeenRow], dict[str, DueMark]]:
    """Return the match of each id of one side, the freshly read rows of the partners found, and the due marks of the
    ids as they were when the rules were asked again, if they were: what was read here may have marked them anew.

    What the ``survey`` says of a record is taken, as long as it holds; all others go the way through their groups.
    A partner whose key, or what a guard looks at, turns out to have changed when it is read may be none: then
    all is asked again.
    """
    end = ctx.ends[side.other]
    guarded = any(rule.guards for rule in ctx.spec.match)
    partners: dict[str, SeenRow] = {}
    marks: dict[str, DueMark] = {}
    for _ in range(3):
        if partners:
            marks = due.marked(ctx.sync, side, ids)
        asking = _Asking(ctx, survey)
        asking.know(side, rows)
        matches = asking.agreed(side, ids)
        matches = _with_former_partners(ctx, side, matches, asking)
        matches = _with_left_out(ctx, side, _with_chosen(ctx, side, matches))
        wanted = {found.partner for found in matches.values() if found.partner}
        if wanted <= partners.keys():
            break
        known = asking.rows_of(side.other, wanted)
        if not stale(ctx, end, known, wanted):
            partners |= known
            break
        before = feeds.all_keys_of(end.feed.pk, wanted)
        partners |= refresh(ctx, end, wanted)
        if not guarded and feeds.all_keys_of(end.feed.pk, wanted) == before:
            break
    usable = {id: row for id, row in partners.items() if row.live and not row.problem}
    for id, found in matches.items():
        if found.partner and found.partner not in usable:
            matches[id] = Match(Found.SEVERAL, None, found.candidates, "the only match cannot be read")
    return matches, usable, marks


def matches_now(ctx: Context, side: Side, ids: Collection[str]) -> dict[str, Match]:
    """Return what the match rules say of records by what is known at this moment; nothing is read."""
    return _Asking(ctx).agreed(side, ids)


@dataclass(slots=True)
class _Asking:
    """The match rules being asked: groups and values that are known so far are kept, and grow."""

    ctx: Context
    survey: Survey | None = None
    groups: dict[Key, Group | None] = field(default_factory=dict)
    rows: dict[Side, dict[str, SeenRow]] = field(default_factory=lambda: {side: {} for side in SIDES})
    keys: dict[Side, dict[str, frozenset[Key]]] = field(default_factory=lambda: {side: {} for side in SIDES})
    said: dict[tuple[object, ...], str] = field(default_factory=dict)

    def know(self, side: Side, rows: Mapping[str, SeenRow]) -> None:
        """Take in what was last seen of records."""
        self.rows[side] |= rows

    def rows_of(self, side: Side, ids: Iterable[str]) -> dict[str, SeenRow]:
        """Return what was last seen of records, those that are not known left out."""
        rows = self.rows[side]
        if new := [id for id in ids if id not in rows]:
            rows |= feeds.seen_by_id(self.ctx.ends[side].feed.pk, new)
        return {id: rows[id] for id in ids if id in rows}

    def agreed(self, side: Side, ids: Collection[str]) -> dict[str, Match]:
        """Return what the match rules say of each record of one side, agreed with its partner."""
        surveyed = self._surveyed(side, ids)
        return surveyed | agree(side, [id for id in ids if id not in surveyed], self.decide)

    def _surveyed(self, side: Side, ids: Collection[str]) -> dict[str, Match]:
        """Return the answers that follow from the survey: such as ``agree`` gives, without making the groups."""
        if self.survey is None:
            return {}
        there, rules, met = side.other, self.ctx.spec.match, self.survey.met(side, ids)
        found = {id: NO_MATCH for id, (place, _) in met.items() if place is None}
        pairs = [(id, place, partner) for id, (place, partner) in met.items() if place is not None and partner]
        theirs = self.rows_of(there, [partner for _, _, partner in pairs])
        later = [(id, partner) for id, place, partner in pairs if place and rules[place].finding is Finding.LINK]
        keys = self._keys_of(side, [id for id, _ in later]), self._keys_of(there, [partner for _, partner in later])
        for id, place, partner in pairs:
            if partner in theirs:
                one, other = Candidate(side, id), Candidate(there, partner)
                if later:
                    one, other = (
                        each._replace(keys=held.get(each.id, each.keys))
                        for each, held in zip((one, other), keys, strict=True)
                    )
                answer = match_of_two(one, other, place, rules, self._objection)
                if answer is not NO_MATCH:
                    found[id] = answer
        return found

    def decide(self, side: Side, ids: Collection[str], taken: Mapping[str, frozenset[str]]) -> dict[str, Match]:
        """Return what the match rules say of each record of one side."""
        own = self._keys_of(side, ids)
        apart = links.apart(self.ctx.sync, side, ids)
        self._add({key for id in ids for key in own.get(id, ()) if key not in self.groups})
        found: dict[str, Match] = {}
        for id in ids:
            mine = [group for key in own.get(id, ()) if (group := self.groups[key]) is not None]
            away, gone = frozenset(apart.get(id, ())), taken.get(id, frozenset())
            found[id] = match(side, id, mine, self.ctx.spec.match, away, self._against, gone)
        return found

    def _against(self, rule: MatchRule, one: Candidate, other: Candidate) -> str:
        """Return what the guards say, once for both ways round."""
        if not rule.guards:
            return ""
        pair = (rule.guards, *((one[:2], other[:2]) if one[:2] < other[:2] else (other[:2], one[:2])))
        if pair not in self.said:
            self.said[pair] = self._objection(rule, one, other)
        return self.said[pair]

    def _objection(self, rule: MatchRule, one: Candidate, other: Candidate) -> str:
        return objection(rule.guards, self._held(one), self._held(other)) if rule.guards else ""

    def _held(self, member: Candidate) -> Held:
        row = self.rows[member.side].get(member.id)
        return Held(self.ctx.spec.roles[member.side], row.values or {} if row else {})

    def _add(self, keys: set[Key]) -> None:
        """Learn the groups of keys, and what the guards of their rules look at."""
        new = self._groups(keys)
        self.groups |= dict.fromkeys(keys)
        self.groups |= new
        asked = [group for group in new.values() if self.ctx.spec.match[group.rule].guards]
        small = [group for group in asked if all(0 < len(group.on(each)) <= GUARDED for each in SIDES)]
        for side in SIDES:
            self.rows_of(side, {member.id for group in small for member in group.on(side)})

    def _groups(self, keys: set[Key]) -> dict[Key, Group]:
        """Return the group of each key: all live records of both sides that hold it by any way to make it.

        Who holds a key alone finds nobody by it: such a key has no group.
        """
        if not keys:
            return {}
        ctx = self.ctx
        members: dict[Key, dict[tuple[Side, str], int]] = {key: {} for key in keys}
        for side in SIDES:
            slots = [rule.slots(side) for rule in ctx.spec.match]
            wanted = {(slot, hashed) for place, hashed in keys for slot in slots[place]}
            holders = feeds.holders(ctx.ends[side].feed.pk, wanted)
            for place, hashed in keys:
                held_by = members[place, hashed]
                for rank, slot in enumerate(slots[place]):
                    for id in holders.get((slot, hashed), ()):
                        held_by.setdefault((side, id), rank)
        several = {key: held_by for key, held_by in members.items() if len(held_by) > 1}
        ids = {side: {id for held_by in several.values() for each, id in held_by if each is side} for side in SIDES}
        linked = {side: links.live_by_record(ctx.sync, side, ids[side]) for side in SIDES}
        keys_held = {side: self._keys_of(side, ids[side]) if len(ctx.spec.match) > 1 else {} for side in SIDES}
        return {
            (place, hashed): Group(
                place,
                hashed,
                [
                    _candidate(side, id, linked[side].get(id), keys_held[side].get(id, frozenset()), rank)
                    for (side, id), rank in held_by.items()
                ],
            )
            for (place, hashed), held_by in several.items()
        }

    def _keys_of(self, side: Side, ids: Collection[str]) -> Mapping[str, frozenset[Key]]:
        """Return the keys of records, those of others that are known already among them."""
        known = self.keys[side]
        new = [id for id in ids if id not in known]
        if new:
            known |= dict.fromkeys(new, frozenset()) | _keys_by_rule(self.ctx, side, new)
        return known


def _candidate(side: Side, id: str, link: LinkRow | None, keys: frozenset[Key], rank: int) -> Candidate:
    if link is None:
        return Candidate(side, id, keys=keys, rank=rank)
    return Candidate(side, id, True, keys, link.state == "pending", rank, link.on(side.other))


def _keys_by_rule(ctx: Context, side: Side, ids: Collection[str]) -> dict[str, frozenset[Key]]:
    """Return the keys of records of one side; a slot that several rules compare gives a key for each."""
    places: dict[str, list[int]] = {}
    for place, rule in enumerate(ctx.spec.match):
        for slot in rule.slots(side):
            places.setdefault(slot, []).append(place)
    return {
        id: frozenset((place, hashed) for slot, hashed in keys for place in places.get(slot, ()))
        for id, keys in feeds.all_keys_of(ctx.ends[side].feed.pk, ids).items()
    }


def _with_former_partners(ctx: Context, side: Side, matches: dict[str, Match], asking: "_Asking") -> dict[str, Match]:
    """A record that came back goes to its former partner, if no key of either says anything else (row R9).

    It waits where a person has left that one out.
    """
    alone = [id for id, found in matches.items() if found.found is Found.NOBODY]
    there = [id for id, row in asking.rows_of(side, alone).items() if row.live]
    ended = links.ended_by_record(ctx.sync, side, there)
    if not ended:
        return matches
    apart = links.apart(ctx.sync, side, ended)
    unlinked = {
        id: link for id, link in ended.items() if link.ended_by == links.UNLINKED and ALONE not in apart.get(id, ())
    }
    former = {id: link.on(side.other) for id, link in ended.items() if link.survivor != side and not link.parted}
    partners = {partner for partner in former.values() if partner}
    last = links.ended_by_record(ctx.sync, side.other, partners)
    free = partners - set(links.live_by_record(ctx.sync, side.other, partners))
    rows = feeds.seen_by_id(ctx.ends[side.other].feed.pk, free)
    theirs = asking.decide(side.other, free, {})
    out = left_out.of_records(ctx.sync, side.other, partners)
    held_back = {
        id: Match(Found.SEVERAL, None, (Candidate(side.other, partner),), "linked before")
        for id, partner in former.items()
        if partner in out and last[partner].id == ended[id].id
    } | {id: _unlinked(side, link) for id, link in unlinked.items()}
    nobodys = {id for id, others in links.apart(ctx.sync, side.other, partners).items() if ALONE in others}
    return (
        matches
        | held_back
        | {
            id: Match(Found.PARTNER, partner, (), "linked before")
            for id, partner in former.items()
            if partner in rows
            and partner not in nobodys
            and apart.get(id, set()).isdisjoint((partner, ALONE))
            and rows[partner].live
            and last[partner].id == ended[id].id
            and theirs[partner].found is Found.NOBODY
        }
    )


def _unlinked(side: Side, link: LinkRow) -> Match:
    """Hold a record that a person has unlinked: a copy of it would be made beside its former partner."""
    partner = link.on(side.other)
    candidates = (Candidate(side.other, partner),) if partner else ()
    return Match(Found.SEVERAL, None, candidates, f"{links.UNLINKED}; say whom it belongs to, or that it is new")


def _with_chosen(ctx: Context, side: Side, matches: dict[str, Match]) -> dict[str, Match]:
    """Let a person's choice go before the match rules, for the two that were chosen and for everybody else."""
    own = holds.chosen(ctx.sync, side, matches)
    partners = {found.partner for found in matches.values() if found.partner} | set(own.values())
    theirs = holds.chosen(ctx.sync, side.other, partners)
    if not own and not theirs:
        return matches
    linked = links.live_by_record(ctx.sync, side.other, own.values())
    answers: dict[str, Match] = {}
    for id, found in matches.items():
        partner = own.get(id)
        if partner is not None and theirs.get(partner) == id and partner not in linked:
            answers[id] = Match(Found.PARTNER, partner, (), holds.CHOSEN)
        elif found.partner and theirs.get(found.partner, id) != id:
            answers[id] = Match(Found.SEVERAL, None, found.candidates, "you linked the only match to another record")
        else:
            answers[id] = found
    return answers


def _with_left_out(ctx: Context, side: Side, matches: dict[str, Match]) -> dict[str, Match]:
    """Say why a record waits whose only match is left out: nobody is made in its place unasked."""
    held = {id: found.candidates for id, found in matches.items() if found.found is Found.SEVERAL}
    only = {
        id: each[0].id
        for id, each in held.items()
        if len(each) == 1 and each[0].side is side.other and not each[0].linked
    }
    out = left_out.of_records(ctx.sync, side.other, only.values()) if only else {}
    return matches | {
        id: matches[id]._replace(reason=f"the only match, {partner}, is left out")
        for id, partner in only.items()
        if partner in out
    }


def look_up_creates(
    ctx: Context,
    rows: Mapping[Side, Mapping[str, SeenRow]],
    free: Mapping[Side, set[str]],
    survey: Survey | None = None,
) -> None:
    """Ask an app that can for the unique keys of records about to be created there (the strong look-up).

    What it finds is remembered as a key told by the app, so that matching meets it like any other; the ``survey``
    did not know of it.
    """
    for side in SIDES:
        if not ctx.ends[side.other].can.finds_strongly or not ctx.spec.sends[side]:
            continue
        found = (rows[side].get(id) for id in sorted(free[side]))
        ours_from = unsettled_from(ctx, side)
        ready = [row for row in found if row is not None and row.live and settled(ctx, side, row, ours_from)]
        for rule in ctx.spec.match:
            if rule.finding is Finding.LINK and (field := rule.field(side.other)) is not None:
                _look_up(ctx, side, rule, field, ready, survey)


def _holders(ctx: Context, keys: Collection[str]) -> set[tuple[Side, str]]:
    """Return who holds one of these keys, on both sides and whatever they are compared for."""
    hashes = {feeds.key_hash(key) for key in keys}
    found = set()
    for side in SIDES:
        slots = {slot for rule in ctx.spec.match for slot in rule.slots(side)}
        held = feeds.holders(ctx.ends[side].feed.pk, {(slot, hashed) for slot in slots for hashed in hashes})
        found |= {(side, id) for ids in held.values() for id in ids}
    return found


def _look_up(ctx: Context, side: Side, rule: MatchRule, field: str, rows: list[SeenRow], survey: Survey | None) -> None:
    end, slot = ctx.ends[side.other], rule.slots(side.other)[0]
    keys = {key for row in rows for way in rule.on(side) for key in keys_of(way, row.record.values)}
    hashes = {(slot, feeds.key_hash(key)) for key in keys}
    known = {hashed for _, hashed in feeds.holders(end.feed.pk, hashes)}
    unknown = sorted(key for key in keys if feeds.key_hash(key) not in known)
    for batch in db.chunks(unknown, end.can.batch_read):
        found = end.connector.find(end.object, field, batch)
        with db.transaction_():
            ctx.fence()
            for key, ids in found.items():
                told(ctx, side.other, slot, key, ids)
        if survey is not None and found:
            survey.void.update(_holders(ctx, found))


def told(ctx: Context, side: Side, slot: str, key: str, ids: Sequence[str]) -> None:
    """Remember, in the caller's transaction, what an app says: these records hold this key."""
    feed = ctx.ends[side].feed
    known = feeds.seen_by_id(feed.pk, ids)
    new = [SeenRow(id, first_seen_at=ctx.clock()) for id in ids if id not in known or not known[id].live]
    feeds.save_seen(feed, new)
    for id in ids:
        feeds.tell_key(feed, slot, key, id)
