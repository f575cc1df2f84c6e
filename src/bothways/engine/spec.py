"""What the engine needs to know of a sync's settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bothways.engine.keys import Key, Part, slot_of
from bothways.engine.sides import SIDES, Direction, Side
from bothways.records import CannotCoerce, Coerced, Field, Value, coerce, coercion_between, is_blank, same


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Two fields kept equal. ``winner`` overrules the default app for this field.

    ``clearing_follows``: a value deliberately cleared after linking is cleared on the other side too.
    ``key`` is the stable name of this mapping in plans and in the journal.
    """

    left: Field
    right: Field
    direction: Direction = Direction.BOTH
    winner: Side | None = None
    clearing_follows: bool = False
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.left.name}={self.right.name}")

    def on(self, side: Side) -> Field:
        """Return the field of one side."""
        return self.left if side is Side.LEFT else self.right


class Finding(StrEnum):
    """What a key that is unique on both sides is good for: a link, or a look by a person."""

    LINK = "link"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class MatchRule:
    """One thing by which records are recognised.

    ``left`` and ``right`` are the ways to make its key on each side, the primary first: any of one side may
    equal any of the other. ``name`` is what people call it, if not by its fields. ``guards`` (see
    ``engine.guards``) must all let a pair pass. A key that more than ``most`` records of one app hold is none.
    ``tells_apart``: two records with different keys are not linked by a later rule.
    """

    left: tuple[Key, ...]
    right: tuple[Key, ...]
    name: str = ""
    finding: Finding = Finding.LINK
    guards: tuple[str, ...] = ()
    most: int | None = None
    tells_apart: bool = True

    def on(self, side: Side) -> tuple[Key, ...]:
        """Return the ways to make the key on one side."""
        return self.left if side is Side.LEFT else self.right

    def slots(self, side: Side) -> tuple[str, ...]:
        """Return the names under which the keys of one side are kept in the key table, the primary first."""
        return tuple(slot_of(key) for key in self.on(side))

    def fields(self, side: Side) -> set[str]:
        """Return all fields of one side that its keys are made of."""
        return {name for key in self.on(side) for part in key for name in part.fields}

    def title(self, side: Side) -> str:
        """Return what people call it on one side."""
        return self.name or ", ".join(name for part in self.on(side)[0] for name in part.fields)

    def field(self, side: Side) -> str | None:
        """Return the field that alone is the primary key of one side; None where more is needed."""
        (part, *more) = self.on(side)[0]
        return part.fields[0] if not more and len(part.fields) == 1 else None


def by_field(compare: str, left: str, right: str) -> MatchRule:
    """Return the rule that compares one field of each side."""
    keys = (Part(compare, (left,)),), (Part(compare, (right,)),)
    return MatchRule((keys[0],), (keys[1],))


def feed_slots(rules: Iterable[MatchRule], side: Side) -> list[list[Any]]:
    """Return what a feed must know to make the keys of one side: per slot its name and its parts, as plain data."""
    keys = {slot_of(key): key for rule in rules for key in rule.on(side)}
    return [[slot, [[part.compare, list(part.fields), part.region] for part in key]] for slot, key in keys.items()]


def sync_slots(rules: Iterable[MatchRule]) -> list[list[list[str]]]:
    """Return per rule the slots of the left and of the right side, as plain data."""
    return [[list(rule.slots(side)) for side in SIDES] for rule in rules]


Roles = Mapping[str, tuple[str, ...]]
"""Which fields of one side hold what a guard looks at, such as the given name; several in their order."""


@dataclass(frozen=True, slots=True)
class SyncSpec:
    """A sync's settings as the engine reads them.

    ``apps`` are the names of the two apps, for reasons shown to people. ``sends`` says which side's
    values may flow out. ``own_write_window`` is, per side, for how many seconds after our write a
    rewriting by the app is expected (longer than index lag + poll). ``creates`` says on which side
    records may be created; ``required`` fields block a create that lacks them. ``roles`` are, per side, the
    fields that the guards of the match rules look at.
    """

    apps: Mapping[Side, str]
    fields: tuple[FieldMap, ...]
    match: tuple[MatchRule, ...] = ()
    default: Side = Side.LEFT
    sends: Mapping[Side, bool] = field(default_factory=lambda: dict.fromkeys(SIDES, True))
    own_write_window: Mapping[Side, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 120.0))
    roles: Mapping[Side, Roles] = field(default_factory=lambda: {side: {} for side in SIDES})

    def match_fields(self, side: Side) -> set[str]:
        """Return the fields of one side that matching needs, those of the guards included."""
        found = {name for rule in self.match for name in rule.fields(side)}
        guarded = any(rule.guards for rule in self.match)
        return found | {name for names in self.roles[side].values() for name in names if guarded}

    def writes(self, mapping: FieldMap, side: Side) -> bool:
        """Tell whether this mapping may be written to ``side``. Nothing overrules this."""
        return self.sends[side.other] and mapping.direction.writes(side) and not mapping.on(side).read_only


def project(mapping: FieldMap, value: Value, target: Side) -> Coerced:
    """Return ``value`` of the other side as ``target`` can hold it; raise CannotCoerce."""
    return coerce(value, mapping.on(target.other), mapping.on(target))


def blank_across(mapping: FieldMap, value: Value, source: Side) -> bool:
    """Tell whether a value of ``source`` is empty, or comes out empty on the other side (a list of separators)."""
    if is_blank(value):
        return True
    if coercion_between(mapping.on(source).type, mapping.on(source.other).type) is None:
        return False
    try:
        return is_blank(project(mapping, value, source.other).value)
    except CannotCoerce:
        return False


def equal_across(mapping: FieldMap, left: Value, right: Value) -> bool:
    """Tell whether the two sides hold the same, each as the other can hold it."""
    alike = left is right or (isinstance(left, str) and left == right)
    if alike and mapping.left.type is mapping.right.type:
        return True
    return _holds(mapping, left, right, Side.RIGHT) or _holds(mapping, right, left, Side.LEFT)


def _holds(mapping: FieldMap, source: Value, held: Value, target: Side) -> bool:
    if coercion_between(mapping.on(target.other).type, mapping.on(target).type) is None:
        return False
    try:
        projected = project(mapping, source, target)
    except CannotCoerce:
        return False
    return same(projected.value, mapping.on(target), held)
