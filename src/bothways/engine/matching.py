"""Which records are the same thing, by keys that are unique on both sides.

The ledger yields, per key of a record, the group of all records of both apps that hold the same key. The
rules are asked in order, of each the primary key first, and the first that finds anything decides. A rule
that links does so only if its group holds one record on each side, the partner is free, no earlier rule tells
the two apart and no guard speaks against them; else the record is held for a person. If the settings say so, a
rule links one pair of a small group of copies, too. A rule that only holds looks at free records alone. Nothing
depends on the order of rows.
"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import combinations
from operator import attrgetter
from typing import NamedTuple

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, MatchRule

ALONE = ""
"""In place of the id of a record that another is kept apart from: it has no partner, whatever its keys say."""


class Candidate(NamedTuple):
    """A record that holds the key. ``linked`` if it has a link in this sync; ``busy`` while the write that makes
    that link is not settled.

    ``keys`` are all keys it holds, each with the place of its rule in the settings. ``rank`` is 0 where it holds
    the key of the group as its primary one. ``partner`` is the record it is linked to.
    """

    side: Side
    id: str
    linked: bool = False
    keys: frozenset[tuple[int, str]] = frozenset()
    busy: bool = False
    rank: int = 0
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """All live records of both sides that hold one key of one match rule (its place in the settings)."""

    rule: int
    key: str
    members: Collection[Candidate]
    _on: Mapping[Side, list[Candidate]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id = sorted(self.members, key=attrgetter("id")) if len(self.members) > 1 else self.members
        object.__setattr__(self, "_on", {side: [each for each in by_id if each.side is side] for side in SIDES})

    def on(self, side: Side) -> list[Candidate]:
        """Return the members of one side, by id."""
        return self._on[side]

    def rank_of(self, side: Side, id: str) -> int:
        """Return the rank of a member; 0 of anybody else."""
        return next((each.rank for each in self.members if each.id == id and each.side is side), 0)


class Found(Enum):
    """What matching found for one record. BUSY: its partner may be getting this very record by an open write."""

    NOBODY = "nobody"
    PARTNER = "partner"
    BUSY = "busy"
    SEVERAL = "several"


class Match(NamedTuple):
    """The answer for one record: its ``partner`` if exactly one, else who stands in the way, and why.

    ``unless_taken``: the candidates stand in the way only while none of them belongs to another record.
    """

    found: Found
    partner: str | None = None
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""
    unless_taken: bool = False


NO_MATCH = Match(Found.NOBODY)
Objection = Callable[[MatchRule, Candidate, Candidate], str]
"""Tells in words what the guards of a rule say against two records being one; nothing if they may pass."""


def no_objection(rule: MatchRule, one: Candidate, other: Candidate) -> str:
    """Let everybody pass."""
    return ""


def match(
    side: Side,
    id: str,
    groups: Sequence[Group],
    rules: Sequence[MatchRule],
    apart: frozenset[str] = frozenset(),
    objection: Objection = no_objection,
    taken: frozenset[str] = frozenset(),
) -> Match:
    """Return what the match rules say of one record that is not linked.

    ``groups`` are all groups that the record is a member of; ``apart`` are ids of the other side that a
    person has said to be somebody else; ``taken`` are those that are to be linked to another record.
    """
    if ALONE in apart:
        return NO_MATCH
    asked = _Asked(side, id, rules, apart, objection, taken)
    for group in sorted(groups, key=lambda group: (group.rule, group.rank_of(side, id), group.key)):
        rule = rules[group.rule]
        if rule.most is not None and any(len(group.on(each)) > rule.most for each in SIDES):
            continue
        answer = asked.by_link(group) if rule.finding is Finding.LINK else asked.by_hold(group)
        if answer is not None:
            return answer
    return NO_MATCH


def match_of_two(
    one: Candidate, other: Candidate, place: int, rules: Sequence[MatchRule], objection: Objection
) -> Match:
    """Return what the rules say of two free records of both apps: the same of either.

    They share a key of the rule at this place, and neither shares another key of it, or of an earlier one, with
    anybody. NO_MATCH: they must be asked by later rules, too.
    """
    rule = rules[place]
    if rule.finding is Finding.HOLD:
        return NO_MATCH if objection(rule, one, other) else _likely(rule, one.side, (other,))
    if place == 0:
        return _by_guards(rule, one, other, objection)
    return match(one.side, one.id, [Group(place, "", (one, other))], rules, objection=objection)


def _by_guards(rule: MatchRule, one: Candidate, partner: Candidate, objection: Objection) -> Match:
    """Return what a linking rule says of one record where only a guard can speak against its one partner."""
    title = rule.title(one.side)
    against = objection(rule, one, partner)
    if against:
        return Match(Found.SEVERAL, None, (partner,), f"same {title}, {against}")
    return Match(Found.PARTNER, partner.id, (partner,), f"same {title}")


def _likely(rule: MatchRule, side: Side, candidates: tuple[Candidate, ...]) -> Match:
    """Return what a rule that only holds says of a record that likely is one of these."""
    reason = f"same {rule.title(side)}: likely, but not sure"
    return Match(Found.SEVERAL, None, candidates, reason, unless_taken=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One record that is asked about, and what is known of the others."""

    side: Side
    id: str
    rules: Sequence[MatchRule]
    apart: frozenset[str]
    objection: Objection
    taken: frozenset[str]

    def by_link(self, group: Group) -> Match | None:
        """Return what the group of a linking rule says; None if nobody is in it that could be meant."""
        partners = self.partners(group)
        if all(self.belongs_elsewhere(group, each) for each in partners):
            partners = []
        peers = [each for each in group.on(self.side) if each.id != self.id and each.partner not in self.apart]
        if not partners:
            peers = [each for each in peers if self.told_apart(group, each) is None]
        if not peers and not partners:
            return None
        rule = self.rules[group.rule]
        title = rule.title(self.side)
        if rule.small_groups and (peers or len(partners) > 1):
            pair = self.small_group(group)
            if pair is not None and pair[self.side].id == self.id:
                partner = pair[self.side.other]
                sizes = " and ".join(str(len(group.on(each))) for each in (self.side, self.side.other))
                reason = f"same {title}, the first of copies ({sizes}) whose names agree"
                return Match(Found.PARTNER, partner.id, (partner,), reason)
        if peers or len(partners) > 1 or partners[0].linked:
            if len(partners) == 1 and not peers and partners[0].busy:
                return Match(Found.BUSY, None, tuple(partners))
            others = all(self.told_apart(group, each) is not None for each in partners)
            reason = _why_held(title, peers, partners)
            return Match(Found.SEVERAL, None, (*peers, *partners), reason, unless_taken=others)
        earlier = self.told_apart(group, partners[0])
        if earlier is not None:
            reason = f"same {title}, but another {self.rules[earlier].title(self.side)}"
            return Match(Found.SEVERAL, None, tuple(partners), reason, unless_taken=True)
        return _by_guards(rule, self.own(group), partners[0], self.objection)

    def small_group(self, group: Group) -> dict[Side, Candidate] | None:
        """Return the two that stand for a small group of copies; None where they may not be copies.

        They are those that hold the key as their primary one, and of these the lowest ids. All members must be
        free, none kept apart, and of no two of them may anything say that they differ. So every member that is
        asked chooses the same two, and a group that has a link already makes no other.
        """
        rule = self.rules[group.rule]
        there = {side: group.on(side) for side in SIDES}
        if not all(there.values()):
            return None
        if any(each.linked or (each.side is not self.side and self.is_out(each)) for each in group.members):
            return None
        for one, other in combinations((*there[Side.LEFT], *there[Side.RIGHT]), 2):
            if self.differ_by(group.rule, one, other) is not None or self.objection(rule, one, other):
                return None
        return {side: min(members, key=_standing) for side, members in there.items()}

    def is_out(self, partner: Candidate) -> bool:
        return partner.id in self.apart or partner.id in self.taken

    def by_hold(self, group: Group) -> Match | None:
        """Return what the group of a rule that only holds says: who of it is free and passes the guards."""
        rule = self.rules[group.rule]
        likely = [
            each
            for each in self.partners(group)
            if not each.linked and each.id not in self.taken and not self.objection(rule, self.own(group), each)
        ]
        return _likely(rule, self.side, tuple(likely)) if likely else None

    def partners(self, group: Group) -> list[Candidate]:
        return [each for each in group.on(self.side.other) if each.id not in self.apart]

    def belongs_elsewhere(self, group: Group, partner: Candidate) -> bool:
        """Tell whether a partner has, or gets, a link to another record, which it does not share with this one."""
        has_link = (partner.linked and not partner.busy) or partner.id in self.taken
        return has_link and self.told_apart(group, partner) is not None

    def told_apart(self, group: Group, other: Candidate) -> int | None:
        """Return an earlier rule by which the two are different records: both hold a key of it, and none in common."""
        return self.differ_by(group.rule, self.own(group), other)

    def own(self, group: Group) -> Candidate:
        return next((each for each in group.on(self.side) if each.id == self.id), Candidate(self.side, self.id))

    def differ_by(self, before: int, one: Candidate, other: Candidate) -> int | None:
        """Return the first rule before another that tells two records apart."""
        for place in range(before):
            mine, theirs = ({key for rule, key in each.keys if rule == place} for each in (one, other))
            if self.rules[place].tells_apart and mine and theirs and not mine & theirs:
                return place
        return None


