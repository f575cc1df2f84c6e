"""Plan one record: from what both sides hold, to one action with its reason and its field decisions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bothways.engine.amounts import with_currency
from bothways.engine.associations import NOT_YET, RULE, carried_over, decide_association
from bothways.engine.consent import is_opted_out, unreadable
from bothways.engine.countries import read_there
from bothways.engine.decided import Decided, carry_out, half_done
from bothways.engine.deletes import DONE, Removal, done_here, in_words, unless
from bothways.engine.field_state import FieldDecision, FieldState, Known, Landed, Merge, Told
from bothways.engine.fields import beyond_reach, decide_field, note_field
from bothways.engine.labels import labels_first, tied_by_labels
from bothways.engine.rules import because
from bothways.engine.scope import why_outside
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, Occasion, SyncSpec, When, project
from bothways.engine.table import ActionKind, Facts, decide_record
from bothways.engine.tags import tags_of, tags_taken_away
from bothways.records import CannotCoerce, LeftOut, Record, Value, goes_back, ids_of, is_blank, same

SET = "FS"
"""The rule of every constant that is written."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is known of a record and its partner.

    ``records`` are the fresh reads (None: nobody there); ``shadows`` are keyed by mapping, per side, and
    hold only what is known; ``landed`` are earlier writes of this link by mapping, oldest first. ``since``
    says since when (seconds) a side is known to hold what it holds, where that is known. ``decided`` is what a person
    has decided about fields that both sides changed, by mapping. ``told`` is what the apps' histories of single fields
    tell, by mapping, where they were asked. ``partners`` are, by mapping of an association, the
    records of the other side that the ids of each side are linked with. ``lone`` are, by the same, the ids that
    went away from a side, whose records are there still and have no partner now.
    """

    records: Mapping[Side, Record | None]
    shadows: Mapping[Side, Mapping[str, Known]] = field(default_factory=lambda: {side: {} for side in SIDES})
    landed: Mapping[str, Sequence[Landed]] = field(default_factory=dict)
    since: Mapping[Side, float] = field(default_factory=dict)
    decided: Mapping[str, Decided] = field(default_factory=dict)
    partners: Mapping[str, Mapping[Side, Mapping[str, str]]] = field(default_factory=dict)
    told: Mapping[str, Mapping[Side, Told]] = field(default_factory=dict)
    lone: Mapping[str, Mapping[Side, Collection[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """What to do with one record or pair, and why. ``fields`` has one decision per mapping looked at.

    ``kept``: this is an earlier hold met again, nothing new. ``carries``: the link that ends is one whose surviving
    record is to follow, after the grace. ``candidates`` are the records, each with its side,
    between which a person is to choose.
    """

    kind: ActionKind
    rule: str
    reason: str
    ids: Mapping[Side, str | None]
    side: Side | None = None
    fields: tuple[FieldDecision, ...] = ()
    kept: bool = False
    carries: bool = False
    candidates: tuple[tuple[Side, str], ...] = ()

    @property
    def writes(self) -> tuple[Side, ...]:
        """The sides that would be written to, left first."""
        if self.kind in (ActionKind.CREATE, ActionKind.DELETE):
            return (self.side,) if self.side else ()
        if self.kind not in (ActionKind.UPDATE, ActionKind.LINK, ActionKind.TAG):
            return ()
        return tuple(side for side in SIDES if any(decision.write is side for decision in self.fields))

    @property
    def holds(self) -> tuple[FieldDecision, ...]:
        """The fields that cannot be written."""
        return tuple(decision for decision in self.fields if decision.hold)


_AFTER_A_DELETION = ("R4d", "R4e", "R4w", "R9r")


def plan_linked(spec: SyncSpec, pair: Pair, facts: Facts, now: float) -> Action:
    """Return the action for a linked pair."""
    ids = {side: record.id if record else None for side, record in pair.records.items()}
    row = decide_record(facts)
    if row.action is ActionKind.UPDATE:
        return _update(spec, pair, ids, now)
    noted = _noted(spec, pair, now) if row.action is ActionKind.LEAVE_OUT else ()
    if row.rule == "R10" and (tags := tags_of(spec, Occasion.LEAVING, pair.records, facts.tags, facts.outside)):
        reason = _reason(spec, row.rule, facts, None)
        return Action(ActionKind.UPDATE, row.rule, reason, ids, fields=(*noted, *tags))
    carries = row.rule == "R4" and facts.carries
    return Action(row.action, row.rule, _reason(spec, row.rule, facts, None), ids, fields=noted, carries=carries)


def plan_unlinked(spec: SyncSpec, side: Side, pair: Pair, facts: Facts, now: float) -> Action:
    """Return the action for a record of ``side`` without a link; its partner, if matched, is in ``pair``."""
    record = pair.records[side]
    ids = {each: found.id if found else None for each, found in pair.records.items()}
    row = decide_record(facts)
    reason = _reason(spec, row.rule, facts, side)
    if row.rule == "R4d" and spec.deletes.of(side) is Removal.TAG:
        tags = tags_of(spec, Occasion.DELETED, pair.records, (side,), reason)
        kind, rule = (ActionKind.TAG, row.rule) if tags else (ActionKind.LEAVE_OUT, "R4")
        return Action(kind, rule, reason, ids, fields=tuple(tags))
    if row.rule in _AFTER_A_DELETION:
        return Action(row.action, row.rule, reason, ids, side if row.action is ActionKind.DELETE else None)
    if row.action is ActionKind.LINK:
        fields = _update(spec, pair, ids, now).fields
        return Action(ActionKind.LINK, row.rule, f"linked: {reason}", ids, fields=fields)
    if row.rule in ("R10", "R17"):
        return Action(row.action, row.rule, reason, {side: ids[side], side.other: None})
    if row.action in (ActionKind.CREATE, ActionKind.WAIT) and record is not None:
        return _create(spec, side, record, row.action, reason, pair.partners)
    candidates = tuple((each.side, each.id) for each in facts.match.candidates) if row.rule == "R7" else ()
    return Action(row.action, row.rule, reason, ids, candidates=candidates)


def _noted(spec: SyncSpec, pair: Pair, now: float) -> tuple[FieldDecision, ...]:
    """Return what is taken note of in a frozen pair: nothing is written, and no edit is forgotten."""
    values = _values(pair)
    noted = (note_field(spec, _state(mapping, values, pair), now) for mapping in spec.fields if not mapping.through)
    return tuple(decision for decision in noted if decision is not None)


def _values(pair: Pair) -> dict[Side, Mapping[str, Value]]:
    return {side: record.values if (record := pair.records[side]) else {} for side in SIDES}


def _update(spec: SyncSpec, pair: Pair, ids: Mapping[Side, str | None], now: float) -> Action:
    values = _values(pair)
    decisions = _decisions(spec, values, pair, now)
    more = tags_taken_away(spec, values, pair.shadows) if spec.tags else []
    writes = [decision for decision in (*decisions, *more) if decision.write]
    holds = [decision for decision in decisions if decision.hold]
    left_out = [decision for decision in decisions if decision.rule == "FV"]
    speaking = writes or holds or left_out or decisions
    kind = ActionKind.UPDATE if writes else ActionKind.HOLD if holds else ActionKind.NONE
    rule = speaking[0].rule if speaking else "F0"
    reason = speaking[0].reason if speaking else because("F0")
    return Action(kind, rule, reason, ids, fields=(*decisions, *more, *_set_with(spec, values, decisions)))


def _decisions(
    spec: SyncSpec, values: Mapping[Side, Mapping[str, Value]], pair: Pair, now: float
) -> tuple[FieldDecision, ...]:
    """Return what to do with each mapping, in their order."""
    found: dict[str, tuple[FieldDecision, ...]] = {}
    labelled = any(spec.labels.values())
    for mapping in labels_first(spec.fields) if labelled else spec.fields:
        state = _state(mapping, values, pair)
        if labelled and mapping.through and not mapping.is_label:
            labels = (each for decided in found.values() for each in decided)
            state = state._replace(tied=tied_by_labels(spec, mapping, values, labels))
        found[mapping.key] = _decide(spec, state, pair, now)
    return with_currency(spec, [each for mapping in spec.fields for each in found[mapping.key]])


def _decide(spec: SyncSpec, state: FieldState, pair: Pair, now: float) -> tuple[FieldDecision, ...]:
    """Let what a person has decided go before the field table. Void when half done, it is as at the first look."""
    decided = pair.decided.get(state.mapping.key)
    if decided is None:
        return (decide(spec, state, now),)
    if writes := carry_out(spec, state, decided):
        return writes
    if half_done(state.mapping, state.now, decided):
        state = state._replace(shadow=dict.fromkeys(SIDES))
    return (decide(spec, state, now),)


def decide(spec: SyncSpec, state: FieldState, now: float) -> FieldDecision:
    """Return what to do with one mapping of a linked pair: by the field table, or by row FA for an association."""
    return (decide_association if state.mapping.through else decide_field)(spec, state, now)


def _set_with(
    spec: SyncSpec, values: Mapping[Side, Mapping[str, Value]], decisions: Sequence[FieldDecision]
) -> list[FieldDecision]:
    """Return the constants that go with these writes, but those a side holds already or is further on than."""
    if not spec.constants:
        return []
    found = []
    written = {decision.write for decision in decisions if decision.write}
    for side in (side for side in SIDES if side in written):
        for each in spec.set_on(side, When.CREATED_OR_UPDATED):
            held = values[side].get(each.field.name)
            if not same(held, each.field, each.value) and not goes_back(held, each.value, each.field):
                found.append(FieldDecision(each.mapping, SET, because(SET), side, each.value, held, seen={}))
    return found


def without_lonely(fields: Sequence[FieldDecision]) -> tuple[FieldDecision, ...]:
    """Return field decisions without the constants that have no other write left to go with."""
    written = {decision.write for decision in fields if decision.rule != SET}
    return tuple(decision for decision in fields if decision.rule != SET or decision.write in written)


def _state(mapping: FieldMap, values: Mapping[Side, Mapping[str, Value]], pair: Pair) -> FieldState:
    key, mapping = mapping.key, read_there(mapping, values)
    now = {side: values[side].get(mapping.on(side).name) for side in SIDES}
    shadow = {side: pair.shadows[side].get(key) for side in SIDES}
    partners = pair.partners.get(key, {})
    landed, told = pair.landed.get(key, ()), pair.told.get(key, {})
    state = FieldState(mapping, now, shadow, landed, pair.since, _modified(pair), partners, told)
    return state._replace(lone=pair.lone.get(key, {}))


def _modified(pair: Pair) -> dict[Side, float]:
    return {side: each.modified for side, each in pair.records.items() if each and each.modified is not None}


def _create(
    spec: SyncSpec,
    side: Side,
    record: Record,
    kind: ActionKind,
    reason: str,
    partners: Mapping[str, Mapping[Side, Mapping[str, str]]] = MappingProxyType({}),
) -> Action:
    """Fill a new record on the other side: every mapping that may flow there and is not blank."""
    target = side.other
    decisions = []
    for each in spec.fields:
        mapping = read_there(each, {side: record.values})
        value = record.values.get(mapping.on(side).name)
        if message := unreadable(mapping, side, value):
            text = because("F6", app=spec.apps[target], message=message)
            decisions.append(FieldDecision(mapping, "F6", text, hold=text))
            continue
        if is_blank(value) or not spec.writes(mapping, target):
            if is_opted_out(mapping, side, value):
                decisions.append(_cannot_opt_out(spec, mapping, side))
            continue
        if mapping.through:
            decisions += _associate(mapping, value, target, reason, partners.get(mapping.key, {}).get(side, {}))
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
    decisions = list(with_currency(spec, decisions))
    ids = {side: record.id, target: None}
    if decisions and not any(decision.write for decision in decisions):
        return Action(ActionKind.HOLD, decisions[0].rule, decisions[0].reason, ids, None, tuple(decisions))
    waiting = next((decision for decision in decisions if decision.hold and decision.rule == RULE), None)
    if waiting is not None:
        return Action(ActionKind.HOLD, RULE, waiting.reason, ids, None, (waiting,))
    return Action(kind, "R8", reason, ids, target, (*decisions, *_set_new(spec, side, record, decisions)))


def _associate(
    mapping: FieldMap, value: Value, target: Side, reason: str, across: Mapping[str, str]
) -> list[FieldDecision]:
    """Return what a new record is associated with: what has a partner already. The rest waits until it has one."""
    ids, field = ids_of(value), mapping.on(target)
    found = carried_over(field.multi_valued, ids, across, primary_first=mapping.on(target.other).primary_first)
    if not found:
        text = because(RULE, message=NOT_YET)
        return [FieldDecision(mapping, RULE, text, hold=text)] if field.required else []
    seen = {target.other: Known([id for id in ids if id in across])}
    held = Merge({target.other: value}, [])
    to_write: Value = list(found) if field.multi_valued else found[0]
    return [FieldDecision(mapping, RULE, reason, target, to_write, seen=seen, merge=held)]


def _cannot_opt_out(spec: SyncSpec, mapping: FieldMap, side: Side) -> FieldDecision:
    """Report a new record of somebody who is opted out, where that may not be written with it (row FC)."""
    reason = beyond_reach(spec, side)
    return FieldDecision(mapping, "FC", reason, hold=reason)


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
        not mapping.through
        and spec.writes(mapping, side.other)
        and _carries(mapping, record.values.get(mapping.on(side).name), side.other)
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


def _follows(spec: SyncSpec, facts: Facts) -> str:
    """Say what becomes of the record whose partner was deleted."""
    side = next(each for each in SIDES if each not in facts.gone)
    done, grace = DONE[spec.deletes.of(side)], in_words(spec.deletes.grace)
    return f"{done} in {spec.apps[side]} after {grace}, {unless(spec.deletes.of(side))}"


def _reason(spec: SyncSpec, rule: str, facts: Facts, side: Side | None) -> str:
    apps = spec.apps
    gone = " and ".join(apps[each] for each in sorted(facts.gone))
    match rule:
        case "R4" if not facts.gone and facts.after_merge:
            return "its pair became one with another pair by a merge; it is not created again"
        case "R4" if not facts.gone:
            return "its partner was deleted; it is not created again"
        case "R4" | "R5":
            text = because(rule, app=gone) if rule == "R4" else because(rule)
            return f"{text}; {_follows(spec, facts)}" if rule == "R4" and facts.carries else text
        case "R4d" | "R4e" | "R4w" if side is not None:
            done = DONE[spec.deletes.of(side)] if rule == "R4w" else done_here(spec.deletes.of(side))
            message = facts.edited if rule == "R4e" else done
            return because(rule, app=apps[side.other], message=message)
        case "R9r" if side is not None:
            return because(rule, app=apps[side if facts.returned else side.other])
        case "R0" if side is not None and facts.converted:
            return facts.converted
        case "R0" if side is not None:
            return because(rule, app=apps[side.other]) + "; its pair became one with another pair"
        case "R0c":
            return facts.converted
        case "R17":
            return because(rule, reason=facts.unread or facts.claimed)
        case "R6" | "R7" | "R9":
            return because(rule, match=facts.match.reason)
        case "R8" if side is not None:
            text = because(rule, app=apps[side.other])
            return text if facts.settled else f"{text}; new, so it is not created before the create window is over"
        case "R10":
            if not facts.outside and not facts.listed:
                return because(rule, reason="it is new, and the lists of the filter were not read since it came")
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
