"""Turning a value of one field into what another field can hold, saying what is lost.

The table lists every allowed pair of types. What is not in it cannot be mapped. A value is never guessed:
where it does not fit and cutting it would make another value of it, it is refused.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple, TypeVar

from bothways.records.made import joined, split_name
from bothways.records.named import name_of
from bothways.records.parse import floor, is_midnight, items_of, parse_boolean, parse_datetime, parse_number, text_of
from bothways.records.record import Value
from bothways.records.types import Field, FieldType, one_of
from bothways.records.values import elements, is_blank, value_of

T = FieldType
Parsed = TypeVar("Parsed")
_TEXT_LIKE = (T.TEXT, T.EMAIL, T.PHONE, T.URL)
_EXACT = Context(prec=2000)
"""Digits enough for the longest number with the most decimals that a database keeps."""

_PADDED = re.compile(r"[+-]?0\d")


LONGEST_REASON = 300
"""Characters of a reason that are shown."""


class CannotCoerce(ValueError):
    """A value that the other field cannot hold; the message says why in words, and quotes at most its beginning."""

    def __init__(self, reason: str) -> None:
        shown = reason.replace("\0", "\ufffd")
        super().__init__(shown if len(shown) <= LONGEST_REASON else f"{shown[:LONGEST_REASON]}...")


class Coerced(NamedTuple):
    """The value for the other field, and in words what was lost on the way."""

    value: Value
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coercion:
    """One allowed pair of types, and what a mapping of it always loses ("" for nothing)."""

    source: FieldType
    target: FieldType
    loses: str = ""


def _table() -> dict[tuple[FieldType, FieldType], Coercion]:
    rows = [Coercion(kind, kind) for kind in T]
    rows += [Coercion(a, b) for a in _TEXT_LIKE for b in _TEXT_LIKE if a is not b]
    for kind in (T.NUMBER, T.BOOLEAN, T.DATE, T.DATETIME, T.CHOICE, T.REFERENCE):
        rows.append(Coercion(kind, T.TEXT))
        rows.append(Coercion(T.TEXT, kind))
    rows += [
        Coercion(T.DATETIME, T.DATE, "the time of day"),
        Coercion(T.DATE, T.DATETIME),
        Coercion(T.MULTI_CHOICE, T.TEXT),
        Coercion(T.TEXT, T.MULTI_CHOICE),
        Coercion(T.CHOICE, T.MULTI_CHOICE),
        Coercion(T.BOOLEAN, T.NUMBER),
        Coercion(T.JOINED, T.TEXT),
        Coercion(T.TEXT, T.JOINED),
        Coercion(T.NAMED, T.TEXT),
        Coercion(T.TEXT, T.NAMED),
        Coercion(T.NAMED, T.EMAIL),
        Coercion(T.EMAIL, T.NAMED),
        Coercion(T.BOOLEAN, T.CHOICE),
        Coercion(T.CHOICE, T.BOOLEAN),
    ]
    return {(row.source, row.target): row for row in rows}


COERCIONS = _table()


def coercion_between(source: FieldType, target: FieldType) -> Coercion | None:
    """Return the allowed coercion of one type into another, None where there is none."""
    return COERCIONS.get((source, target))


def coerce(value: Value, source: Field, target: Field) -> Coerced:
    """Return ``value`` of ``source`` as ``target`` can hold it.

    Blank becomes None. Raises CannotCoerce if the types do not go together or this value does not.
    """
    if coercion_between(source.type, target.type) is None:
        raise CannotCoerce(f"{source.type} cannot be turned into {target.type}")
    if is_blank(value):
        return Coerced(None)
    coerced = _CONVERT.get(target.type, _to_text)(value, source, target)
    if target.type in (T.CHOICE, T.MULTI_CHOICE) and target.options and coerced.value is not None:
        coerced = Coerced(_options(coerced.value, target), coerced.lost)
    return _within_length(coerced, source, target)


def _to_number(value: Value, source: Field, target: Field) -> Coerced:
    truth = parse_boolean(value) if source.type is T.BOOLEAN else None
    number = _demand(parse_number(value) if truth is None else Decimal(truth), value, "a number")
    lost = ["leading zeros"] if source.type is T.TEXT and _PADDED.match(text_of(value)) else []
    if target.precision is not None:
        kept = number.quantize(Decimal(1).scaleb(-int(target.precision)), ROUND_HALF_EVEN, _EXACT)
        if kept != number:
            lost.append(f"decimals beyond {int(target.precision)}")
            number = kept
    return Coerced(format(number, "f"), tuple(lost))


def _to_boolean(value: Value, source: Field, target: Field) -> Coerced:
    return Coerced(_demand(parse_boolean(value), value, "yes or no"))


def _to_date(value: Value, source: Field, target: Field) -> Coerced:
    written = source.type is T.TEXT  # a moment is the same in every zone, a day that somebody wrote is not
    parsed = parse_datetime(value, milliseconds=source.type is not T.TEXT, own_zone=written)
    moment = _demand(parsed, value, "a date")
    if is_midnight(moment):
        return Coerced(moment.date().isoformat())
    if source.type is T.DATE:
        raise CannotCoerce(f'"{text_of(value)}" is not a date')
    in_utc = _demand(parse_datetime(value), value, "a date")  # at the ends of the calendar there is none
    return Coerced(in_utc.date().isoformat(), ("the time of day",))


def _to_datetime(value: Value, source: Field, target: Field) -> Coerced:
    moment = _demand(parse_datetime(value, milliseconds=source.type is not T.TEXT), value, "a date and time")
    kept = floor(moment, target.precision)
    lost = () if kept == moment else (f"the time below {target.precision or 0.001:g} s",)
    return Coerced(_iso(kept), lost)


def _to_items(value: Value, source: Field, target: Field) -> Coerced:
    return Coerced([text for text in map(text_of, items_of(value)) if text] or None)


def _to_labelled(value: Value, source: Field, target: Field) -> Coerced:
    """Return each value with its label; what the target cannot hold is told and left where it is."""
    kept, lost = [], []
    for item in elements(value, source).values():
        try:
            one = coerce(value_of(item), one_of(source), one_of(target))
        except CannotCoerce as problem:
            lost.append(str(problem))
            continue
        kept.append({**item, "value": one.value} if isinstance(item, Mapping) else one.value)
        lost += one.lost
    if not kept:
        raise CannotCoerce(lost[0] if lost else f"{source.title} holds nothing")
    return Coerced(kept, tuple(lost))


def _to_joined(value: Value, source: Field, target: Field) -> Coerced:
    """Return both names, if it is sure which is which and each has room; else nothing is written."""
    if source.type is T.JOINED:
        return Coerced(value)
    names = _demand(split_name(text_of(value)), value, "surely a given and a family name")
    for name, part in zip(names, target.parts, strict=False):
        if lost := coerce(name, Field(""), part).lost:
            raise CannotCoerce(f"{part.title} would lose {', '.join(lost)}")
    return Coerced(list(names))


def _to_named(value: Value, source: Field, target: Field) -> Coerced:
    """Refuse a name: which record has it, only who knows all of them can tell (see ``engine.spec.project``)."""
    raise CannotCoerce(f'"{name_of(value)}" was not looked up among {target.refers_to}')


def _to_text(value: Value, source: Field, target: Field) -> Coerced:
    if source.type is T.NAMED:
        return Coerced(name_of(value) or None)
    if source.type is T.JOINED:
        return Coerced(joined(value) or None)
    if source.type is T.MULTI_CHOICE:
        return Coerced(";".join(sorted(text for text in map(text_of, items_of(value)) if text)) or None)
    if not isinstance(value, str) and isinstance(value, Mapping | Sequence):
        if source.type is target.type and target.multi_valued:
            return Coerced(value)
        raise CannotCoerce(f"{target.title} holds one value, not several")
    if source.type is T.BOOLEAN and (truth := parse_boolean(value)) is not None:
        return Coerced("true" if truth else "false")
    if source.type is T.NUMBER and "e" in text_of(value).lower() and (number := parse_number(value)) is not None:
        return Coerced(format(number, "f"))  # as databases write large numbers, and people do not
    if source.type is T.DATETIME and (moment := parse_datetime(value)) is not None:
        return Coerced(_iso(moment))
    text = value if isinstance(value, str) else text_of(value)
    return Coerced(text if target.type is T.TEXT else text.strip())  # blanks belong to no address and no number


_CONVERT: Mapping[FieldType, Callable[[Value, Field, Field], Coerced]] = {
    T.NUMBER: _to_number,
    T.BOOLEAN: _to_boolean,
    T.DATE: _to_date,
    T.DATETIME: _to_datetime,
    T.MULTI_CHOICE: _to_items,
    T.LABELLED: _to_labelled,
    T.JOINED: _to_joined,
    T.NAMED: _to_named,
}
"""How a value becomes one of the target's type; types that are not here hold text."""