def mutual(id: str, found: Match, of_partner: Match) -> Match:
    """Return a match only if its partner, asked in its turn, answers with this very record; else it is held."""
    if found.found is not Found.PARTNER or of_partner.partner == id:
        return found
    return Match(Found.SEVERAL, None, found.candidates, "the only match matches another record better")


Decide = Callable[[Side, Collection[str], Mapping[str, frozenset[str]]], Mapping[str, Match]]
"""Asks ``match`` of records of one side; for some of them, with the ids of the other side that are taken."""


def agree(side: Side, ids: Collection[str], decide: Decide) -> dict[str, Match]:
    """Return the match of each record, agreed with its partner.

    Whoever only likely matches a record is asked again without it if that record belongs to another surely.
    """
    found = _mutual(side, ids, decide, {})
    taken: dict[str, frozenset[str]] = {}
    todo = {id for id, answer in found.items() if answer.unless_taken}
    while todo:
        likely = {id: {each.id for each in found[id].candidates if each.side is side.other} for id in todo}
        theirs = _mutual(side.other, set().union(*likely.values()), decide, {})
        sure = {each: answer.partner for each, answer in theirs.items() if answer.partner}
        lost = {id: {each for each in ids if sure.get(each, id) != id} for id, ids in likely.items()}
        again = {id for id, gone in lost.items() if not gone <= taken.get(id, frozenset())}
        taken |= {id: taken.get(id, frozenset()) | lost[id] for id in again}
        found |= _mutual(side, again, decide, taken)
        todo = {id for id in again if found[id].unless_taken}
    return found


def _mutual(side: Side, ids: Collection[str], decide: Decide, taken: Mapping[str, frozenset[str]]) -> dict[str, Match]:
    found = decide(side, ids, taken) if ids else {}
    partners = {answer.partner for answer in found.values() if answer.partner}
    theirs = decide(side.other, partners, {}) if partners else {}
    return {id: mutual(id, each, theirs[each.partner]) if each.partner else each for id, each in found.items()}


def _standing(member: Candidate) -> tuple[int, int, str]:
    """Return where a member stands in the choice among copies: numbers count as numbers, the lowest first."""
    return member.rank, len(member.id) if member.id.isdigit() else sys.maxsize, member.id


def _why_held(title: str, peers: Sequence[Candidate], partners: Sequence[Candidate]) -> str:
    if peers:
        return f"{len(peers) + 1} records of one app have the same {title}"
    if len(partners) > 1:
        return f"{len(partners)} possible matches by {title}"
    return f"the only match by {title} is linked to another record"
