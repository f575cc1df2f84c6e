"""What the engine needs to know of a sync's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import field as made_by
from enum import StrEnum

from bothways.engine.scope import Scope
from bothways.engine.sides import SIDES, Direction, Side
from bothways.records import (
    CannotCoerce,
    Choices,
    Coerced,
    Field,
    Value,
    clean,
    coerce,
    coercion_between,
    is_blank,
    same,
)


class Only(StrEnum):
    """What narrows when a mapping is written: only to a field that is empty, or only to a record being created."""

    WHEN_EMPTY = "when empty"
    ON_CREATE = "on create"


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Two fields kept equal. ``winner`` overrules the default app for this field.

    ``clearing_follows``: a value deliberately cleared after linking is cleared on the other side too.
    ``only`` None: written whenever the field table says so. ``choices`` pairs the values of both fields: what
    comes to the left, and what comes to the right; None where values are carried over as they are. ``clean``
    names how texts are cleaned on their way; the side they come from keeps its own.
    ``key`` is the stable name of this mapping in plans and in the journal.
    """

    left: Field
    right: Field
    direction: Direction = Direction.BOTH
    winner: Side | None = None
    clearing_follows: bool = False
    only: Only | None = None
    choices: tuple[Choices, Choices] | None = field(default=None, repr=False)
    clean: tuple[str, ...] = ()
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.left.name}={self.right.name}")

    def on(self, side: Side) -> Field:
        """Return the field of one side."""
        return self.left if side is Side.LEFT else self.right


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


def one_sided(side: Side, of_side: Field) -> FieldMap:
    """Return the mapping that stands for a field of one side alone."""
    nothing = Field("")
    return FieldMap(of_side, nothing) if side is Side.LEFT else FieldMap(nothing, of_side)


@dataclass(frozen=True, slots=True)
class MatchRule:
    """One key by which records are recognised: the normal form to compare, and the field of each side."""

    compare: str
    left: str
    right: str

    def on(self, side: Side) -> str:
        """Return the field of one side."""
        return self.left if side is Side.LEFT else self.right

    def slot(self, side: Side) -> str:
        """Return the name under which this key of a record is kept in the key table."""
        return f"{self.compare}:{self.on(side)}"


@dataclass(frozen=True, slots=True)
class SyncSpec:
    """A sync's settings as the engine reads them.

    ``apps`` are the names of the two apps, for reasons shown to people. ``sends`` says which side's
    values may flow out. ``own_write_window`` is, per side, for how many seconds after our write a
    rewriting by the app is expected (longer than index lag + poll). ``scope`` says which records take part.
    """

    apps: Mapping[Side, str]
    fields: tuple[FieldMap, ...]
    match: tuple[MatchRule, ...] = ()
    default: Side = Side.LEFT
    sends: Mapping[Side, bool] = field(default_factory=lambda: dict.fromkeys(SIDES, True))
    own_write_window: Mapping[Side, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 120.0))
    constants: tuple[Constant, ...] = ()

    def set_on(self, side: Side, *when: When) -> list[Constant]:
        """Return the constants of one side that are written then."""
        return [each for each in self.constants if each.side is side and each.when in when]

    scope: Scope = field(default_factory=Scope)

    def writes(self, mapping: FieldMap, side: Side) -> bool:
        """Tell whether this mapping may be written to ``side``. Nothing overrules this."""
        return self.sends[side.other] and mapping.direction.writes(side) and not mapping.on(side).read_only


def project(mapping: FieldMap, value: Value, target: Side) -> Coerced:
    """Return ``value`` of the other side as ``target`` can hold it; raise CannotCoerce, LeftOut among them."""
    if mapping.choices is not None and not is_blank(value):
        value = mapping.choices[SIDES.index(target)].choose(value)
    if mapping.clean:
        value = _cleaned(mapping, value, target.other)
    return coerce(value, mapping.on(target.other), mapping.on(target))


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
    alike = left is right or (isinstance(left, str) and left == right)
    if alike and mapping.choices is None and mapping.left.type is mapping.right.type:
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
