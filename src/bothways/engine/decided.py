"""Carry out what a person has decided about a field that both sides changed: the rows FD."""

from collections.abc import Mapping
from typing import NamedTuple

from bothways.engine.field_state import FieldDecision, FieldState, Known
from bothways.engine.rules import because
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.records import Value, is_blank, may_be_rewriting, same


class Decided(NamedTuple):
    """What a person decided: the values they saw, and the value for each side that is to hold another one.

    ``words`` is the decision as it is told.
    """

    seen: Mapping[Side, Value]
    values: Mapping[Side, Value]
    words: str


def carry_out(spec: SyncSpec, state: FieldState, decided: Decided | None) -> tuple[FieldDecision, ...]:
    """Return one write for each side that does not hold yet what was decided; none if the decision is void.

    It is void where a side holds anything but what the person saw or what was decided: an edit that they have not
    seen is never overwritten. It is void too where the field no longer flows both ways, or is one of consent.
    """
    if decided is None or not stands(state.mapping, state.now, decided) or not _may_be_asked(spec, state.mapping):
        return ()
    seen = {side: Known(state.now[side]) for side in SIDES}
    reason = because("FD", reason=decided.words)
    return tuple(
        FieldDecision(
            state.mapping, "FD", reason, side, value, state.now[side], not is_blank(state.now[side]), seen=seen
        )
        for side, value in decided.values.items()
        if not same(state.now[side], state.mapping.on(side), value)
        and _as_seen(state.mapping, side, state.now, decided)
    )


def half_done(mapping: FieldMap, held: Mapping[Side, Value], decided: Decided) -> bool:
    """Tell whether one side holds what was decided and another does not: no state that the two agreed on."""
    done = [_as_decided(mapping, side, held, decided) for side in decided.values]
    return any(done) and not all(done)


def stands(mapping: FieldMap, now: Mapping[Side, Value], decided: Decided) -> bool:
    """Tell whether both sides hold what the person saw, or what they decided."""
    return all(_as_seen(mapping, side, now, decided) or _as_decided(mapping, side, now, decided) for side in SIDES)


def _may_be_asked(spec: SyncSpec, mapping: FieldMap) -> bool:
    return mapping.consent is None and all(spec.writes(mapping, side) for side in SIDES)


def _as_seen(mapping: FieldMap, side: Side, now: Mapping[Side, Value], decided: Decided) -> bool:
    return same(now[side], mapping.on(side), decided.seen.get(side))


def _as_decided(mapping: FieldMap, side: Side, now: Mapping[Side, Value], decided: Decided) -> bool:
    return side in decided.values and may_be_rewriting(decided.values[side], now[side], mapping.on(side))
