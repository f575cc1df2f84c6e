"""What a person decided about a difference: carried out on the values they saw, and on no others."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.engine.decided import Decided, carry_out
from bothways.engine.field_state import FieldState, Known
from bothways.engine.plan import Pair, plan_linked
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap, SyncSpec, Wins
from bothways.engine.table import ActionKind, Facts
from bothways.records import Field, FieldType, Record, Value
from tests.engine.support import NAME, NOW, TO_RIGHT, L, R, spec, state

SEEN: dict[Side, Value] = {L: "Ann", R: "Bob"}
ASK = FieldMap(NAME, NAME, winner=Wins.ASK)
ANNA_S = Decided(SEEN, {R: "Ann"}, "you chose the value of Anna")
TYPED = Decided(SEEN, {L: "Cleo", R: "Cleo"}, "you typed it")


def done(
    each: FieldState, decided: Decided | None, settings: SyncSpec | None = None
) -> list[tuple[Side | None, Value]]:
    """Return what is written for a decision."""
    return [(one.write, one.value) for one in carry_out(settings or spec(each.mapping), each, decided)]


def test_app_chosen_is_written_to_the_other_and_its_value_kept_as_the_loser() -> None:
    (one,) = carry_out(spec(ASK), state(("Ann", "Bob"), ("Al", "Al"), ASK), ANNA_S)
    assert (one.rule, one.reason) == ("FD", "you chose the value of Anna")
    assert (one.write, one.value, one.before, one.conflict) == (R, "Ann", "Bob", True)


def test_typed_value_is_written_to_both_and_to_one_alone_once_the_other_has_it() -> None:
    assert done(state(("Ann", "Bob"), ("Al", "Al"), ASK), TYPED) == [(L, "Cleo"), (R, "Cleo")]
    assert done(state(("CLEO", "Bob"), ("CLEO", "Bob"), ASK), TYPED) == [(R, "Cleo")]
    assert done(state(("Cleo", "Cleo"), ("Cleo", "Cleo"), ASK), TYPED) == []


@given(st.sampled_from(["Ann", "Bob", "Cleo", "Dora", None]), st.sampled_from(["Ann", "Bob", "Cleo", "Dora", None]))
def test_edit_that_the_person_has_not_seen_is_never_overwritten(left: Value, right: Value) -> None:
    for decided in (ANNA_S, TYPED):
        for one in carry_out(spec(ASK), state((left, right), ("Al", "Al"), ASK), decided):
            assert one.write is not None
            assert one.before == SEEN[one.write]


@pytest.mark.parametrize(
    "mapping", [TO_RIGHT, FieldMap(Field("out", FieldType.BOOLEAN), Field("out"), consent=(True, True))]
)
def test_nothing_is_decided_for_a_field_that_flows_one_way_or_is_of_consent(mapping: FieldMap) -> None:
    assert done(state(("Ann", "Bob"), ("Al", "Al"), mapping), ANNA_S) == []


def test_decision_goes_before_the_field_table_and_other_fields_flow_meanwhile() -> None:
    mail = FieldMap(Field("mail"), Field("mail"))
    records = {L: Record("l", {"name": "Ann", "mail": "new"}), R: Record("r", {"name": "Bob", "mail": "old"})}
    known = {"name=name": Known("Al"), "mail=mail": Known("old")}
    settings, facts = spec(ASK, mail), Facts(linked=True)
    held = plan_linked(settings, Pair(records, {L: known, R: known}), facts, NOW)
    assert (held.kind, [one.rule for one in held.fields]) == (ActionKind.UPDATE, ["FK", "F3"])
    decided = plan_linked(settings, Pair(records, {L: known, R: known}, decided={"name=name": ANNA_S}), facts, NOW)
    assert [(one.rule, one.write) for one in decided.fields] == [("FD", R), ("F3", R)]


def test_decision_that_one_side_alone_holds_and_that_is_void_leaves_the_field_as_at_the_first_look() -> None:
    one_way = replace(TO_RIGHT, winner=Wins.ASK)
    half = state(("Cleo", "Bob"), ("Cleo", "Bob"), one_way)
    records = {side: Record(str(side), {"name": half.now[side]}) for side in (L, R)}
    shadows = {side: {"name=name": known} for side, known in half.shadow.items() if known}
    pair = Pair(records, shadows, decided={"name=name": TYPED})
    action = plan_linked(spec(one_way), pair, Facts(linked=True), NOW)
    assert [(one.write, one.value) for one in action.fields] == [(R, "Cleo")]
    untouched = plan_linked(spec(one_way), Pair(records, shadows), Facts(linked=True), NOW)
    assert [one.rule for one in untouched.fields] == ["F0"]
