"""Two books of records in memory, matched by the real engine as the ledger would have it matched."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bothways.engine.guards import Held, objection
from bothways.engine.keys import keys_of
from bothways.engine.matching import Candidate, Group, Match, agree, match
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import MatchRule, Roles
from bothways.records import Value

Books = Mapping[Side, Mapping[str, Mapping[str, Value]]]
"""The values of every record, by side and id."""


@dataclass
class Matcher:
    """Answers for every record of two books who its partner is."""

    rules: Sequence[MatchRule]
    roles: Mapping[Side, Roles]
    books: Books
    links: Collection[tuple[str, str]] = ()
    apart: Collection[tuple[str, str]] = ()
    groups: dict[tuple[Side, str], list[Group]] = field(init=False)

    def __post_init__(self) -> None:
        held_by = {(side, id): self._keys(side, values) for side in SIDES for id, values in self.books[side].items()}
        everybody: dict[tuple[int, str], list[Candidate]] = {}
        for (side, id), keys in held_by.items():
            place = SIDES.index(side)
            partner = next((pair[1 - place] for pair in self.links if pair[place] == id), None)
            for key, rank in keys.items():
                everybody.setdefault(key, []).append(
                    Candidate(side, id, partner is not None, frozenset(keys), False, rank, partner)
                )
        self.groups = {each: [] for each in held_by}
        for (place, key), members in everybody.items():
            group = Group(place, key, tuple(members))
            for member in members:
                self.groups[member.side, member.id].append(group)

    def _keys(self, side: Side, values: Mapping[str, Value]) -> dict[tuple[int, str], int]:
        found: dict[tuple[int, str], int] = {}
        for place, rule in enumerate(self.rules):
            for rank, way in enumerate(rule.on(side)):
                for key in keys_of(way, values):
                    found.setdefault((place, key), rank)
        return found

    def _against(self, rule: MatchRule, one: Candidate, other: Candidate) -> str:
        return objection(rule.guards, self._held(one), self._held(other))

    def _held(self, member: Candidate) -> Held:
        return Held(self.roles[member.side], self.books[member.side][member.id])

    def decide(self, side: Side, ids: Collection[str], taken: Mapping[str, frozenset[str]]) -> dict[str, Match]:
        """Ask the match rules of records of one side."""
        return {id: self._one(side, id, taken.get(id, frozenset())) for id in ids}

    def _one(self, side: Side, id: str, taken: frozenset[str]) -> Match:
        apart = {pair[1 - SIDES.index(side)] for pair in self.apart if pair[SIDES.index(side)] == id}

        return match(side, id, self.groups[side, id], self.rules, frozenset(apart), self._against, taken)

    def matches(self, side: Side, ids: Iterable[str] | None = None) -> dict[str, Match]:
        """Return the match of every record of one side that has no link."""
        linked = {pair[SIDES.index(side)] for pair in self.links}
        return agree(side, [id for id in (self.books[side] if ids is None else ids) if id not in linked], self.decide)
