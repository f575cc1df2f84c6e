"""What one side has no room for, so that who edits there has never seen it: the rest of a text, the time of a day."""

from datetime import datetime

from bothways.engine.field_state import FieldState
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap, equal_across, project
from bothways.records import Coerced, FieldType, Value, coerce, text_of
from bothways.records.parse import is_midnight, parse_datetime


def has_only_the_beginning(state: FieldState, side: Side) -> bool:
    """Tell whether what a side was last seen to hold is the beginning of the text that the other side held then.

    It has no room for more, or had none when we wrote it.
    """
    part, whole, mapping = state.shadow[side], state.shadow[side.other], state.mapping
    if part is None or whole is None or {mapping.left.type, mapping.right.type} != {FieldType.TEXT}:
        return False
    beginning, text, room = text_of(part.value), text_of(whole.value), mapping.on(side).max_length
    if not beginning or len(text) <= len(beginning):
        return False
    if room is not None and len(text) > room:
        return equal_across(mapping, *(each.value for each in ((part, whole) if side is Side.LEFT else (whole, part))))
    written = next((text_of(each.value) for each in reversed(state.landed) if each.side is side), "")
    return written == beginning and text.startswith(beginning)


def project_over(mapping: FieldMap, value: Value, target: Side, held: Value) -> Coerced:
    """Return a value of the other side as ``target`` can hold it in place of what it holds; raise CannotCoerce.

    Of a moment only the day is replaced by a day: its time stays.
    """
    projected, field = project(mapping, value, target), mapping.on(target)
    if mapping.on(target.other).type is not FieldType.DATE or field.type is not FieldType.DATETIME:
        return projected
    day, moment = parse_datetime(projected.value), parse_datetime(held)
    if day is None or moment is None or not is_midnight(day):
        return projected
    return coerce(datetime.combine(day.date(), moment.timetz()).isoformat(), field, field)
