"""Short ways to say what a field table sees: mappings, settings, states, and what is known after a decision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bothways.engine.field_state import FieldDecision, FieldState, Known, Landed
from bothways.engine.fields import decide_field
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, MatchRule, SyncSpec
from bothways.records import Field, Value

L, R = SIDES
APPS = {L: "Anna", R: "Bert"}
NOW = 10_000.0
WINDOW = 120.0
"""Seconds for which an app's rewriting of our own write is expected, in these tests."""

NAME = Field("name", label="Name")
PLAIN = FieldMap(NAME, NAME)
TO_RIGHT = FieldMap(NAME, NAME, Direction.TO_RIGHT)
TO_LEFT = FieldMap(NAME, NAME, Direction.TO_LEFT)


def spec(
    *fields: FieldMap, default: Side = L, sends: Sequence[Side] = SIDES, match: Sequence[MatchRule] = ()
) -> SyncSpec:
    """Return settings in which the sides in ``sends`` send."""
    return SyncSpec(
        APPS,
        fields or (PLAIN,),
        tuple(match),
        default,
        {side: side in sends for side in SIDES},
        dict.fromkeys(SIDES, WINDOW),
    )


def known(value: Value, own_write_at: float | None = None) -> Known:
    """Return a shadow."""
    return Known(value, own_write_at)


def state(
    now: tuple[Value, Value],
    seen: tuple[Value | Known, Value | Known] | None = None,
    mapping: FieldMap = PLAIN,
    landed: Sequence[tuple[Side, Value]] = (),
) -> FieldState:
    """Return a field's state, left first. ``seen`` None: the first link, both shadows unknown."""
    shadows: Mapping[Side, Known | None] = dict.fromkeys(SIDES)
    if seen is not None:
        shadows = {
            side: each if isinstance(each, Known) else Known(each) for side, each in zip(SIDES, seen, strict=True)
        }
    writes = [Landed(side, value) for side, value in landed]
    return FieldState(mapping, dict(zip(SIDES, now, strict=True)), shadows, writes)


def unknown(each: FieldState, side: Side) -> FieldState:
    """Return the state with the shadow of one side unknown, as after a merge there."""
    return each._replace(shadow={**each.shadow, side: None})


def decide(each: FieldState, settings: SyncSpec | None = None, now: float = NOW) -> FieldDecision:
    """Decide one field; without settings: two ways, Anna the default app."""
    return decide_field(settings or spec(each.mapping), each, now)


def result(decision: FieldDecision) -> tuple[str, Side | None, Value]:
    """Return the rule, the side written to and the value written."""
    return decision.rule, decision.write, decision.value


def carried_out(
    each: FieldState, decision: FieldDecision, now: float = NOW, stores: Callable[[Value], Value] = lambda value: value
) -> FieldState:
    """Return the state once a decision was carried out; ``stores`` is what the written app makes of the value."""
    held, shadow, landed = dict(each.now), {**each.shadow, **(decision.seen or {})}, list(each.landed)
    modified, told = dict(each.modified), dict(each.told)
    if decision.write:
        held[decision.write] = stores(decision.value)
        shadow[decision.write] = Known(held[decision.write], now)
        landed.append(Landed(decision.write, decision.value))
        modified |= {decision.write: now} if decision.write in modified else {}
        told.pop(decision.write, None)
    return each._replace(now=held, shadow=shadow, landed=landed, modified=modified, told=told)


def mirrored_map(mapping: FieldMap) -> FieldMap:
    """Return a mapping with its sides swapped."""
    turned = {
        Direction.BOTH: Direction.BOTH,
        Direction.TO_LEFT: Direction.TO_RIGHT,
        Direction.TO_RIGHT: Direction.TO_LEFT,
    }
    winner = mapping.winner.other if isinstance(mapping.winner, Side) else mapping.winner
    consent = (mapping.consent[1], mapping.consent[0]) if mapping.consent else None
    choices = (mapping.choices[1], mapping.choices[0]) if mapping.choices else None
    direction = turned[mapping.direction]
    return replace(
        mapping,
        left=mapping.right,
        right=mapping.left,
        direction=direction,
        winner=winner,
        choices=choices,
        consent=consent,
    )


def mirrored(each: FieldState) -> FieldState:
    """Return a field's state with its sides swapped."""
    return FieldState(
        mirrored_map(each.mapping),
        {side: each.now[side.other] for side in SIDES},
        {side: each.shadow[side.other] for side in SIDES},
        [Landed(write.side.other, write.value) for write in each.landed],
        modified={side.other: at for side, at in each.modified.items()},
    )


def mirrored_spec(settings: SyncSpec) -> SyncSpec:
    """Return settings with their sides swapped, the default app too."""
    return replace(
        settings,
        apps={side: settings.apps[side.other] for side in SIDES},
        fields=tuple(map(mirrored_map, settings.fields)),
        default=settings.default.other,
        sends={side: settings.sends[side.other] for side in SIDES},
        own_write_window={side: settings.own_write_window[side.other] for side in SIDES},
    )
