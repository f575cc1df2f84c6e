"""What the engine needs to know of a sync's settings."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import field as made_by
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bothways.engine.deletes import Deletes, Removal
from bothways.engine.keys import REFERRED, Key, Part, slot_of
from bothways.engine.scope import Scope
from bothways.engine.sides import SIDES, Direction, Side
from bothways.records import (
    CannotCoerce,
    Choices,
    Coerced,
    Field,
    FieldType,
    LeftOut,
    Value,
    clean,
    coerce,
    coercion_between,
    is_blank,
    name_of,
    named,
    parse_boolean,
    same,
    same_name,
    suggest,
)
from bothways.records.parse import items_of

Called = Mapping[str, Sequence[tuple[str, str]]]
"""Records, with their id and name, by a text that is their name."""


_LEFT_NAME = re.compile(r"(?:[^\\=]|\\.)*", re.DOTALL)


def key_of(left: str, right: str) -> str:
    r"""Return the key of the mapping of two fields, by their names; "" is the name of none.

    A made text may have any letter in its name: in a key ``=`` and ``\`` of names have a ``\`` before them.
    """
    return "=".join(re.sub(r"([\\=])", r"\\\1", name) for name in (left, right))


def names_of(key: str) -> dict[Side, str]:
    """Return the names of the fields of both sides by the key of their mapping."""
    found = _LEFT_NAME.match(key)
    assert found is not None
    return {
        side: re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL)
        for side, name in ((Side.LEFT, found[0]), (Side.RIGHT, key[found.end() + 1 :]))
    }


class Only(StrEnum):
    """What narrows when a mapping is written: only to a field that is empty, or only to a record being created."""

    WHEN_EMPTY = "when empty"
    ON_CREATE = "on create"


class Wins(StrEnum):
    """Who wins a difference, where that is no app: the side that was changed last, or whom a person says."""

    NEWEST = "newest"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Two fields kept equal. ``winner`` says who wins a difference of this field, where the sync does not.

    ``clearing_follows``: a value deliberately cleared after linking is cleared on the other side too.
    ``only`` None: written whenever the field table says so. ``choices`` pairs the values of both fields: what
    comes to the left, and what comes to the right; None where values are carried over as they are. ``clean``
    names how texts are cleaned on their way; the side they come from keeps its own.
    ``consent`` marks fields that say whether a person wants to hear from us: the truth that means opted out on the
    left, and on the right.
    ``through`` makes it an association: it names the sync by whose links the ids of one side are those of the other.
    ``called``: of each side that refers to records by their name, the records (id and name) that texts of the other
    side are the name of, by text; what is not in it was not looked up.
    ``key`` is the stable name of this mapping in plans and in the journal.
    """

    left: Field
    right: Field
    direction: Direction = Direction.BOTH
    winner: Side | Wins | None = None
    clearing_follows: bool = False
    only: Only | None = None
    choices: tuple[Choices, Choices] | None = field(default=None, repr=False)
    clean: tuple[str, ...] = ()
    consent: tuple[bool, bool] | None = None
    through: str = ""
    called: Mapping[Side, Called] = field(default_factory=dict, repr=False, compare=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key_of(self.left.name, self.right.name))

    def on(self, side: Side) -> Field:
        """Return the field of one side."""
        return self.left if side is Side.LEFT else self.right

    @property
    def named(self) -> tuple[Side, ...]:
        """The sides on which it is a record known by its name."""
        return tuple(side for side in SIDES if self.on(side).type is FieldType.NAMED)

    @property
    def by_email(self) -> bool:
        """Tell whether records are known by their e-mail address."""
        return any(self.on(side).items is FieldType.EMAIL for side in self.named)

    @property
    def is_label(self) -> bool:
        """Tell whether it is a label of associations, and not what all of these have in common."""
        return self.left.label_of is not None

    @property
    def inverted(self) -> bool:
        """Tell whether yes on one side is no on the other."""
        return self.consent is not None and self.consent[0] is not self.consent[1]

    @property
    def by_label(self) -> bool:
        """Tell whether the choices of a field of several are carried over as those that say the same to people."""
        if FieldType.MULTI_CHOICE not in (self.left.type, self.right.type):
            return False
        return bool(self.left.options and self.right.options) and self.left.options != self.right.options

    @property
    def translated(self) -> bool:
        """Tell whether what is written alike on both sides may mean something else on each."""
        return self.choices is not None or self.inverted or self.by_label


