"""What fields say of consent: whether somebody is opted out, on whichever side and in whichever words."""

from collections.abc import Mapping

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap
from bothways.records import CannotCoerce, Value, is_blank, parse_boolean, text_of

OPTED_OUT = "optOut"
"""The meaning of fields in which a yes says that somebody is opted out."""


def is_opted_out(mapping: FieldMap, side: Side, value: Value) -> bool | None:
    """Tell whether a value of one side says opted out; None if it says nothing, or the field is none of consent."""
    truth = parse_boolean(value)
    if mapping.consent is None or truth is None:
        return None
    return truth is mapping.consent[SIDES.index(side)]


def unreadable(mapping: FieldMap, side: Side, value: Value) -> str:
    """Say that a value of one side is neither yes nor no, "" if it is, or the field is none of consent.

    It may say opted out, in words of its app.
    """
    if mapping.consent is None or is_blank(value) or is_opted_out(mapping, side, value) is not None:
        return ""
    return str(CannotCoerce(f'"{text_of(value)}" is not yes or no, and may say opted out'))


def opted_out_side(mapping: FieldMap, now: Mapping[Side, Value]) -> Side | None:
    """Return the side that says opted out where the other does not; None if both do, or none does."""
    out = [side for side in SIDES if is_opted_out(mapping, side, now[side])]
    return out[0] if len(out) == 1 else None


def opts_in(mapping: FieldMap, side: Side, before: Value, after: Value) -> bool:
    """Tell whether putting ``after`` in place of ``before`` takes an opting out away."""
    return is_opted_out(mapping, side, before) is True and is_opted_out(mapping, side, after) is not True
