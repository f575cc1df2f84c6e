"""Which records are the same thing, by keys that are unique on both sides.

The ledger yields, per key of a record, the group of all records of both apps that hold the same key. A
group decides only if it holds one record on each side and the partner is free; several records, or a
partner that is linked already, are held for a person. The rules are asked in order and the first that
finds anything decides; a partner whose key of an earlier rule is another one is held too. Nothing depends
on the order of rows.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from bothways.engine.sides import Side
from bothways.engine.spec import MatchRule
from bothways.records import Field, FieldType, Value, is_blank, normal_email, normal_phone, text_of

NORMAL_FORMS: Mapping[str, Callable[[str], str | None]] = {
    "email": normal_email,
    "phone": normal_phone,
    "exact": lambda text: text.strip() or None,
    "text": lambda text: " ".join(text.casefold().split()) or None,
}
"""How the values of a match field are made comparable, by the name used in the settings."""

COMPARE_BY_TYPE = {FieldType.EMAIL: "email", FieldType.PHONE: "phone"}


class Candidate(NamedTuple):
    """A record that holds the key. ``linked`` if it has a link in this sync; ``busy`` while the write that makes
    that link is not settled.

    ``keys`` are all keys it holds, each with the place of its rule in the settings.
    """

    side: Side
    id: str
    linked: bool = False
    keys: frozenset[tuple[int, str]] = frozenset()
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """All live records of both sides that hold one key of one match rule (its place in the settings)."""

    rule: int
    key: str
    members: Collection[Candidate]

    def on(self, side: Side) -> list[Candidate]:
        """Return the members of one side, by id."""
        return sorted((m for m in self.members if m.side is side), key=lambda member: member.id)


class Found(Enum):
    """What matching found for one record. BUSY: its partner may be getting this very record by an open write."""

    NOBODY = "nobody"
    PARTNER = "partner"
    BUSY = "busy"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Match:
    """The answer for one record: its ``partner`` if exactly one, else who stands in the way, and why."""

    found: Found
    partner: str | None = None
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""


NO_MATCH = Match(Found.NOBODY)


def key_of(rule: MatchRule, value: Value) -> str | None:
    """Return the comparable key of a value, None where it gives none."""
    if is_blank(value) or (not isinstance(value, str) and isinstance(value, Sequence | Mapping)):
        return None
    return NORMAL_FORMS[rule.compare](text_of(value))


def compare_for(field: Field) -> str:
    """Return the normal form that suits a field."""
    return COMPARE_BY_TYPE.get(field.type, "text")


def match(
    side: Side, id: str, groups: Sequence[Group], rules: Sequence[MatchRule], apart: frozenset[str] = frozenset()
) -> Match:
    """Return what the match rules say of one record that is not linked.

    ``groups`` are all groups that the record is a member of; ``apart`` are ids of the other side that a
    person has said to be somebody else.
    """
    for group in sorted(groups, key=lambda group: (group.rule, group.key)):
        peers = [peer for peer in group.on(side) if peer.id != id]
        partners = [partner for partner in group.on(side.other) if partner.id not in apart]
        if not peers and not partners:
            continue
        field = rules[group.rule].on(side)
        if len(partners) == 1 and not peers and not partners[0].linked:
            other = _contradiction(group, side, id, partners[0])
            if other is None:
                return Match(Found.PARTNER, partners[0].id, tuple(partners), f"same {field}")
            reason = f"same {field}, but another {rules[other].on(side)}"
            return Match(Found.SEVERAL, None, tuple(partners), reason)
        if len(partners) == 1 and not peers and partners[0].busy:
            return Match(Found.BUSY, None, tuple(partners))
        return Match(Found.SEVERAL, None, (*peers, *partners), _why_held(field, peers, partners))
    return NO_MATCH


def mutual(id: str, found: Match, of_partner: Match) -> Match:
    """Return a match only if its partner, asked in its turn, answers with this very record; else it is held."""
    if found.found is not Found.PARTNER or of_partner.partner == id:
        return found
    return Match(Found.SEVERAL, None, found.candidates, "the only match matches another record better")


def _contradiction(group: Group, side: Side, id: str, partner: Candidate) -> int | None:
    """Return an earlier rule by which the two are different records: both hold a key of it, and none in common."""
    if not group.rule:
        return None
    own = next((member for member in group.on(side) if member.id == id), Candidate(side, id))
    for rule in range(group.rule):
        mine, theirs = ({key for place, key in each.keys if place == rule} for each in (own, partner))
        if mine and theirs and not mine & theirs:
            return rule
    return None


def _why_held(field: str, peers: Sequence[Candidate], partners: Sequence[Candidate]) -> str:
    if peers:
        return f"{len(peers) + 1} records of one app have the same {field}"
    if len(partners) > 1:
        return f"{len(partners)} possible matches by {field}"
    return f"the only match by {field} is linked to another record"