class When(StrEnum):
    """When a constant is written: into a new record alone, or with every write to a record as well."""

    CREATED = "created"
    CREATED_OR_UPDATED = "created_or_updated"


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that the settings set in a field of one side: never by itself, always with another write.

    ``mapping`` stands for it in plans and in the journal; it has no field on the other side.
    """

    side: Side
    field: Field
    value: Value
    when: When = When.CREATED
    mapping: FieldMap = made_by(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mapping", one_sided(self.side, self.field))


class Occasion(StrEnum):
    """When a record is tagged: as its pair leaves the sync, or after its partner was deleted."""

    LEAVING = "leaving"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Tag:
    """A constant that is written once, on an occasion of its own."""

    constant: Constant
    occasion: Occasion


def one_sided(side: Side, of_side: Field) -> FieldMap:
    """Return the mapping that stands for a field of one side alone."""
    nothing = Field("")
    return FieldMap(of_side, nothing) if side is Side.LEFT else FieldMap(nothing, of_side)


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
    ``tells_apart``: two records with different keys are not linked by a later rule. ``small_groups``: of a few
    copies on either side that nothing speaks against, one pair is linked and the rest held; needs ``most``.
    """

    left: tuple[Key, ...]
    right: tuple[Key, ...]
    name: str = ""
    finding: Finding = Finding.LINK
    guards: tuple[str, ...] = ()
    most: int | None = None
    tells_apart: bool = True
    small_groups: bool = False

    def on(self, side: Side) -> tuple[Key, ...]:
        """Return the ways to make the key on one side."""
        return self.left if side is Side.LEFT else self.right

    def slots(self, side: Side) -> tuple[str, ...]:
        """Return the names under which the keys of one side are kept in the key table, the primary first."""
        return tuple(slot_of(key) for key in self.on(side))

    def fields(self, side: Side) -> set[str]:
        """Return all fields of one side that its keys are made of."""
        return {name for key in self.on(side) for part in key for name in (*part.fields, *part.countries)}

    def title(self, side: Side) -> str:
        """Return what people call it on one side."""
        return self.name or ", ".join(name for part in self.on(side)[0] for name in part.fields)

    def field(self, side: Side) -> str | None:
        """Return the field that alone is the primary key of one side; None where more is needed."""
        (part, *more) = self.on(side)[0]
        return part.fields[0] if not more and len(part.fields) == 1 else None

    def by_alone(self, side: Side, name: str) -> bool:
        """Tell whether a field of one side alone can make a key that links."""
        alone = any(all(part.fields == (name,) for part in key) for key in self.on(side))
        return alone and self.finding is Finding.LINK


def by_field(compare: str, left: str, right: str) -> MatchRule:
    """Return the rule that compares one field of each side."""
    keys = (Part(compare, (left,)),), (Part(compare, (right,)),)
    return MatchRule((keys[0],), (keys[1],))


REFERENCE = "reference"
"""How the name of a slot begins that keeps which records refer to which."""

CALLED = "called"
"""The same of records that refer to others by their name: they are looked at again when that changes."""


def reference_slots(maps: Iterable[FieldMap], side: Side) -> list[list[Any]]:
    """Return what a feed must know to tell which records of one side refer to a record, as ``feed_slots`` does."""
    fields = [each.on(side) for each in maps if each.through or side in each.named]
    return [
        [
            f"{CALLED if each.type is FieldType.NAMED else REFERENCE} {each.refers_to}:{each.name}",
            [[REFERRED if each.type is FieldType.NAMED else "exact", [each.name], None]],
        ]
        for each in fields
    ]


def slot_of_names(name: str, *, email: bool = False) -> tuple[str, list[list[Any]]]:
    """Return the slot, and its parts, in which a feed keeps the names of its records, held in this field."""
    parts = (Part("email" if email else "company", (name,)),)
    return slot_of(parts), [part.plain() for part in parts]


