"""Turning a value of one field into what another field can hold, saying what is lost.

The table lists every allowed pair of types. What is not in it cannot be mapped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bothways.records.record import Value
from bothways.records.types import Field, FieldType
from bothways.records.values import (
    _items,
    _text,
    is_blank,
    parse_boolean,
    parse_date,
    parse_datetime,
    parse_number,
)

T = FieldType
_TEXT_LIKE = (T.TEXT, T.EMAIL, T.PHONE, T.URL)


class CannotCoerce(ValueError):
    """A value that the other field cannot hold; the message says why in words."""


@dataclass(frozen=True, slots=True)
class Coerced:
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
    converted = _convert(value, source, target)
    return _fit(converted, source, target)


def _convert(value: Value, source: Field, target: Field) -> Value:
    text = _text(value) if isinstance(value, str | bool | int | float) else ""
    match target.type:
        case T.NUMBER:
            truth = parse_boolean(value) if source.type is T.BOOLEAN else None
            number = parse_number(int(truth)) if truth is not None else parse_number(value)
            return format(_demand(number, text, "a number"), "f")
        case T.BOOLEAN:
            return bool(_demand(parse_boolean(value), text, "yes or no"))
        case T.DATE:
            return str(_demand(parse_date(value), text, "a date"))
        case T.DATETIME:
            return _iso(_demand(parse_datetime(value), text, "a date and time"))
        case T.MULTI_CHOICE:
            return [_text(item) for item in _items(value) if not is_blank(item)]
        case T.LABELLED:
            return value
        case _ if source.type is T.MULTI_CHOICE:
            return ";".join(sorted(_text(item) for item in _items(value) if not is_blank(item)))
        case _ if source.type is T.BOOLEAN:
            return "true" if parse_boolean(value) else "false"
        case _:
            return value if isinstance(value, str) else text


def _fit(value: Value, source: Field, target: Field) -> Coerced:
    lost: list[str] = []
    if source.type is T.DATETIME and target.type is T.DATE:
        lost.append("the time of day")
    if target.type in (T.CHOICE, T.MULTI_CHOICE) and target.options:
        value = _options(value, target)
    if isinstance(value, str) and target.max_length is not None and len(value) > target.max_length:
        lost.append(f"{len(value) - target.max_length} characters beyond {target.max_length}")
        value = value[: target.max_length].rstrip()
    return Coerced(value, tuple(lost))


def _options(value: Value, target: Field) -> Value:
    keys = {option.key: option.key for option in target.options}
    labels = {option.label.casefold(): option.key for option in target.options if option.label}
    many = isinstance(value, Sequence) and not isinstance(value, str)
    found: list[Value] = []
    for item in value if many else (value,):  # type: ignore[union-attr]
        text = _text(item)
        key = keys.get(text) or labels.get(text.casefold())
        if key is None:
            raise CannotCoerce(f'"{text}" is not one of the choices of {target.title}')
        found.append(key)
    return found if many else found[0]


def _demand(parsed: object, text: str, wanted: str) -> object:
    if parsed is None:
        raise CannotCoerce(f'"{text}" is not {wanted}')
    return parsed


def _iso(moment: object) -> str:
    return str(moment.isoformat(timespec="milliseconds")).replace("+00:00", "Z")  # type: ignore[attr-defined]
