"""Lists of labelled values merged value by value (row FM).

A value is known by its canonical form; label and order ride along when it is added, and are never a change by
themselves. A value that one side has alone is new there, unless a shadow says that both sides have been without
agreement on it before: then it was taken out on the other side, or was left as a difference.
"""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap
from bothways.records import CannotCoerce, Coerced, Field, FieldType, Value, coerce, elements


class Merge(NamedTuple):
    """What a side is to hold: how many values are added and removed, and in words what it cannot hold."""

    value: Value
    added: int = 0
    removed: int = 0
    lost: tuple[str, ...] = ()


def of_several(mapping: FieldMap) -> bool:
    """Tell whether both fields are lists of labelled values."""
    return mapping.left.type is FieldType.LABELLED is mapping.right.type


def merged(mapping: FieldMap, now: Mapping[Side, Value], shadow: Mapping[Side, Value], target: Side) -> Merge:
    """Return what ``target`` is to hold: its own values as they are, those that are new on the other side behind them.

    A value goes only where clearing follows and both sides were known to have it. ``shadow``: None for unknown.
    """
    source = target.other
    coerced = _across(mapping, now[source], target)
    held = elements(now[target], mapping.on(target))
    had = elements(shadow[target], mapping.on(target))
    there = _from_there(mapping, coerced.value, target, {**held, **had})
    had_there = _from_there(mapping, _across(mapping, shadow[source], target).value, target, {**held, **had})
    new = {key: item for key, item in there.items() if key not in held and key not in had and key not in had_there}
    gone: set[Hashable] = set()
    if mapping.clearing_follows and not coerced.lost:
        gone = {key for key in held if key not in there and key in had and key in had_there}
    kept = [item for key, item in held.items() if key not in gone]
    return Merge([*kept, *new.values()] or None, len(new), len(gone), coerced.lost)


def shadow_after(
    mapping: FieldMap,
    side: Side,
    before: Value,
    sent: Value,
    stored: Value,
    shadow: Value,
    other: Value,
    other_shadow: Value,
) -> Value:
    """Return what is to be known of a side that was written to, so that what has not flowed yet still will.

    ``before``, ``sent`` and ``stored`` are what the side held, was sent and holds now; ``shadow`` is what was known
    of it, ``other`` what the other side held, and ``other_shadow`` was known to. Left out is what only this side has,
    and has anew, and the other one never was known to have; kept is what was taken out here and is still to go there,
    since it was known of both. Where the app does not show what the write has added, what it shows instead is its
    rewriting.
    """
    field = mapping.on(side)
    held, was, known = elements(stored, field), elements(before, field), elements(shadow, field)
    known_here = {**held, **was, **known}
    there = _from_there(mapping, _across(mapping, other, side).value, side, known_here)
    rewritten = not elements(sent, field).keys() - was.keys() <= held.keys()
    old = _from_there(mapping, _across(mapping, other_shadow, side).value, side, known_here)
    agreed = there.keys() | known.keys() | old.keys()
    kept = [item for key, item in held.items() if key in agreed or (rewritten and key not in was)]
    if mapping.clearing_follows:
        taken_out = [key for key in known if key not in held and key not in was]
        kept += [known[key] for key in taken_out if key in there and key in old]
    return kept or None


def arrived(field: Field, before: Value, sent: Value, now: Value) -> Value:
    """Return what is there ``now`` of a list that was ``sent`` without an answer, None if it did not arrive.

    An app takes a list whole: one value that the write was to add tells that all were written, and that a person took
    out since what is missing. ``before`` is what the list held when the write was decided.
    """
    was, ours, held = (elements(value, field) for value in (before, sent, now))
    came, went = ours.keys() - was.keys(), was.keys() - ours.keys()
    if came.isdisjoint(held) if came else not went or not went.isdisjoint(held):
        return None
    return [item for key, item in ours.items() if key in held]


def _from_there(
    mapping: FieldMap, value: Value, target: Side, known: Mapping[Hashable, Value]
) -> dict[Hashable, Value]:
    """Return values that came from the other side by what each is known by on ``target``.

    A phone number is what ``target`` would read it as; but where that is none that is ``known``, and what its own side
    reads it as is one, then it is that.
    """
    read = elements(value, mapping.on(target))
    if mapping.left.region == mapping.right.region:
        return read
    own = {key: next(iter(elements([item], mapping.on(target.other)))) for key, item in read.items()}
    return {own[key] if key not in known and own[key] in known else key: item for key, item in read.items()}


def _across(mapping: FieldMap, value: Value, target: Side) -> Coerced:
    try:
        return coerce(value, mapping.on(target.other), mapping.on(target))
    except CannotCoerce as problem:
        return Coerced(None, (str(problem),))
