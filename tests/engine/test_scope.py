"""Which records take part, said of one record and of a pair, and what is taken note of in a frozen one."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bothways.engine.filters import condition
from bothways.engine.plan import Pair, misfit, plan_linked, plan_unlinked
from bothways.engine.scope import Leaving, Scope, why_outside
from bothways.engine.sides import Direction, Side
from bothways.engine.spec import FieldMap
from bothways.engine.table import ActionKind, Facts
from bothways.records import Field, Record, Value
from tests.engine.support import APPS, NOW, PLAIN, L, R, known, spec

LAND = Field("land", label="Country")
GERMAN = condition(LAND, "is", "DE")
OUTSIDE = "Anna (Country is DE)"
BOTH = Scope({L: GERMAN, R: GERMAN})
MAILS = Scope({}, {L: "email", R: "Mail"})


def why(
    scope: Scope, left: Mapping[str, Value] | None, right: Mapping[str, Value] | None = None, *, linked: bool = False
) -> str:
    return why_outside(scope, APPS, {L: left, R: right}, NOW, linked=linked)


def test_each_record_is_asked_by_the_filter_of_its_own_app() -> None:
    only_anna = Scope({L: GERMAN})
    assert why(only_anna, {"land": "FR"}) == f"outside the filter of {OUTSIDE}"
    assert why(only_anna, None, {"land": "FR"}) == ""
    assert why(only_anna, {"land": "DE"}, {"land": "FR"}) == ""
    assert why(BOTH, {"land": "DE"}, {"land": "FR"}) == "outside the filter of Bert (Country is DE)"
    assert why(Scope(), {}, {}) == ""


@pytest.mark.parametrize(("leaving", "flows"), [(Leaving.FREEZE, False), (Leaving.KEEP, True), (Leaving.UNLINK, False)])
def test_only_linked_pairs_that_are_kept_take_part_outside_the_filter(leaving: Leaving, flows: bool) -> None:
    scope = replace(BOTH, leaving=leaving)
    assert (why(scope, {"land": "FR"}, {"land": "DE"}, linked=True) == "") is flows
    assert why(scope, {"land": "FR"}, {"land": "DE"}) != ""
    assert scope.fits(L, {"land": "FR"}, NOW, linked=True) is flows


@pytest.mark.parametrize("value", ["ann@x.test", " Ann <ANN@x.test> ", ["none", "ann@x.test"], "mailto:ann@x.test"])
def test_one_valid_address_in_either_record_is_enough(value: Value) -> None:
    assert why(MAILS, {"email": value}) == ""
    assert why(MAILS, {"email": ""}, {"Mail": value}) == ""


@pytest.mark.parametrize("value", [None, "", "ann", "ann@localhost", "ann@x..test", "a@b@x.test", [], 5])
def test_without_a_valid_address_nobody_takes_part(value: Value) -> None:
    assert why(MAILS, {"email": value}, {"Mail": value}) == "no valid e-mail address"
    assert why(MAILS, {"email": value}) == "no valid e-mail address"


def test_a_new_record_is_judged_by_what_would_be_written_to_it() -> None:
    land = FieldMap(LAND, LAND)
    mapped = replace(spec(PLAIN, land), scope=Scope({R: GERMAN}))
    record = Record("l", {"name": "Ann", "land": "FR"})
    assert misfit(mapped, L, record, NOW) == "a new record would be outside the filter of Bert (Country is DE)"
    assert misfit(mapped, L, Record("l", {"land": "de"}), NOW) == ""
    assert misfit(mapped, R, record, NOW) == ""
    back = replace(mapped, fields=(PLAIN, replace(land, direction=Direction.TO_LEFT)))
    assert misfit(back, L, Record("l", {"name": "Ann", "land": "DE"}), NOW) != ""


def test_a_record_without_a_link_is_left_out_alone_though_its_match_is_known() -> None:
    pair = Pair({L: Record("l", {}), R: Record("r", {})})
    action = plan_unlinked(spec(), L, pair, Facts(outside="no valid e-mail address"), NOW)
    assert (action.kind, action.rule, action.reason) == (ActionKind.LEAVE_OUT, "R10", "no valid e-mail address")
    assert action.ids == {L: "l", R: None}


def frozen(
    now: tuple[Value, Value], seen: tuple[Value, Value], own_write_at: float | None = None
) -> list[tuple[str, dict[Side, Value]]]:
    records = {L: Record("l", {"name": now[0]}), R: Record("r", {"name": now[1]})}
    shadows = {L: {"name=name": known(seen[0])}, R: {"name=name": known(seen[1], own_write_at)}}
    action = plan_linked(spec(), Pair(records, shadows), Facts(linked=True, outside="outside"), NOW)
    assert (action.kind, action.rule, action.writes) == (ActionKind.LEAVE_OUT, "R10", ())
    return [(each.rule, {side: fact.value for side, fact in (each.seen or {}).items()}) for each in action.fields]


def test_in_a_frozen_pair_edits_are_left_for_its_return() -> None:
    assert frozen(("Ann", "Ann"), ("Ann", "Ann")) == []
    assert frozen(("Eve", "Ann"), ("Ann", "Ann")) == []
    assert frozen(("", "Ann"), ("Ann", "Ann")) == []
    assert frozen(("Eve", "Bea"), ("Ann", "Ann")) == []


def test_in_a_frozen_pair_what_is_no_edit_is_taken_note_of() -> None:
    assert frozen(("Ann", "ANN"), ("Ann", "Ann"), NOW - 1) == [("FN", {R: "ANN"})]
    assert frozen(("Eve", "ANN"), ("Ann", "Ann"), NOW - 1) == [("FN", {R: "ANN"})]
    assert frozen(("Eve", "Eve"), ("Ann", "Ann")) == [("F1", {L: "Eve", R: "Eve"})]
