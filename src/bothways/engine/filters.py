"""Filters: which records of an app take part, as conditions on fields in groups of all, any and not.

Every operator stands once in ``OPERATORS``: the field types it can be asked of, the operand it takes, what
it asks and how it reads in words. Values are compared in their canonical forms, text in whatever case. A field
of several values fits if one of them does. A value that is not of its field's type (an app can hold "n/a" in
a number) fits nothing that asks for more or less.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from bothways.errors import OperandDoesNotFit, OperatorDoesNotFit, SettingsError
from bothways.records import Field, FieldType, Value, canonical, is_blank, text_of
from bothways.records.parse import parse_datetime, parse_number

DAY = timedelta(days=1)
LONGEST_AGO = 36_500
"""Days that "in the last" may reach back."""

MOST_OPERANDS, DEEPEST = 1000, 20
"""Values of one condition, and groups within groups: more is a mistake."""

GROUPS = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about one field. ``operand`` is as the settings have it; ``wanted`` is made of it to compare."""

    field: Field
    operator: str
    operand: Any
    wanted: Any


@dataclass(frozen=True, slots=True)
class InList:
    """Whether the record is in a list of its app, by the list's name."""

    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions and groups taken together: ``all`` of them, ``any`` of them, or ``not`` the only one."""

    kind: str
    parts: "tuple[Filter, ...]"


Filter = Condition | InList | Group


class Operator(NamedTuple):
    """One row of the table. ``operand`` makes what is compared with; ``holds`` asks; ``words`` reads it out."""

    types: frozenset[FieldType]
    operand: Callable[[Field, Any], Any]
    holds: Callable[[Condition, Value, float], bool]
    words: str


class _Wrong(Exception):
    """An operand is not what it must be: what was expected, and a hint. ``got``: the one of several that is not."""

    def __init__(self, expected: str, hint: str = "") -> None:
        super().__init__(expected)
        self.expected, self.hint, self.got = expected, hint, ""


class Span(NamedTuple):
    """The moments that an operand stands for: from ``start`` to before ``end``."""

    start: Any
    end: Any


# --- operands -----------------------------------------------------------------------------------------


def _one(field: Field, operand: Any) -> Hashable:
    """Return the form in which one operand is compared with values of the field."""
    match field.type:
        case FieldType.BOOLEAN:
            if not isinstance(operand, bool):
                raise _Wrong("true or false")
        case FieldType.NUMBER:
            return _number(field, operand)
        case FieldType.DATE | FieldType.DATETIME:
            return _span(field, operand)
        case FieldType.CHOICE | FieldType.MULTI_CHOICE if field.options:
            return _option(field, _text(field, operand))
        case _:
            _text(field, operand)
    forms = list(_forms(operand, field))
    if len(forms) != 1:
        raise _Wrong("one value")
    return forms[0]


def _text(field: Field, operand: Any) -> str:
    if not isinstance(operand, str) or is_blank(operand):
        hint = f'Put it in quotes: "{operand}".' if isinstance(operand, int | float) else ""
        raise _Wrong("text", hint)
    return operand


def _option(field: Field, text: str) -> Hashable:
    """Return a choice by its stored key or its label, in whatever case."""
    for names in ([option.key for option in field.options], [option.label for option in field.options]):
        for option, name in zip(field.options, names, strict=True):
            if name and name.casefold() == text.strip().casefold():
                return option.key.casefold()
    names = [option.label or option.key for option in field.options if not option.hidden]
    more = ", ..." if len(names) > 12 else ""
    raise _Wrong("one of its choices", f"There are: {', '.join(names[:12])}{more}.")


def _number(field: Field, operand: Any) -> Decimal:
    number = None if isinstance(operand, bool | str) else parse_number(operand)
    if number is None:
        raise _Wrong("a number")
    return number


def _span(field: Field, operand: Any) -> Span:
    """Return the day or the moment that a date stands for; days begin in UTC."""
    day = _day(operand)
    if day is not None and day < date.max and field.type is FieldType.DATE:
        return Span(day, day + DAY)
    if day is not None and day < date.max:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return Span(start, start + DAY)
    readable = isinstance(operand, str) and parse_datetime(operand, milliseconds=False) is not None
    if day is not None or not readable or field.type is FieldType.DATE:
        example = "a date such as 2026-01-31"
        raise _Wrong(example if field.type is FieldType.DATE else f"{example}, or a time such as 2026-01-31T09:00:00Z")
    moment = canonical(operand, field)
    return Span(moment, moment)


def _day(operand: Any) -> date | None:
    try:
        return date.fromisoformat(operand.strip()) if isinstance(operand, str) else None
    except ValueError:
        return None


def _several(field: Field, operand: Any) -> frozenset[Hashable]:
    if not _is_list(operand) or not 0 < len(operand) <= MOST_OPERANDS:
        raise _Wrong(f"a list of 1 to {MOST_OPERANDS} values")
    return frozenset(_each(_one, field, each) for each in operand)


def _each(make: Callable[[Field, Any], Any], field: Field, operand: Any) -> Any:
    """Make one of several operands; what is wrong with it is told of it alone."""
    try:
        return make(field, operand)
    except _Wrong as wrong:
        wrong.got = _shown(operand)
        raise


def _two(field: Field, operand: Any) -> tuple[Any, Any]:
    if not _is_list(operand) or len(operand) != 2:
        raise _Wrong("a list of two values, the smaller one first")
    low, high = (_each(_ordered, field, each) for each in operand)
    if low > high:
        raise _Wrong("a list of two values, the smaller one first")
    return low, high


def _ordered(field: Field, operand: Any) -> Any:
    return _number(field, operand) if field.type is FieldType.NUMBER else _span(field, operand)


def _piece(field: Field, operand: Any) -> str:
    text = text_of(_text(field, operand)).casefold()
    if field.type is FieldType.PHONE:
        text = "".join(sign for sign in text if sign.isalnum() or sign == "+")
        if not text:
            raise _Wrong("digits of a number")
    return text


def _days(field: Field, operand: Any) -> timedelta:
    if isinstance(operand, bool) or not isinstance(operand, int) or not 0 < operand <= LONGEST_AGO:
        raise _Wrong(f"a whole number of days from 1 to {LONGEST_AGO}")
    return timedelta(days=operand)


def _truth(field: Field, operand: Any) -> bool:
    if operand is not True:
        raise _Wrong("true", "What is asked otherwise is known: true, or unknown: true.")
    return True


def _is_list(operand: Any) -> bool:
    return isinstance(operand, Sequence) and not isinstance(operand, str)


# --- what is asked ------------------------------------------------------------------------------------


def _forms(value: Value, field: Field) -> Iterator[Hashable]:
    """Yield the canonical forms of a value, of each one where there are several; text in one case."""
    form = canonical(value, field)
    for each in form if isinstance(form, frozenset) else (form,):
        if each is not None:
            yield _folded(each)


def _folded(form: Hashable) -> Hashable:
    if isinstance(form, str):
        return form.casefold()
    return tuple(_folded(each) for each in form) if isinstance(form, tuple) else form


def _flat(value: Value, field: Field) -> Iterator[Any]:
    """Yield the forms of every single value: a field of several, of a type that has one, is a list of them."""
    if field.type not in _SETS and isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from _forms(each, field)
    else:
        yield from _forms(value, field)


def _is(condition: Condition, value: Value, now: float) -> bool:
    return any(_equal(form, condition.wanted) for form in _flat(value, condition.field))


def _in(condition: Condition, value: Value, now: float) -> bool:
    forms = list(_flat(value, condition.field))
    return any(_equal(form, wanted) for form in forms for wanted in condition.wanted if isinstance(wanted, Span)) or (
        not condition.wanted.isdisjoint(forms)
    )


def _equal(form: Hashable, wanted: Any) -> bool:
    if isinstance(wanted, Span):
        return _is_moment(form) and wanted.start <= form and (form < wanted.end or form == wanted.start)
    return bool(form == wanted)


def _is_moment(form: Any) -> bool:
    return isinstance(form, date)


def _contains(condition: Condition, value: Value, now: float) -> bool:
    return any(condition.wanted in text for text in _texts(value, condition.field))


def _starts(condition: Condition, value: Value, now: float) -> bool:
    return any(text.startswith(condition.wanted) for text in _texts(value, condition.field))


def _texts(value: Value, field: Field) -> Iterator[str]:
    """Yield values as text: a phone number as E.164 where a country is known, else its digits."""
    for form in _flat(value, field):
        yield str(form[1] if isinstance(form, tuple) else form)


def _greater(condition: Condition, value: Value, now: float) -> bool:
    return any(isinstance(form, Decimal) and form > condition.wanted for form in _flat(value, condition.field))


def _less(condition: Condition, value: Value, now: float) -> bool:
    return any(isinstance(form, Decimal) and form < condition.wanted for form in _flat(value, condition.field))


def _before(condition: Condition, value: Value, now: float) -> bool:
    return any(_is_moment(form) and form < condition.wanted.start for form in _flat(value, condition.field))


def _after(condition: Condition, value: Value, now: float) -> bool:
    start, end = condition.wanted
    return any(_is_moment(form) and form >= end and form != start for form in _flat(value, condition.field))


def _between(condition: Condition, value: Value, now: float) -> bool:
    """Both ends belong to it; a day does with all its hours."""
    low, high = condition.wanted
    for form in _flat(value, condition.field):
        if isinstance(form, Decimal) and isinstance(low, Decimal) and low <= form <= high:
            return True
        if _is_moment(form) and isinstance(low, Span) and low.start <= form and (form < high[1] or form == high[0]):
            return True
    return False


def _lately(condition: Condition, value: Value, now: float) -> bool:
    """A day within so many days up to today in UTC, or a moment within so many times 24 hours; nothing to come."""
    moment = datetime.fromtimestamp(now, UTC)
    latest: date = moment.date() if condition.field.type is FieldType.DATE else moment
    return any(
        _is_moment(form) and latest - condition.wanted <= form <= latest for form in _flat(value, condition.field)
    )


# --- the table ----------------------------------------------------------------------------------------

_SETS = frozenset({FieldType.MULTI_CHOICE, FieldType.LABELLED})
_EVERY = frozenset(FieldType)
_DATES = frozenset({FieldType.DATE, FieldType.DATETIME})
_ORDERED = _DATES | {FieldType.NUMBER}
_WRITTEN = _EVERY - _ORDERED - {FieldType.BOOLEAN, FieldType.CHOICE, FieldType.MULTI_CHOICE}
"""Types whose values are read as text, piece by piece."""

OPERATORS: Mapping[str, Operator] = {
    "is": Operator(_EVERY, _one, _is, "{field} is {operand}"),
    "is_not": Operator(_EVERY, _one, lambda *asked: not _is(*asked), "{field} is not {operand}"),
    "in": Operator(_EVERY - {FieldType.BOOLEAN}, _several, _in, "{field} is {operand}"),
    "contains": Operator(_WRITTEN, _piece, _contains, "{field} contains {operand}"),
    "starts_with": Operator(_WRITTEN, _piece, _starts, "{field} starts with {operand}"),
    "known": Operator(_EVERY, _truth, lambda asked, value, now: not is_blank(value), "{field} is known"),
    "unknown": Operator(_EVERY, _truth, lambda asked, value, now: is_blank(value), "{field} is unknown"),
    "greater": Operator(frozenset({FieldType.NUMBER}), _number, _greater, "{field} is greater than {operand}"),
    "less": Operator(frozenset({FieldType.NUMBER}), _number, _less, "{field} is less than {operand}"),
    "between": Operator(_ORDERED, _two, _between, "{field} is between {operand}"),
    "before": Operator(_DATES, _span, _before, "{field} is before {operand}"),
    "after": Operator(_DATES, _span, _after, "{field} is after {operand}"),
    "in_last_days": Operator(_DATES, _days, _lately, "{field} is in the last {operand} days"),
}


def condition(field: Field, operator: str, operand: Any, where: str = "") -> Condition:
    """Return a condition; raise OperatorDoesNotFit or OperandDoesNotFit, at ``where``, if it makes no sense.

    ``operand`` is plain data: text, a number, true or false, or a list of them; dates are ISO 8601 text.
    """
    known = OPERATORS.get(operator)
    facts = {"operator": operator, "field": field.name, "type": str(field.type)}
    if known is None or field.type not in known.types:
        raise OperatorDoesNotFit(where=where, allowed=", ".join(operators_of(field)), **facts)
    try:
        return Condition(field, operator, operand, known.operand(field, operand))
    except _Wrong as wrong:
        raise OperandDoesNotFit(
            where=where, expected=wrong.expected, got=wrong.got or _shown(operand), hint=wrong.hint, **facts
        ) from None


def operators_of(field: Field) -> list[str]:
    """Return the operators that can be asked of a field."""
    return [name for name, operator in OPERATORS.items() if field.type in operator.types]


def group(kind: str, parts: Collection[Filter], where: str = "") -> Group:
    """Return a group; raise SettingsError if it holds nothing, or ``not`` more than one."""
    if kind not in GROUPS or not parts or (kind == "not" and len(parts) != 1):
        raise SettingsError(where=where, reason=f'"{kind}" holds no condition, or one that cannot be taken so')
    return Group(kind, tuple(parts))


def matches(filter: Filter, values: Mapping[str, Value], memberships: Collection[str], now: float) -> bool:
    """Tell whether a record fits: its values by field name, the lists it is in by name, the time in seconds."""
    match filter:
        case Group("all", parts):
            return all(matches(part, values, memberships, now) for part in parts)
        case Group("any", parts):
            return any(matches(part, values, memberships, now) for part in parts)
        case Group(_, parts):
            return not matches(parts[0], values, memberships, now)
        case InList(name):
            return name.casefold() in {each.casefold() for each in memberships}
        case _:
            return OPERATORS[filter.operator].holds(filter, values.get(filter.field.name), now)


def conditions(filter: Filter) -> Iterator[Condition | InList]:
    """Yield every condition of a filter."""
    if isinstance(filter, Group):
        for part in filter.parts:
            yield from conditions(part)
    else:
        yield filter


def fields_of(filter: Filter) -> set[str]:
    """Return the names of the fields that a filter looks at."""
    return {each.field.name for each in conditions(filter) if isinstance(each, Condition)}


def lists_of(filter: Filter) -> set[str]:
    """Return the names of the app's lists that a filter looks at, in small letters."""
    return {each.name.casefold() for each in conditions(filter) if isinstance(each, InList)}


