"""The options of a mapping as they are in force: which is paired with which, told by what is stored of the settings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import key_of
from bothways.records import Field, FieldType, Option, option_named, suggest
from bothways.records.normal import country_of

Pair = tuple[str, str]
PAIRABLE = frozenset({FieldType.CHOICE, FieldType.TEXT})


@dataclass(frozen=True, slots=True)
class PairsInForce:
    """A mapping by its key, with both fields as far as their options go; ``written``: the sides it is written to.

    ``said`` tells whether the settings name the pairs; else they are those of the same labels.
    """

    key: str
    fields: Mapping[Side, Field]
    pairs: tuple[Pair, ...]
    written: frozenset[Side]
    said: bool

    @property
    def pairable(self) -> bool:
        """Whether values of the two can be paired."""
        kinds = {field.type for field in self.fields.values()}
        return kinds <= PAIRABLE and FieldType.CHOICE in kinds

    def taken(self, target: Side) -> dict[str, str]:
        """Return the options that no other value can be paired with, and their partners.

        So it is where they are written back, and where the file, which has one line for each value of the first app,
        has no room.
        """
        place = SIDES.index(target)
        if target.other not in self.written and target is Side.RIGHT:
            return {}
        return {pair[place]: pair[1 - place] for pair in self.pairs}

    def can_be_said(self, target: Side) -> bool:
        """Tell whether more pairs can be said for what is written to a side, and all else stays as it is.

        Where nothing is said, a text is read as an option by its key or its label: only one way, to the second app,
        has the file room for both.
        """
        known = self.said or self.fields[target.other].type is FieldType.CHOICE
        return self.pairable and (known or (target is Side.RIGHT and target.other not in self.written))


def of_mapping(applied: Mapping[str, Any], key: str) -> PairsInForce | None:
    """Return a mapping of the exact settings, None if there is none such."""
    return next((each for each in _all(applied) if each.key == key), None)


def newly_paired(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str] | None:
    """Return the mappings that only got more pairs, None if anything else of the mappings has changed.

    What was paired with none must have been held: where it was left out, or something else was written, nothing waits.
    """
    was, now = list(_all(before)), list(_all(after))
    if before["holds"] != after["holds"] or len(was) != len(now):
        return None
    found = set()
    for one, other, old, new in zip(was, now, before["fields"], after["fields"], strict=True):
        if old == new:
            continue
        known = one.said or {each.type for each in one.fields.values()} == {FieldType.CHOICE}
        held = "other" not in _without_values(old)[-1]
        if (
            not known
            or not held
            or _without_values(old) != _without_values(new)
            or not set(one.pairs) <= set(other.pairs)
        ):
            return None
        found.add(one.key)
    return found


def suggestion(value: str, label: str, options: Sequence[Option]) -> str:
    """Return the option that a value probably means, "" for none: by name, country, initials, or a slip of the pen."""
    names = {name: option.key for option in options for name in (option.key, option.label) if name}
    folded = {name.casefold(): key for name, key in names.items()}
    for text in dict.fromkeys((label, value)):
        if text.casefold() in folded:
            return folded[text.casefold()]
        land = country_of(text)
        alike = {key for name, key in names.items() if land is not None and country_of(name) == land}
        alike = alike or {key for name, key in names.items() if _initials(name) == text.casefold()}
        if len(alike) == 1:
            return alike.pop()
        if near := get_close_matches(text.casefold(), folded, 1, 0.8):
            return folded[near[0]]
    return ""


def _initials(name: str) -> str:
    words = name.casefold().split()
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def _all(applied: Mapping[str, Any]) -> Iterator[PairsInForce]:
    for row, holds in zip(applied["fields"], applied["holds"], strict=True):
        left, right, way, _, _, *policies = row
        names = dict(zip(SIDES, (left, right), strict=True))
        fields = {side: _field(names[side], *held[:2]) for side, held in zip(SIDES, holds, strict=True)}
        values = policies[0].get("values") if policies else None
        both = fields[Side.LEFT], fields[Side.RIGHT]
        pairs = suggest(*both) if values is None else tuple((_key(both[0], a), _key(both[1], b)) for a, b in values)
        written = {
            side
            for side, sends in zip(reversed(SIDES), applied["sends"], strict=True)
            if sends and Direction(way).writes(side)
        }
        yield PairsInForce(key_of(left, right), fields, pairs, frozenset(written), values is not None)


def _field(name: str, kind: str, options: Sequence[Pair]) -> Field:
    return Field(name, FieldType(kind), options=tuple(Option(key, label) for key, label in options))


def _key(field: Field, name: str) -> str:
    found = option_named(name, field.options)
    return found.key if found else name.strip()


def _without_values(row: Sequence[Any]) -> list[Any]:
    policies = {key: each for key, each in (row[5] if len(row) > 5 else {}).items() if key != "values"}
    if policies.get("other") == "hold":
        del policies["other"]
    return [*row[:5], policies]
