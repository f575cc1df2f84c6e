"""A field that two programs change back and forth (row F5): the same is written there again and again."""

from bothways.engine.edits import across
from bothways.engine.field_state import FieldState
from bothways.engine.sides import Side
from bothways.records import Value, may_be_rewriting, same

REWRITING_LIMIT = 2
"""Writes of one value to one side, nothing third in between, when the app answers with a rewriting."""

UNRELATED_LIMIT = 4
"""The same when the values are unrelated: a person changing their mind looks like that, a robot goes on."""

FIGHT_WINDOW = 86_400.0
"""Seconds within which these writes must lie: people change their mind once a day, robots with every poll."""


def oscillates(state: FieldState, target: Side, value: Value, now: float) -> bool:
    """Tell whether ``value`` already went to ``target`` again and again of late with nothing third in between."""
    field, held = state.mapping.on(target), state.now[target]
    count = 0
    for write in reversed(state.landed):
        if write.at < now - FIGHT_WINDOW:
            break
        if write.side is target:
            if not same(write.value, field, value):
                break
            count += 1
        elif not (across(state, target, write.value, held) or across(state, target, write.value, value)):
            break
    related = may_be_rewriting(value, held, field) or may_be_rewriting(held, value, field)
    return count >= (REWRITING_LIMIT if related else UNRELATED_LIMIT)


def fighter(state: FieldState, side: Side) -> str:
    """Return the program that wrote what a side holds; "" if it is none, or may be ourselves: our own write stands."""
    told, field = state.told.get(side), state.mapping.on(side)
    if told is None:
        return ""
    ours = next((write.value for write in reversed(state.landed) if write.side is side), None)
    return "" if told.may_be_us and may_be_rewriting(ours, state.now[side], field) else told.by
