"""Options of two choice fields paired with each other: what a value of one becomes in the other."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bothways.records.coerce import CannotCoerce
from bothways.records.parse import text_of
from bothways.records.record import Value
from bothways.records.types import Field, Option


class Unpaired(StrEnum):
    """What becomes of a value that is paired with none: held for a person, left out, or a default in its place."""

    HOLD = "hold"
    LEAVE_OUT = "leave_out"
    DEFAULT = "default"


class LeftOut(CannotCoerce):
    """A value that is not carried over, since the settings leave the unpaired out."""


@dataclass(frozen=True, slots=True)
class Choices:
    """One way of a pairing: what each value of ``source`` becomes in ``target``, both by their stored keys.

    ``default`` is what an unpaired value becomes where ``other`` says so. A value is known by its key, else by
    its option's label, else by either in other letters, where that is not ambiguous.
    """

    source: Field
    target: Field
    pairs: tuple[tuple[str, str], ...]
    other: Unpaired = Unpaired.HOLD
    default: str | None = None
    _to: Mapping[str, str] = field(init=False, repr=False, compare=False, hash=False)
    _named: Mapping[str, str] = field(init=False, repr=False, compare=False, hash=False)
    _keys: frozenset[str] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        labels = {option.key: option.label for option in self.source.options}
        keys = dict.fromkeys([*(key for key, _ in self.pairs), *labels])
        names = ((_fold(name), key) for key in keys for name in (key, labels.get(key, "")) if name)
        object.__setattr__(self, "_to", dict(self.pairs))
        object.__setattr__(self, "_named", _once(names))
        object.__setattr__(self, "_keys", frozenset(keys))

    def choose(self, value: Value) -> str:
        """Return what a value becomes; raise LeftOut, or CannotCoerce where it is to be held."""
        text = text_of(value)
        found = self._to.get(text if text in self._keys else self._named.get(_fold(text), text))
        if found is not None:
            return found
        if self.other is Unpaired.DEFAULT and self.default is not None:
            return self.default
        told = f'"{text}" is paired with none of the choices of {self.target.title}'
        raise LeftOut(f"{told}; it is left out") if self.other is Unpaired.LEAVE_OUT else CannotCoerce(told)


def suggest(left: Field, right: Field) -> tuple[tuple[str, str], ...]:
    """Return the keys of the options that are the same to people: by label, then by key, then by one of each."""
    return _paired(left.options, right.options, (_label, _label), (_key, _key), (_key, _label), (_label, _key))


def same_labels(left: Sequence[Option], right: Sequence[Option]) -> tuple[tuple[str, str], ...]:
    """Return the keys of the options that have the same label."""
    return _paired(left, right, (_label, _label))


def _paired(
    left: Sequence[Option], right: Sequence[Option], *ways: tuple[Callable[[Option], str], Callable[[Option], str]]
) -> tuple[tuple[str, str], ...]:
    """Return the keys of options that one way after the other finds the same.

    Each option is used once; a name that two options of one side share pairs none of them.
    """
    pairs: dict[str, str] = {}
    for of_left, of_right in ways:
        lefts = _once((of_left(each), each.key) for each in left if each.key not in pairs)
        rights = _once((of_right(each), each.key) for each in right if each.key not in pairs.values())
        pairs |= {key: rights[name] for name, key in lefts.items() if name and name in rights}
    return tuple((each.key, pairs[each.key]) for each in left if each.key in pairs)


def option_named(name: str, options: Iterable[Option]) -> Option | None:
    """Return the option of this key, else of this label, else None; a label that two share names none."""
    options = tuple(options)
    found = [each for each in options if each.key == name] or [each for each in options if _label(each) == _fold(name)]
    return found[0] if len(found) == 1 else None


def goes_back(held: Value, value: Value, field: Field) -> bool:
    """Tell whether a choice that only moves forward would move to an option before the one that is held.

    Clearing it is no move, and an option that is not known could be anywhere.
    """
    places = {option.key: place for place, option in enumerate(field.options)}
    old, new = places.get(text_of(held)), places.get(text_of(value))
    return field.forward_only and old is not None and new is not None and new < old


def _once(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the keys by name, without the names that several keys share."""
    found: dict[str, set[str]] = {}
    for name, key in named:
        found.setdefault(name, set()).add(key)
    return {name: keys.pop() for name, keys in found.items() if len(keys) == 1}


def _label(option: Option) -> str:
    return _fold(option.label)


def _key(option: Option) -> str:
    return _fold(option.key)


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())
