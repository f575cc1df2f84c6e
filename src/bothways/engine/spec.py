"""What the engine needs to know of a sync's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bothways.engine.scope import Scope
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
    scope: Scope = field(default_factory=Scope)

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