def feed_slots(rules: Iterable[MatchRule], side: Side) -> list[list[Any]]:
    """Return what a feed must know to make the keys of one side: per slot its name and its parts, as plain data."""
    keys = {slot_of(key): key for rule in rules for key in rule.on(side)}
    return [[slot, [part.plain() for part in key]] for slot, key in keys.items()]


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
    rewriting by the app is expected (longer than index lag + poll). ``scope`` says which records take part.
    ``roles`` are, per side, the fields that the guards of the match rules look at. ``wins`` None: the default app
    wins a difference. ``deletes`` says what becomes of the partner of a deleted record. ``tags`` are written to what
    leaves, or is left over. ``labels`` are the fields of all labels that associations can have where they are written.
    """

    apps: Mapping[Side, str]
    fields: tuple[FieldMap, ...]
    match: tuple[MatchRule, ...] = ()
    default: Side = Side.LEFT
    sends: Mapping[Side, bool] = field(default_factory=lambda: dict.fromkeys(SIDES, True))
    own_write_window: Mapping[Side, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 120.0))
    constants: tuple[Constant, ...] = ()
    scope: Scope = field(default_factory=Scope)
    roles: Mapping[Side, Roles] = field(default_factory=lambda: {side: {} for side in SIDES})
    wins: Wins | None = None
    deletes: Deletes = field(default_factory=Deletes)
    tags: tuple[Tag, ...] = ()
    labels: Mapping[Side, tuple[Field, ...]] = field(default_factory=lambda: dict.fromkeys(SIDES, ()))

    def labels_on(self, side: Side, mapping: FieldMap) -> list[Field]:
        """Return the labels that the associations of a mapping can have on one side, paired or not."""
        return [each for each in self.labels[side] if each.label_of == mapping.on(side).name]

    def tag(self, side: Side, occasion: Occasion) -> Constant | None:
        """Return how a record of one side is tagged on an occasion."""
        found = (each.constant for each in self.tags if each.occasion is occasion and each.constant.side is side)
        return next(found, None)

    @property
    def one_sided(self) -> list[FieldMap]:
        """The mappings that stand for fields of one side alone: of constants, and of tags."""
        return [each.mapping for each in (*self.constants, *(each.constant for each in self.tags))]

    def set_on(self, side: Side, *when: When) -> list[Constant]:
        """Return the constants of one side that are written then."""
        return [each for each in self.constants if each.side is side and each.when in when]

    def match_fields(self, side: Side) -> set[str]:
        """Return the fields of one side that matching needs, those of the guards included."""
        found = {name for rule in self.match for name in rule.fields(side)}
        guarded = any(rule.guards for rule in self.match)
        return found | {name for names in self.roles[side].values() for name in names if guarded}

    def winner(self, mapping: FieldMap) -> Side | Wins:
        """Return who wins a difference of this field."""
        return mapping.winner or self.wins or self.default

    def removes(self, side: Side) -> bool:
        """Tell whether a deletion in the other app is carried over to ``side``. Direction overrules the policy."""
        return self.sends[side.other] and self.deletes.of(side) is not Removal.KEEP

    def writes(self, mapping: FieldMap, side: Side) -> bool:
        """Tell whether this mapping may be written to ``side``. Nothing overrules this."""
        return self.sends[side.other] and mapping.direction.writes(side) and not mapping.on(side).read_only


def project(mapping: FieldMap, value: Value, target: Side) -> Coerced:
    """Return ``value`` of the other side as ``target`` can hold it; raise CannotCoerce, LeftOut among them."""
    if target in mapping.named and not is_blank(value):
        return Coerced(called(mapping, name_of(value), target))
    if mapping.choices is not None and not is_blank(value):
        value = mapping.choices[SIDES.index(target)].choose(value)
    elif mapping.by_label and not is_blank(value):
        way = _by_label(mapping.on(target.other), mapping.on(target))
        value = [way.choose(item) for item in items_of(value) if not is_blank(item)]
    if mapping.inverted and (truth := parse_boolean(value)) is not None:
        value = not truth
    if mapping.clean:
        value = _cleaned(mapping, value, target.other)
    return coerce(value, mapping.on(target.other), mapping.on(target))


def called(mapping: FieldMap, text: str, side: Side) -> Value:
    """Return the one record of a side that a text is the name of; raise CannotCoerce, LeftOut where there is none."""
    kind = mapping.on(side).refers_to
    found = mapping.called.get(side, {}).get(text)
    if found is None:
        raise CannotCoerce(f'"{text}" was not looked up among {kind}')
    if not found:
        raise LeftOut(f'nothing among {kind} is called "{text}", and nothing is made for it')
    if len(found) > 1:
        raise CannotCoerce(f'{len(found)} of {kind} are called "{text}"')
    id, name = found[0]
    return named(name, [id])


@lru_cache(256)
def _by_label(source: Field, target: Field) -> Choices:
    """Return the pairing of two fields of which nobody says how their options are paired."""
    return Choices(source, target, suggest(source, target))


def _cleaned(mapping: FieldMap, value: Value, side: Side) -> Value:
    """Return a value of ``side`` cleaned; a field that knows no country takes that of the other."""
    return clean(value, mapping.clean, mapping.on(side).region or mapping.on(side.other).region)


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
    """Tell whether the two sides hold the same, each as the other can hold it and, where they are, cleaned."""
    if mapping.named:
        return same_name(left, right, email=mapping.by_email)
    alike = left is right or (isinstance(left, str) and left == right)
    if alike and not mapping.translated and mapping.left.type is mapping.right.type:
        return True
    return _holds(mapping, left, right, Side.RIGHT) or _holds(mapping, right, left, Side.LEFT)


def _holds(mapping: FieldMap, source: Value, held: Value, target: Side) -> bool:
    if coercion_between(mapping.on(target.other).type, mapping.on(target).type) is None:
        return False
    try:
        projected = project(mapping, source, target)
        if mapping.clean:
            held = coerce(_cleaned(mapping, held, target), mapping.on(target), mapping.on(target)).value
    except CannotCoerce:
        return False
    return same(projected.value, mapping.on(target), held)
