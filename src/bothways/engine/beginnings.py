"""Texts of which one side has room for the beginning alone: who edits that has never seen the rest."""

from collections.abc import Mapping

from bothways.engine.field_state import Known
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap, project
from bothways.records import CannotCoerce, FieldType, same, text_of


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
