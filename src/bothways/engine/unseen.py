"""What one side has no room for, so that who edits there has never seen it: the rest of a text, the time of a day."""

from collections.abc import Mapping
from datetime import datetime

from bothways.engine.field_state import Known
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap, project
from bothways.records import CannotCoerce, Coerced, FieldType, Value, coerce, same, text_of
from bothways.records.parse import parse_datetime


def has_only_the_beginning(mapping: FieldMap, side: Side, shadow: Mapping[Side, Known | None]) -> bool:
    """Tell whether what a side was last seen to hold is the beginning of the text that the other side held then."""
    part, whole, room = shadow[side], shadow[side.other], mapping.on(side).max_length
    if room is None or part is None or whole is None or mapping.on(side.other).type is not FieldType.TEXT:
        return False
    if len(text_of(whole.value)) <= room:
        return False
    try:
        cut = project(mapping, whole.value, side)
    except CannotCoerce:
        return False
    return same(cut.value, mapping.on(side), part.value)


def project_over(mapping: FieldMap, value: Value, target: Side, held: Value) -> Coerced:
    """Return a value of the other side as ``target`` can hold it in place of what it holds; raise CannotCoerce.

    Of a moment only the day is replaced by a day: its time stays.
    """
    projected, field = project(mapping, value, target), mapping.on(target)
    if mapping.on(target.other).type is not FieldType.DATE or field.type is not FieldType.DATETIME:
        return projected
    day, moment = parse_datetime(projected.value), parse_datetime(held)
    if day is None or moment is None:
        return projected
    return coerce(datetime.combine(day.date(), moment.timetz()).isoformat(), field, field)
