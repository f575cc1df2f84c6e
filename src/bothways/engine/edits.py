"""What counts as an edit of a field: another value than was last seen there, and no form of what we wrote."""

from bothways.engine.field_state import FieldState
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import SyncSpec, equal_across
from bothways.engine.unseen import has_only_the_beginning
from bothways.records import Value, is_blank, may_be_rewriting, same


def has_changed(state: FieldState, side: Side) -> bool:
    """Tell whether a side's value differs from its own shadow, or that shadow is unknown.

    Where only this side's shadow is unknown (its record was merged), a value that is what the other side was
    last seen to hold, or a rewriting of it, is the one they agreed on, and no change.
    """
    shadow, other = state.shadow[side], state.shadow[side.other]
    if shadow is None and other is None:
        return True
    field = state.mapping.on(side)
    if shadow is not None:
        return not same(state.now[side], field, shadow.value)
    assert other is not None
    if across(state, side, other.value, state.now[side]):
        return False
    return state.mapping.translated or not may_be_rewriting(other.value, state.now[side], field)


def is_own_rewriting(spec: SyncSpec, state: FieldState, side: Side, now: float) -> bool:
    """Tell whether a change is only the app's rewriting of our own recent write (row FN).

    What was seen in time is a rewriting also if it is decided late, when runs failed in between.
    """
    shadow = state.shadow[side]
    if shadow is None or shadow.own_write_at is None or not has_changed(state, side):
        return False
    recent = made_by(state, side, now) - shadow.own_write_at <= spec.own_write_window[side]
    return recent and may_be_rewriting(shadow.value, state.now[side], state.mapping.on(side))


def is_form_of_what_was_cleared(state: FieldState, side: Side) -> bool:
    """Tell whether a side holds what it held in another form, and the other side was cleared since: nobody means by a
    form to bring back what somebody else has cleared.
    """
    was, there = state.shadow[side], state.shadow[side.other]
    if was is None or there is None or is_blank(there.value) or not is_blank(state.now[side.other]):
        return False
    return may_be_rewriting(was.value, state.now[side], state.mapping.on(side))


def is_what_it_held(state: FieldState, source: Side) -> bool:
    """Tell whether the other side holds what ``source`` held, in whichever form, or we wrote one of the two."""
    was, there, held = state.shadow[source], state.shadow[source.other], state.now[source.other]
    if was is None:
        return False
    if any(known is not None and known.own_write_at is not None for known in (was, there)):
        return True
    if any(has_only_the_beginning(state, side) for side in SIDES):
        return True
    if across(state, source.other, was.value, held):
        return True
    return not state.mapping.translated and may_be_rewriting(was.value, held, state.mapping.on(source.other))


def made_by(state: FieldState, side: Side, now: float) -> float:
    """Return when a side came to hold what it holds, at the latest."""
    return min(state.since.get(side, now), now)


def across(state: FieldState, target: Side, other: Value, held: Value) -> bool:
    """Tell whether what ``target`` holds is what the other side holds, each as its app has it."""
    left, right = (held, other) if target is Side.LEFT else (other, held)
    return equal_across(state.mapping, left, right)