def depends_on_time(filter: Filter) -> bool:
    """Tell whether a record can begin or cease to fit with nothing of it changing."""
    return any(isinstance(each, Condition) and each.operator == "in_last_days" for each in conditions(filter))


# --- in words -----------------------------------------------------------------------------------------


def in_words(filter: Filter) -> str:
    """Return a filter as people read it, such as ``Country is DE or FR, and Score is greater than 5``."""
    match filter:
        case Group("not", parts):
            return f"not ({in_words(parts[0])})"
        case Group(kind, parts):
            joint = ", and " if kind == "all" else ", or "
            return joint.join(f"({in_words(part)})" if _mixed(kind, part) else in_words(part) for part in parts)
        case InList(name):
            return f"in the list {name}"
        case _:
            operator = OPERATORS[filter.operator]
            joint = " and " if filter.operator == "between" else " or "
            operands = filter.operand if _is_list(filter.operand) else [filter.operand]
            said = joint.join(_said(filter.field, each) for each in operands)
            return operator.words.format(field=filter.field.title, operand=said)


def _mixed(kind: str, part: Filter) -> bool:
    return isinstance(part, Group) and part.kind not in (kind, "not") and len(part.parts) > 1


def _said(field: Field, operand: Any) -> str:
    if isinstance(operand, bool):
        return "yes" if operand else "no"
    chosen = (option.label for option in field.options if option.key.casefold() == str(operand).casefold())
    return next(chosen, "") or str(operand)


def _shown(operand: Any) -> str:
    if operand is None:
        return "empty"
    if isinstance(operand, bool):
        return "true" if operand else "false"
    if isinstance(operand, str):
        return f'the text "{operand}"'
    return str(operand) if isinstance(operand, int | float) else "a list" if _is_list(operand) else "something else"
