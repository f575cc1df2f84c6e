"""Row FA: the associations of a linked pair, which are the ids of other records, merged as a set.

Each side holds ids of its own app. What is the same record is told by the links of another sync, the one of the records
that are referred to. Each side is compared with its own shadow, which holds only what the other side has, or was told
of, already: an id whose record has no partner yet is kept out of it, so that it still counts as new when the partner
comes. What came on one side is added on the other; what was in a shadow and is gone now is taken away there. Of fields
with several ids the first may be the primary one (``Field.primary_first``): it is what a field with one id is given,
and such a field never takes away any other.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bothways.engine.field_state import FieldDecision, FieldState, Known, Merge
from bothways.engine.fights import FIGHT_WINDOW, UNRELATED_LIMIT
from bothways.engine.rules import because
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.records import Value, ids_of, same

RULE = "FA"
NOT_YET = "what it belongs to is not linked yet"

Ids = tuple[str, ...]


class _View(NamedTuple):
    """Both sides of one association: what they hold, held when last seen (None: unknown), and the partners of ids."""

    spec: SyncSpec
    state: FieldState
    held: Mapping[Side, Ids]
    shadow: Mapping[Side, Ids | None]

    def across(self, source: Side, id: str | None) -> str | None:
        """Return the partner of a record of ``source`` on the other side, None if it has none."""
        return None if id is None else self.state.partners.get(source, {}).get(id)

    def writable(self, side: Side) -> bool:
        return self.spec.writes(self.state.mapping, side)

    def several(self, side: Side) -> bool:
        return self.state.mapping.on(side).multi_valued

    def ordered(self, side: Side) -> bool:
        """Tell whether the first id of a side means more than the others."""
        return not self.several(side) or self.state.mapping.on(side).primary_first

    def winner(self) -> Side:
        """Return the app whose primary one wins: the default app where none is named, as with "newest" and "ask"."""
        winner = self.spec.winner(self.state.mapping)
        return winner if isinstance(winner, Side) else self.spec.default

    def agreed(self, side: Side) -> Ids:
        """Return what the other side has of a side, or was told of: nothing, where it was merged and is not known."""
        return () if self.shadow[side.other] is None else self.shadow[side] or ()

    def new(self, side: Side) -> Ids:
        """Return what came on a side since it was last seen."""
        return tuple(id for id in self.held[side] if id not in self.agreed(side))

    def gone(self, side: Side) -> Ids:
        """Return what went away on a side since it was last seen."""
        return tuple(id for id in self.shadow[side] or () if id not in self.held[side])

    def tied(self, side: Side) -> Mapping[str, str]:
        """Return which ids stay on a side, since a label hangs on them."""
        return self.state.tied.get(side, {})

    def unheard(self, side: Side) -> dict[str, str]:
        """Return what went away on a side and stays on the other one, with the labels for which it does."""
        tied = self.tied(side.other) if self.writable(side.other) else {}
        there = set(self.held[side.other]) - set(self.new(side.other))
        gone = {id: self.across(side, id) for id in self.gone(side)}
        return {id: tied[partner] for id, partner in gone.items() if partner in there and partner in tied}

    def kept(self, side: Side) -> tuple[str, ...]:
        """Return what went away on a side and is to be taken away on the other one still: when its partner is there."""
        lone = self.state.lone.get(side, ())
        return (*self.unheard(side), *(id for id in self.gone(side) if id in lone))

    def waiting(self, side: Side) -> set[str]:
        """Return what a side holds that is new and has no partner yet."""
        return {id for id in self.new(side) if self.across(side, id) is None}

    def led_by_waiting(self, side: Side) -> bool:
        """Tell whether the primary one of a side waits for its partner."""
        return self.ordered(side) and not self.waiting(side).isdisjoint(self.held[side][:1])

    def settled(self, side: Side) -> Ids:
        """Return what becomes known of a side: what it holds but for what waits, and what it is to be rid of still.

        Where the primary one waits, the other side's is known as such: whichever comes after it is compared with that.
        """
        waiting = self.waiting(side)
        known = tuple(id for id in self.held[side] if id not in waiting)
        if self.led_by_waiting(side):
            known = _led_by(self.across(side.other, next(iter(self.held[side.other]), None)), known)
        return (*known, *self.kept(side))


def decide_association(spec: SyncSpec, state: FieldState, now: float) -> FieldDecision:
    """Return what to do with one association of a linked pair. ``now`` is in seconds."""
    held = {side: ids_of(state.now[side]) for side in SIDES}
    known = {side: None if (shadow := state.shadow[side]) is None else ids_of(shadow.value) for side in SIDES}
    view = _View(spec, state, held, known)
    decision = _sets(view) if all(view.several(side) for side in SIDES) else _one(view)
    return _braked(view, decision, now)


def carried_over(several: bool, ids: Ids, across: Mapping[str, str], *, primary_first: bool) -> Ids:
    """Return what a new record on the other side is given of ``ids``: their partners, as far as there are any.

    ``several``: its field holds several. Of several with a primary one, a field that holds one id takes the primary
    or nothing.
    """
    found = tuple(across[id] for id in ids if id in across)
    if several or not found:
        return found
    return () if primary_first and ids[0] not in across else found[:1]


def after_write(shadow: Value, before: Value, sent: Value, stored: Value) -> list[str]:
    """Return the shadow of a written side: what it was, changed by what the write itself has changed.

    An id that was there before and is not in the shadow waits for its partner, and goes on waiting. What somebody
    added or took away while it was written, as ``stored`` shows, still counts as a change. Where the app does not show
    what the write has added, what it shows instead is its own: the record that this one was merged into. What somebody
    has put back meanwhile is known as the primary one, so that the other side learns which is now.
    """
    known, old, ours, new = ids_of(shadow), ids_of(before), ids_of(sent), ids_of(stored)
    instead = not set(ours).difference(old) <= set(new)
    kept = [id for id in new if id in known or ((instead or id in ours) and id not in old)]
    kept.sort(key=lambda id: id not in known or id in old or id in ours)
    return kept + [id for id in known if id not in new and (id in ours or id not in old)]


def all_moved(before: Value, sent: Value, now: Value) -> bool:
    """Tell whether all that a write was to add is there ``now`` and all that it was to take away is not.

    Whatever else came or went. An app that makes associations one by one may have made some of them.
    """
    old, ours, held = (set(ids_of(value)) for value in (before, sent, now))
    return old != ours and ours - old <= held and held.isdisjoint(old - ours)


def taken_back(now: Value, before: Value, sent: Value) -> list[str]:
    """Return what a side should hold once a write is undone that made ``sent`` of ``before``.

    What came or went besides, while it was written, stays as it is.
    """
    held, old, ours = ids_of(now), ids_of(before), ids_of(sent)
    kept = [id for id in old if id in held or id not in ours]
    return kept + [id for id in held if id not in old and id not in ours]


def in_step(mapping: FieldMap, now: Mapping[Side, Value], partners: Mapping[Side, Mapping[str, str]]) -> bool:
    """Tell whether both sides refer to the same: as sets, or by the one that counts where a side holds only one."""
    held = {side: ids_of(now[side]) for side in SIDES}
    across = partners.get(Side.LEFT, {})
    if all(mapping.on(side).multi_valued for side in SIDES):
        return {across.get(id) for id in held[Side.LEFT]} == set(held[Side.RIGHT])
    if not all(held.values()):
        return not any(held.values())
    if all(mapping.on(side).primary_first or not mapping.on(side).multi_valued for side in SIDES):
        return across.get(held[Side.LEFT][0]) == held[Side.RIGHT][0]
    return not {across.get(id) for id in held[Side.LEFT]}.isdisjoint(held[Side.RIGHT])


# --- several on both sides ----------------------------------------------------------------------------


def _sets(view: _View) -> FieldDecision:
    wanted = {side: _wanted(view, side) for side in SIDES}
    targets = [side for side in SIDES if not _alike(view, side, wanted[side])]
    tied = {side: words for side in SIDES if (words := ", ".join(filter(None, view.unheard(side).values())))}
    if not targets:
        return _none(view) if not tied else _tied(view, *next(iter(tied.items())))
    target = targets[0]
    if len(targets) == 1:
        again = bool(tied) or view.led_by_waiting(target)  # what was added may be what is to come after it
        return _write(view, target, wanted[target], base=view.settled(target), again=again)
    return _write(view, target, wanted[target], base=_told_already(view, target), again=True)


def _wanted(view: _View, target: Side) -> Ids:
    """Return what a side should hold: its own, with what came and without what went on the other side."""
    source, own = target.other, view.held[target]
    if not view.writable(target):
        return own
    came = [there for id in view.new(source) if (there := view.across(source, id)) is not None]
    went = {view.across(source, id) for id in view.gone(source)} - set(view.new(target)) - view.tied(target).keys()
    ids = tuple(dict.fromkeys([*(id for id in own if id not in went), *came]))
    return _led_by(view.across(source, next(iter(view.held[source]), None)), ids) if _leads(view, source) else ids


def _led_by(lead: str | None, ids: Ids) -> Ids:
    """Return the ids with this one first, if it is among them."""
    return (lead, *(id for id in ids if id != lead)) if lead is not None and lead in ids else ids


def _leads(view: _View, source: Side) -> bool:
    """Tell whether the primary one of a side is to be the primary one of the other."""
    if not all(view.ordered(side) for side in SIDES):
        return False
    changed = {side: (view.shadow[side] or ())[:1] != view.held[side][:1] for side in SIDES}
    if not view.held[source.other]:
        return True
    return changed[source] and (not changed[source.other] or view.winner() is source)


def _told_already(view: _View, side: Side) -> Ids:
    """Return, for a side that has changes of its own which are written later, what the other side knows of it.

    Its primary one is not known if it is still to be the primary one of the other side.
    """
    other = side.other
    there = {view.across(other, id) for id in view.held[other]}
    lead = view.held[side][0] if view.held[side] and _leads(view, side) else None
    if view.across(side, lead) == next(iter(view.held[other]), None):
        lead = None
    held = tuple(id for id in view.held[side] if (id in view.agreed(side) or id in there) and id != lead)
    still = tuple(id for id in view.gone(side) if view.across(side, id) in view.held[other])
    return held + tuple(dict.fromkeys((*still, *view.kept(side))))


# --- one on a side ------------------------------------------------------------------------------------


def _one(view: _View) -> FieldDecision:
    """Merge where a side holds one id: the primary one of the other side is what is compared and flows."""
    now = {side: _chief(view, side, view.held) for side in SIDES}
    was = {side: _chief(view, side, {each: view.shadow[each] or () for each in SIDES}) for side in SIDES}
    lacks = [side for side in SIDES if view.shadow[side] is None and now[side] is None]  # unknown is not taken away
    changed = [
        side
        for side in SIDES
        if side not in lacks and (view.shadow[side] is None or now[side] != was[side] or side.other in lacks)
    ]
    if not changed or view.across(Side.LEFT, now[Side.LEFT]) == now[Side.RIGHT] is not None:
        return _none(view)
    sources = [side for side in changed if view.writable(side.other)]
    if not sources:
        return _none(view)
    source = view.winner() if len(sources) == 2 else sources[0]
    if len(sources) == 2 and now[source] is None:
        source = source.other
    target, conflict = source.other, len(changed) == 2 and now[source.other] is not None
    if now[source] is None:
        there = view.across(source, was[source])
        if there in view.tied(target) and there in view.held[target]:
            return _tied(view, source, view.tied(target)[there])
        return _write(view, target, tuple(id for id in view.held[target] if id != there))
    there = view.across(source, now[source])
    if there is None:
        return _waits(view)
    moved = None if view.several(source) else view.across(source, was[source])
    moved = None if moved in view.tied(target) else moved
    rest = (id for id in view.held[target] if id not in (there, moved)) if view.several(target) else ()
    return _write(view, target, (there, *rest), conflict=conflict)


def _chief(view: _View, side: Side, ids: Mapping[Side, Ids]) -> str | None:
    """Return the id that stands for a side: its only or primary one; else what the other side holds, or held."""
    for others in (ids, view.shadow) if not view.ordered(side) else ():
        partner = view.across(side.other, next(iter(others[side.other] or ()), None))
        if partner in ids[side]:
            return partner
    return next(iter(ids[side]), None)


# --- decisions ----------------------------------------------------------------------------------------


def _alike(view: _View, side: Side, ids: Ids) -> bool:
    field = view.state.mapping.on(side)
    return same(_value(view, side, ids), field, view.state.now[side])


def _value(view: _View, side: Side, ids: Sequence[str]) -> Value:
    if view.several(side):
        return list(ids)
    return ids[0] if ids else None


def _none(view: _View) -> FieldDecision:
    """Nothing is written; what both sides hold becomes known, but for what waits for a partner."""
    changed = any(view.shadow[side] is None or view.new(side) or view.gone(side) for side in SIDES)
    waiting = any(view.waiting(side) for side in SIDES)
    if waiting:
        reason = because(RULE, message=NOT_YET)
    else:
        reason = because("F1") if changed else because("F0")
    seen = {side: Known(list(view.settled(side))) for side in SIDES}
    rule = RULE if waiting else "F1" if changed else "F0"
    decision = FieldDecision(view.state.mapping, rule, reason, seen=seen if changed else None)
    return decision._replace(merge=Merge(dict(view.state.now)))


def _waits(view: _View) -> FieldDecision:
    """The one that counts has no partner yet: nothing is written and nothing taken note of until it has."""
    reason = because(RULE, message=NOT_YET)
    return FieldDecision(view.state.mapping, RULE, reason, merge=Merge(dict(view.state.now)))


def _tied(view: _View, source: Side, labels: str) -> FieldDecision:
    """What was taken away on one side stays on the other, with a label that a person must decide about."""
    app = view.spec.apps[source.other]
    reason = because(
        RULE, message=f"the label {labels} still hangs on it in {app}: take it away there, or pair it with another"
    )
    seen = {side: Known(list(view.settled(side))) for side in SIDES}
    held = Merge(dict(view.state.now))
    return FieldDecision(view.state.mapping, RULE, reason, hold=reason, seen=seen, merge=held)


def _write(
    view: _View, target: Side, ids: Ids, *, base: Ids | None = None, again: bool = False, conflict: bool = False
) -> FieldDecision:
    if _alike(view, target, ids):
        return _none(view)
    source, apps = target.other, view.spec.apps
    known = list(view.settled(target) if base is None else base)
    merged = view.shadow[target] is None and view.shadow[source] is not None  # unknown until the write has landed
    return FieldDecision(
        view.state.mapping,
        RULE,
        because(RULE, message=f"{apps[source]} changed what it belongs to"),
        write=target,
        value=_value(view, target, ids),
        before=view.state.now[target],
        conflict=conflict,
        seen={source: Known(list(view.settled(source)))},
        merge=Merge(dict(view.state.now), None if merged else known, again),
    )


def _braked(view: _View, decision: FieldDecision, now: float) -> FieldDecision:
    """Row F5: the same was written to that side again and again of late."""
    if decision.write is None:
        return decision
    field = view.state.mapping.on(decision.write)
    times = sum(
        1
        for write in view.state.landed
        if write.side is decision.write and write.at >= now - FIGHT_WINDOW and same(write.value, field, decision.value)
    )
    if times < UNRELATED_LIMIT:
        return decision
    sides = {decision.write, *(write.side for write in view.state.landed if write.at >= now - FIGHT_WINDOW)}
    reason = because("F5", app=" and ".join(view.spec.apps[side] for side in SIDES if side in sides))
    seen = {side: Known(list(view.settled(side))) for side in SIDES}
    held = Merge(dict(view.state.now))
    return FieldDecision(view.state.mapping, "F5", reason, before=decision.before, hold=reason, seen=seen, merge=held)
