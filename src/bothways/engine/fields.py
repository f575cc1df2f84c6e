"""The field table: what happens to one field of a linked pair.

"Changed" means: the shadow is unknown, or the value now differs from its own side's shadow. The rows of
``FIELD_TABLE`` are ordered; the first that fits wins. The direction filters before the default app is
asked, and no row ever lets a blank replace a value unless clearing follows.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from bothways.engine.consent import is_opted_out, opted_out_side, unreadable
from bothways.engine.edits import has_changed, is_form_of_what_was_cleared, is_own_rewriting, is_what_it_held, made_by
from bothways.engine.field_state import FieldDecision, FieldState, Known
from bothways.engine.fights import FIGHT_WINDOW, fighter, oscillates
from bothways.engine.rules import because
from bothways.engine.sets import merged, of_several
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, Only, SyncSpec, Wins, blank_across, equal_across
from bothways.engine.unseen import has_only_the_beginning, project_over
from bothways.records import CannotCoerce, LeftOut, Value, goes_back, ids_in, is_blank, same, text_of

NEWEST_SKEW = 60.0
"""Seconds: two changes nearer to each other than the clocks of two apps may be apart tell not which came last."""

ONLY_RULES = {Only.ON_CREATE: "FO", Only.WHEN_EMPTY: "FE"}
"""The rule by which a mapping that is narrowed leaves a difference alone."""


class _View(NamedTuple):
    """A field state with the questions of the table answered."""

    spec: SyncSpec
    state: FieldState
    changed: Mapping[Side, bool]
    rewritten: frozenset[Side]
    at: float

    @property
    def mapping(self) -> FieldMap:
        return self.state.mapping

    def blank(self, side: Side) -> bool:
        """Tell whether a side holds nothing, or nothing that would be left of it on the other side."""
        return blank_across(self.mapping, self.state.now[side], side)

    def first(self) -> bool:
        return all(self.state.shadow[side] is None for side in SIDES)

    def writable(self, side: Side) -> bool:
        return self.spec.writes(self.mapping, side)

    def one_way(self) -> Side | None:
        """The only side that may be written, if there is exactly one."""
        sides = [side for side in SIDES if self.writable(side)]
        return sides[0] if len(sides) == 1 else None

    def winner(self) -> Side:
        """Return the app that wins, the default app where none is named: "newest" and "ask" need one too."""
        winner = self.spec.winner(self.mapping)
        return winner if isinstance(winner, Side) else self.spec.default

    def opted_out(self) -> Side | None:
        """Return the only side that says opted out, unless the other opts in on purpose and may say so."""
        if self.mapping.consent is None:
            return None
        side = opted_out_side(self.mapping, self.state.now)
        return None if side is None or self._opts_in(side.other) else side

    def _opts_in(self, side: Side) -> bool:
        """Tell whether a person opted in again on one side after both sides had said opted out.

        Soon after our own write of the opting out, it is the app that puts the old value back.
        """
        was, other, mapping = self.state.shadow[side], self.state.shadow[side.other], self.mapping
        if was is None or other is None or self.changed[side.other] or not self.writable(side.other):
            return False
        opted_out = [is_opted_out(mapping, side, value) for value in (was.value, self.state.now[side])]
        if opted_out != [True, False]:
            return False
        at, window = made_by(self.state, side, self.at), self.spec.own_write_window[side]
        return was.own_write_at is None or at - was.own_write_at > window

    def beginning(self) -> Side | None:
        """Return the side that has only the beginning of a text that the other one holds whole, if there is one."""
        for side in SIDES:
            was, whole = self.state.shadow[side], self.state.now[side.other]
            if was is not None and self.writable(side) and has_only_the_beginning(self.state, side):
                return side if len(text_of(whole)) > len(text_of(was.value)) else None
        return None

    def only_changed(self) -> Side | None:
        sides = [side for side in SIDES if self.changed[side]]
        return sides[0] if len(sides) == 1 else None


def decide_field(spec: SyncSpec, state: FieldState, now: float) -> FieldDecision:
    """Return the decision of the first row of the field table that fits. ``now`` is in seconds."""
    changed = {side: has_changed(state, side) for side in SIDES}
    rewritten = frozenset(side for side in SIDES if changed[side] and is_own_rewriting(spec, state, side, now))
    formed = [side for side in SIDES if changed[side] and is_form_of_what_was_cleared(state, side)]
    for side in (*rewritten, *formed):
        changed[side] = False
    view = _View(spec, state, changed, rewritten, now)
    for fits, decide in FIELD_TABLE:
        if fits(view):
            decision = _braked(view, decide(view), now)
            known = {side: Known(state.now[side]) for side in formed if side is not decision.write}
            return decision._replace(seen={**(decision.seen or {}), **known}) if known else decision
    raise AssertionError("the last row of the field table fits everything")


def note_field(spec: SyncSpec, state: FieldState, now: float) -> FieldDecision | None:
    """Return what is taken note of where nothing may be written, None if nothing is.

    That is what must not count as an edit later: an app's rewriting of our own write (FN), and what both
    sides came to hold alike (F1).
    """
    changed = {side: has_changed(state, side) for side in SIDES}
    rewritten = frozenset(side for side in SIDES if changed[side] and is_own_rewriting(spec, state, side, now))
    view = _View(spec, state, changed, rewritten, now)
    if any(changed.values()) and _sides_equal(view):
        return _none(view, "F1", *SIDES)
    if not rewritten:
        return None
    return _rewriting(view)._replace(seen={side: Known(state.now[side]) for side in rewritten})


# --- what the rows do ---------------------------------------------------------------------------------


def _none(view: _View, rule: str, *record: Side, **facts: str) -> FieldDecision:
    """Nothing is written. What is now held becomes known on the sides given, and wherever it was unknown."""
    state, rewritten = view.state, view.rewritten
    seen = {
        side: Known(state.now[side])
        for side in SIDES
        if side in record or state.shadow[side] is None or side in rewritten
    }
    return FieldDecision(state.mapping, rule, because(rule, **facts), seen=seen or None)


def _write(view: _View, rule: str, target: Side, *, conflict: bool = False, reason: str = "") -> FieldDecision:
    source = target.other
    apps = view.spec.apps
    decision = FieldDecision(
        view.mapping,
        rule,
        reason or because(rule, source=apps[source], target=apps[target]),
        write=target,
        before=view.state.now[target],
        conflict=conflict and not view.blank(target),
    )
    try:
        projected = project_over(view.mapping, view.state.now[source], target, view.state.now[target])
    except LeftOut as unpaired:
        return _none(view, "FV", *SIDES, message=str(unpaired))
    except CannotCoerce as problem:
        text = because("F6", app=apps[target], message=str(problem))
        return decision._replace(rule="F6", reason=text, write=None, hold=text)
    held = view.state.now[target]
    if goes_back(held, projected.value, view.mapping.on(target)):
        told = f'{view.mapping.on(target).title} only moves forward, and "{text_of(held)}" is further on'
        text = because("F6", app=apps[target], message=told)
        return decision._replace(rule="F6", reason=text, write=None, hold=text)
    seen = {side: Known(view.state.now[side]) for side in SIDES}
    if same(projected.value, view.mapping.on(target), view.state.now[target]):
        return FieldDecision(view.mapping, "F1", because("F1"), seen=seen)
    return decision._replace(value=projected.value, lost=projected.lost, seen=seen)


def _braked(view: _View, decision: FieldDecision, now: float) -> FieldDecision:
    """Row F5, looked at before any write. A difference of consent never becomes an agreed one by it."""
    if decision.write is None or not oscillates(view.state, decision.write, decision.value, now):
        return decision
    sides = {decision.write, *(write.side for write in view.state.landed if write.at >= now - FIGHT_WINDOW)}
    reason = because("F5", app=" and ".join(view.spec.apps[side] for side in SIDES if side in sides))
    fighters = dict.fromkeys(fighter(view.state, side) for side in SIDES if side in sides)
    if names := " and ".join(filter(None, fighters)):
        reason = f"{reason}, by {names}"
    seen = {side: Known(view.state.now[side]) for side in SIDES} if view.mapping.consent is None else None
    return FieldDecision(view.mapping, "F5", reason, before=decision.before, hold=reason, seen=seen, asks=True)


def _first_link_one_way(view: _View) -> FieldDecision:
    target = view.one_way()
    assert target is not None
    if view.blank(target.other):
        return _none(view, "F3b", *SIDES)
    if not view.blank(target) and view.winner() is target:
        app = view.spec.apps[target]
        decision = _none(view, "F2'", *SIDES, target=app)
        return decision._replace(reason=f"{app} is the default app and keeps its value")
    return _write(view, "F2", target, conflict=not view.blank(target))


def _one_way(view: _View) -> FieldDecision:
    target = view.one_way()
    assert target is not None
    if view.blank(target.other) and not _clears(view, target.other):
        return _none(view, "F3b", *SIDES)
    return _write(view, "F2", target, conflict=view.changed[target] and view.state.shadow[target] is not None)


def _clears(view: _View, source: Side) -> bool:
    """Tell whether a blank of a side follows: not one of a reference, of which only the name is not known any more."""
    if view.mapping.only is Only.WHEN_EMPTY or ids_in(view.state.now[source]):
        return False
    return view.mapping.clearing_follows and view.state.shadow[source] is not None


def _one_changed(view: _View) -> FieldDecision:
    source = view.only_changed()
    assert source is not None
    if view.blank(source):
        if not _clears(view, source):
            return _none(view, "F3b", source)
        if not is_what_it_held(view.state, source):
            app = view.spec.apps[source.other]
            return _none(view, "F3b", source)._replace(reason=f"{app} has another value than was cleared, and keeps it")
    if not view.blank(source) and view.beginning() is source:
        return _keep_the_rest(view, source)
    return _write(view, "F3", source.other)


def _keep_the_rest(view: _View, side: Side) -> FieldDecision:
    """Hold an edit of what is only the beginning of a text: written, it would take the rest away, which nobody saw."""
    app, other = (view.spec.apps[each] for each in (side, side.other))
    message = f"{app} has only its beginning, and the rest would be lost; edit it in {other}"
    text = because("F6", app=other, message=message)
    return FieldDecision(view.mapping, "F6", text, before=view.state.now[side.other], hold=text)


def _both_changed(view: _View) -> FieldDecision:
    source, apps = view.winner(), view.spec.apps
    for side in (source, source.other):
        if view.blank(side):
            return _write(view, "F4", side, reason=f"{apps[side]} was empty")
    winner, part = view.spec.winner(view.mapping), view.beginning()
    if part is not None and winner is not Wins.ASK:
        return _write(view, "F4", part, conflict=True, reason=f"both changed; {apps[part]} has only the beginning")
    return _TWO_SIDED.get(winner, _default_wins)(view)._replace(asks=winner is Wins.NEWEST)


def _default_wins(view: _View, why: str = "") -> FieldDecision:
    source = view.winner()
    app = view.spec.apps[source]
    reason = f"{why}; {app}, the default app, wins" if why else f"they differ; {app} wins" if view.first() else ""
    return _write(view, "F4", source.other, conflict=True, reason=reason)


def _merge(view: _View) -> FieldDecision:
    """Write what one list has anew to the other: one side at a time, first to the one that would lose a difference."""
    first = view.winner().other
    for target in (first, first.other):
        if not view.writable(target):
            continue
        merge = merged(view.mapping, view.state.now, {side: _shadow(view, side) for side in SIDES}, target)
        if merge.added or merge.removed:
            app = view.spec.apps[target.other]
            told = [f"{app} has {merge.added} more"] if merge.added else []
            told += [f"{merge.removed} taken out in {app}"] if merge.removed else []
            return FieldDecision(
                view.mapping,
                "FM",
                because("FM", message=", ".join(told)),
                write=target,
                value=merge.value,
                before=view.state.now[target],
                lost=merge.lost,
                seen={side: Known(view.state.now[side]) for side in SIDES},
            )
    return _none(view, "FM", *SIDES, message="what one app has alone is left there")


def _shadow(view: _View, side: Side) -> Value:
    known = view.state.shadow[side]
    return known.value if known is not None else None


def _newest_wins(view: _View) -> FieldDecision:
    """The side that was changed last, by the history of the field where that is known, else by that of the record.

    The default app where the times do not tell.
    """
    apps = view.spec.apps
    modified = {**view.state.modified, **{side: told.at for side, told in view.state.told.items()}}
    unknown = [apps[side] for side in SIDES if side not in modified]
    if unknown:
        return _default_wins(view, f"{' and '.join(unknown)} does not tell when it was changed")
    later = modified[Side.RIGHT] - modified[Side.LEFT]
    if abs(later) < NEWEST_SKEW:
        return _default_wins(view, f"both changed within {NEWEST_SKEW:g} seconds")
    source = Side.RIGHT if later > 0 else Side.LEFT
    return _write(view, "FL", source.other, conflict=True)


def _ask(view: _View) -> FieldDecision:
    """Nothing is written and nothing becomes known, so that the question stays until a person, or an edit, ends it."""
    plain = _default_wins(view)
    if plain.write is None and not plain.hold:
        return plain
    reason = because("FK")
    return FieldDecision(view.mapping, "FK", reason, hold=reason, held=dict(view.state.now))


_TWO_SIDED: Mapping[Side | Wins, Callable[[_View], FieldDecision]] = {Wins.NEWEST: _newest_wins, Wins.ASK: _ask}


def _keep_opted_out(view: _View) -> FieldDecision:
    source = view.opted_out()
    assert source is not None
    target = source.other
    if view.writable(target):
        return _write(view, "FC", target, conflict=view.changed[target])
    reason = beyond_reach(view.spec, source)
    seen = {side: Known(view.state.now[side]) for side in SIDES}
    return FieldDecision(view.mapping, "FC", reason, hold=reason, seen=seen)


def _hold_unreadable(view: _View) -> FieldDecision:
    side = next(side for side in SIDES if unreadable(view.mapping, side, view.state.now[side]))
    message = unreadable(view.mapping, side, view.state.now[side])
    text = because("F6", app=view.spec.apps[side.other], message=message)
    return FieldDecision(view.mapping, "F6", text, hold=text)


def beyond_reach(spec: SyncSpec, source: Side) -> str:
    """Return the reason for an opting out that the direction does not let through to the other side."""
    text, target = because("FC", source=spec.apps[source]), spec.apps[source.other]
    return f"{text}; the direction does not let that through to {target}"


def _against(view: _View) -> FieldDecision:
    changed = [side for side in SIDES if view.changed[side]]
    return _none(view, "F2'", *SIDES, target=view.spec.apps[changed[0]])


# --- when the rows fit --------------------------------------------------------------------------------


def _says_neither_yes_nor_no(view: _View) -> bool:
    return any(unreadable(view.mapping, side, view.state.now[side]) for side in SIDES)


def _opted_out_on_one_side(view: _View) -> bool:
    return view.opted_out() is not None


def _only_rewritten(view: _View) -> bool:
    return bool(view.rewritten) and not any(view.changed.values())


def _nothing_changed(view: _View) -> bool:
    return not any(view.changed.values())


def _sides_equal(view: _View) -> bool:
    return equal_across(view.mapping, view.state.now[Side.LEFT], view.state.now[Side.RIGHT])


def _flows_nowhere(view: _View) -> bool:
    return not any(view.writable(side) for side in SIDES)


def _for_creates_alone(view: _View) -> bool:
    return view.mapping.only is Only.ON_CREATE


def _fills_only_and_both_full(view: _View) -> bool:
    return view.mapping.only is Only.WHEN_EMPTY and not any(is_blank(view.state.now[side]) for side in SIDES)


def _of_several(view: _View) -> bool:
    return of_several(view.mapping)


def _first_and_one_way(view: _View) -> bool:
    return view.first() and view.one_way() is not None


def _one_way_source_changed(view: _View) -> bool:
    target = view.one_way()
    return target is not None and view.changed[target.other]


def _one_way_target_changed(view: _View) -> bool:
    return view.one_way() is not None


def _changed_on_one_side(view: _View) -> bool:
    return view.only_changed() is not None


def _always(view: _View) -> bool:
    return True


def _rewriting(view: _View) -> FieldDecision:
    return _none(view, "FN", app=" and ".join(view.spec.apps[side] for side in sorted(view.rewritten)))


FIELD_TABLE: tuple[tuple[Callable[[_View], bool], Callable[[_View], FieldDecision]], ...] = (
    (_says_neither_yes_nor_no, _hold_unreadable),  # F6, of consent
    (_opted_out_on_one_side, _keep_opted_out),  # FC
    (_only_rewritten, _rewriting),  # FN
    (_nothing_changed, lambda view: _none(view, "F0")),
    (_sides_equal, lambda view: _none(view, "F1", *SIDES)),
    (_flows_nowhere, _against),  # F2'
    (_for_creates_alone, lambda view: _none(view, ONLY_RULES[Only.ON_CREATE], *SIDES)),  # FO
    (_fills_only_and_both_full, lambda view: _none(view, ONLY_RULES[Only.WHEN_EMPTY], *SIDES)),  # FE
    (_of_several, _merge),  # FM
    (_first_and_one_way, _first_link_one_way),  # F2, F2', F3b
    (_one_way_source_changed, _one_way),  # F2, F3b
    (_one_way_target_changed, _against),  # F2'
    (_changed_on_one_side, _one_changed),  # F3, F3b
    (_always, _both_changed),  # F4, FL, FK
)
"""Row F5 is looked at before any write of F2 to F4; F6 where the other side cannot hold the value, FV where the
settings leave it out."""