def _within_length(coerced: Coerced, source: Field, target: Field) -> Coerced:
    """Return what there is room for: of a text its beginning; half a number, an address or a choice is another one."""
    value, limit = coerced.value, target.max_length
    if limit is None or not isinstance(value, str) or len(value) <= limit:
        return coerced
    value = value.strip()
    if len(value) <= limit:
        return Coerced(value, coerced.lost)
    may_be_cut = source.type in (T.TEXT, T.JOINED) or (source.type is T.NAMED and source.items is not T.EMAIL)
    if target.type is not T.TEXT or not may_be_cut:
        raise CannotCoerce(f'"{value}" is longer than the {limit} characters that {target.title} holds')
    return Coerced(value[:limit].rstrip(), (*coerced.lost, f"{len(value) - limit} characters beyond {limit}"))


def _options(value: Value, target: Field) -> Value:
    keys = {option.key for option in target.options}
    labels = _unambiguous((option.label, option.key) for option in target.options)
    in_other_letters = _unambiguous((key, key) for key in keys)

    def key_of(item: Value) -> str:
        text = text_of(item)
        folded = text.casefold()
        key = text if text in keys else labels.get(folded) or in_other_letters.get(folded)
        if key is None:
            raise CannotCoerce(f'"{text}" is not one of the choices of {target.title}')
        return key

    if isinstance(value, Sequence) and not isinstance(value, str):
        return [key_of(item) for item in value]
    return key_of(value)


def _unambiguous(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return keys by their names in whatever case, without the names that several share."""
    found = [(name.casefold(), key) for name, key in named if name]
    times = Counter(name for name, _ in found)
    return {name: key for name, key in found if times[name] == 1}


def _demand(parsed: Parsed | None, value: Value, wanted: str) -> Parsed:
    if parsed is None:
        raise CannotCoerce(f'"{text_of(value)}" is not {wanted}')
    return parsed


def _iso(moment: datetime) -> str:
    timespec = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
