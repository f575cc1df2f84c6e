"""Plan one record: from what both sides hold, to one action with its reason and its field decisions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bothways.engine.fields import FieldDecision, FieldState, Known, Landed, decide_field, note_field
from bothways.engine.rules import because
from bothways.engine.scope import why_outside
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec, When, project
from bothways.engine.table import ActionKind, Facts, decide_record
from bothways.records import CannotCoerce, LeftOut, Record, Value, is_blank, same

SET = "FS"
"""The rule of every constant that is written."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is known of a record and its partner.

    ``records`` are the fresh reads (None: nobody there); ``shadows`` are keyed by mapping, per side, and
    hold only what is known; ``landed`` are earlier writes of this link by mapping, oldest first. ``since``
    says since when (seconds) a side is known to hold what it holds, where that is known.
    """

    records: Mapping[Side, Record | None]
    shadows: Mapping[Side, Mapping[str, Known]] = field(default_factory=lambda: {side: {} for side in SIDES})
    landed: Mapping[str, Sequence[Landed]] = field(default_factory=dict)
    since: Mapping[Side, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """What to do with one record or pair, and why. ``fields`` has one decision per mapping looked at.

    ``kept``: this is an earlier hold met again, nothing new. ``candidates`` are the records, each with its side,
    between which a person is to choose.
    """

    kind: ActionKind
    rule: str
    reason: str
    ids: Mapping[Side, str | None]
    side: Side | None = None
    fields: tuple[FieldDecision, ...] = ()
    kept: bool = False
    candidates: tuple[tuple[Side, str], ...] = ()

    @property
    def writes(self) -> tuple[Side, ...]:
        """The sides that would be written to, left first."""
        if self.kind is ActionKind.CREATE:
            return (self.side,) if self.side else ()
        if self.kind not in (ActionKind.UPDATE, ActionKind.LINK):
            return ()
        return tuple(side for side in SIDES if any(decision.write is side for decision in self.fields))

    @property
    def holds(self) -> tuple[FieldDecision, ...]:
        """The fields that cannot be written."""
        return tuple(decision for decision in self.fields if decision.hold)


def plan_linked(spec: SyncSpec, pair: Pair, facts: Facts, now: float) -> Action:
    """Return the action for a linked pair."""
    ids = {side: record.id if record else None for side, record in pair.records.items()}
    row = decide_record(facts)
    if row.action is ActionKind.UPDATE:
        return _update(spec, pair, ids, now)
    noted = _noted(spec, pair, now) if row.action is ActionKind.LEAVE_OUT else ()
    return Action(row.action, row.rule, _reason(spec, row.rule, facts, None), ids, fields=noted)


def plan_unlinked(spec: SyncSpec, side: Side, pair: Pair, facts: Facts, now: float) -> Action:
    """Return the action for a record of ``side`` without a link; its partner, if matched, is in ``pair``."""
    record = pair.records[side]
    ids = {each: found.id if found else None for each, found in pair.records.items()}
    row = decide_record(facts)
    reason = _reason(spec, row.rule, facts, side)
    if row.action is ActionKind.LINK:
        fields = _update(spec, pair, ids, now).fields
        return Action(ActionKind.LINK, row.rule, f"linked: {reason}", ids, fields=fields)
    if row.action in (ActionKind.CREATE, ActionKind.WAIT) and record is not None:
        return _create(spec, side, record, row.action, reason)
    candidates = tuple((each.side, each.id) for each in facts.match.candidates) if row.rule == "R7" else ()
    of = {side: ids[side], side.other: None} if row.rule == "R10" else ids
    return Action(row.action, row.rule, reason, of, candidates=candidates)


def _noted(spec: SyncSpec, pair: Pair, now: float) -> tuple[FieldDecision, ...]:
    """Return what is taken note of in a frozen pair: nothing is written, and no edit is forgotten."""
    values = _values(pair)
    noted = (note_field(spec, _state(mapping, values, pair), now) for mapping in spec.fields)
    return tuple(decision for decision in noted if decision is not None)


def _values(pair: Pair) -> dict[Side, Mapping[str, Value]]:
    return {side: record.values if (record := pair.records[side]) else {} for side in SIDES}


def _update(spec: SyncSpec, pair: Pair, ids: Mapping[Side, str | None], now: float) -> Action:
    values = _values(pair)
    decisions = tuple([decide_field(spec, _state(mapping, values, pair), now) for mapping in spec.fields])
    writes = [decision for decision in decisions if decision.write]
    holds = [decision for decision in decisions if decision.hold]
    speaking = writes or holds or decisions
    kind = ActionKind.UPDATE if writes else ActionKind.HOLD if holds else ActionKind.NONE
    rule = speaking[0].rule if speaking else "F0"
    reason = speaking[0].reason if speaking else because("F0")
    return Action(kind, rule, reason, ids, fields=(*decisions, *_set_with(spec, values, decisions)))


def _set_with(
    spec: SyncSpec, values: Mapping[Side, Mapping[str, Value]], decisions: Sequence[FieldDecision]
) -> list[FieldDecision]:
    """Return the constants that go with these writes; what a side holds already is not written again."""
    if not spec.constants:
        return []
    found = []
    written = {decision.write for decision in decisions if decision.write}
    for side in (side for side in SIDES if side in written):
        for each in spec.set_on(side, When.CREATED_OR_UPDATED):
            held = values[side].get(each.field.name)
            if not same(held, each.field, each.value):
                found.append(FieldDecision(each.mapping, SET, because(SET), side, each.value, held, seen={}))
    return found


def without_lonely(fields: Sequence[FieldDecision]) -> tuple[FieldDecision, ...]:
    """Return field decisions without the constants that have no other write left to go with."""
    written = {decision.write for decision in fields if decision.rule != SET}
    return tuple(decision for decision in fields if decision.rule != SET or decision.write in written)


def _state(mapping: FieldMap, values: Mapping[Side, Mapping[str, Value]], pair: Pair) -> FieldState:
    key = mapping.key
    now = {side: values[side].get(mapping.on(side).name) for side in SIDES}
    shadow = {side: pair.shadows[side].get(key) for side in SIDES}
    return FieldState(mapping, now, shadow, pair.landed.get(key, ()), pair.since)


def _create(spec: SyncSpec, side: Side, record: Record, kind: ActionKind, reason: str) -> Action:
    """Fill a new record on the other side: every mapping that may flow there and is not blank."""
    target = side.other
    decisions = []
    for mapping in spec.fields:
        value = record.values.get(mapping.on(side).name)
        if is_blank(value) or not spec.writes(mapping, target):
            continue
        seen = {side: Known(value)}
        try:
            projected = project(mapping, value, target)
        except LeftOut:
            continue
        except CannotCoerce as problem:
            text = because("F6", app=spec.apps[target], message=str(problem))
            decisions.append(FieldDecision(mapping, "F6", text, hold=text))
            continue
        decisions.append(FieldDecision(mapping, "R8", reason, target, projected.value, lost=projected.lost, seen=seen))
    ids = {side: record.id, target: None}
    if decisions and not any(decision.write for decision in decisions):
        return Action(ActionKind.HOLD, "F6", decisions[0].reason, ids, None, tuple(decisions))
    return Action(kind, "R8", reason, ids, target, (*decisions, *_set_new(spec, side, record, decisions)))


def _set_new(spec: SyncSpec, side: Side, record: Record, decisions: Sequence[FieldDecision]) -> list[FieldDecision]:
    """Return the constants of a new record; a mapped field gets its own where the other side has no value for it."""
    target = side.other
    if not spec.constants:
        return []
    looked_at = {decision.mapping.on(target).name for decision in decisions}
    mapped = {mapping.on(target).name: mapping for mapping in spec.fields}
    found = []
    for each in spec.set_on(target, *When):
        if each.field.name not in looked_at:
            mapping = mapped.get(each.field.name, each.mapping)
            seen = {side: Known(record.values.get(mapping.on(side).name))} if mapping is not each.mapping else {}
            found.append(FieldDecision(mapping, SET, because(SET), target, each.value, seen=seen))
    return found


def has_anything(spec: SyncSpec, side: Side, record: Record) -> bool:
    """Tell whether a record holds any value that could be written to the other side."""
    return any(
        spec.writes(mapping, side.other) and _carries(mapping, record.values.get(mapping.on(side).name), side.other)
        for mapping in spec.fields
    )


def _carries(mapping: FieldMap, value: Value, target: Side) -> bool:
    """Tell whether a value is there and is not left out on its way; one that cannot be held is to be told."""
    if is_blank(value):
        return False
    try:
        if mapping.choices is not None:
            project(mapping, value, target)
    except LeftOut:
        return False
    except CannotCoerce:
        return True
    return True


def misfit(spec: SyncSpec, side: Side, record: Record, now: float, lists: Collection[str] = ()) -> str:
    """Return why the record made in the other app of one of ``side`` would be outside that app's filter, or ""."""
    target = side.other
    if target not in spec.scope.filters:
        return ""
    made = _create(spec, side, record, ActionKind.CREATE, "")
    values = {each.mapping.on(target).name: each.value for each in made.fields if each.write}
    outside = why_outside(spec.scope, spec.apps, {side: record.values, target: values}, now, lists={side: lists})
    return f"a new record would be {outside}" if outside else ""


def _reason(spec: SyncSpec, rule: str, facts: Facts, side: Side | None) -> str:
    apps = spec.apps
    gone = " and ".join(apps[each] for each in sorted(facts.gone))
    match rule:
        case "R4" if not facts.gone:
            return "its partner was deleted; it is not created again"
        case "R4" | "R5":
            return because(rule, app=gone) if rule == "R4" else because(rule)
        case "R6" | "R7" | "R9":
            return because(rule, match=facts.match.reason)
        case "R8" if side is not None:
            text = because(rule, app=apps[side.other])
            return text if facts.settled else f"{text}; new, so it is not created before the create window is over"
        case "R10":
            parted = "its link ended when it did not take part; it is not created again"
            return because(rule, reason=facts.outside or (parted if facts.parted else facts.misfit))
        case "R13" if facts.problem:
            return f"cannot be read: {facts.problem}"
        case "R13":
            return "none of its mapped fields holds a value"
        case "F2'" if side is not None:
            return f"{apps[side]} sends nothing"
        case _:
            return because(rule)
