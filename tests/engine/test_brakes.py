"""The brakes: limits on the counts of a whole plan."""

from dataclasses import replace

import pytest

from bothways.engine.brakes import Guards, Totals, stopped_by
from tests.engine.support import L, R, mirrored_spec, spec

QUIET = Totals(linked=1000, known={L: 1000, R: 1000}, live={L: 1000, R: 1000})


def names(totals: Totals, guards: Guards | None = None) -> list[str]:
    return [brake.name for brake in stopped_by(spec(), guards or Guards(), totals)]


def reasons(totals: Totals) -> list[str]:
    return [brake.reason for brake in stopped_by(spec(), Guards(), totals)]


def test_nothing_stops_a_quiet_plan_or_an_empty_one() -> None:
    assert names(QUIET) == []
    assert names(Totals()) == []


def test_new_records_alone_stop_nothing() -> None:
    assert names(replace(QUIET, writes=900)) == []


def test_r11_side_that_looks_empty() -> None:
    totals = replace(QUIET, live={L: 1000, R: 0})
    assert reasons(totals) == ["Bert looks empty, but had 1000 records"]
    assert names(Totals(known={L: 1}, live={L: 0})) == ["empty_source"]


def test_r11_side_that_was_always_empty_is_no_news() -> None:
    assert names(Totals(known={L: 0, R: 10}, live={L: 0, R: 10})) == []


@pytest.mark.parametrize(("gone", "stops"), [(200, False), (201, True), (1, False)])
def test_r11_more_than_a_fifth_gone(gone: int, stops: bool) -> None:
    totals = replace(QUIET, gone={L: gone}, live={L: 1000 - gone, R: 1000})
    assert (names(totals) == ["empty_source"]) is stops


def test_r11_one_record_gone_of_a_small_book_is_a_delete() -> None:
    assert names(Totals(linked=2, known={L: 2, R: 2}, live={L: 1, R: 2}, gone={L: 1})) == []
    small = Totals(linked=4, known={L: 4, R: 4}, live={L: 2, R: 4}, gone={L: 2})
    assert reasons(small) == ["2 of 4 records are gone from Anna"]


@pytest.mark.parametrize(
    ("changed", "linked", "stops"), [(51, 101, True), (51, 102, False), (50, 60, False), (501, 1000, True)]
)
def test_r11_more_than_half_of_the_linked_records_changed_at_once(changed: int, linked: int, stops: bool) -> None:
    totals = Totals(linked=linked, changed={R: changed}, known={L: linked}, live={L: linked})
    assert (names(totals) == ["mass_change"]) is stops


def test_mass_change_says_where_and_how_much() -> None:
    assert reasons(replace(QUIET, changed={L: 600})) == ["60 % of the linked records changed in Anna"]


@pytest.mark.parametrize(("updates", "linked", "stops"), [(101, 1000, True), (100, 1000, False), (50, 60, False)])
def test_max_change_looks_at_the_share_beyond_a_floor(updates: int, linked: int, stops: bool) -> None:
    assert (names(replace(QUIET, updates=updates, linked=linked)) == ["max_change"]) is stops


def test_max_change_is_a_setting() -> None:
    totals = replace(QUIET, updates=101)
    assert reasons(totals) == ["101 linked records would change, more than 10 %"]
    assert names(totals, Guards(max_change=50.0)) == []


def test_max_emptied_counts_each_field_by_itself() -> None:
    totals = replace(QUIET, emptied={"Phone": 51, "Name": 50, "Email": 60})
    assert reasons(totals) == ["Email would be emptied in 60 records", "Phone would be emptied in 51 records"]
    assert names(totals, Guards(max_emptied=60)) == []


def test_every_brake_that_holds_is_named() -> None:
    totals = Totals(
        linked=100,
        updates=60,
        known={L: 100, R: 100},
        live={L: 0, R: 60},
        gone={R: 40},
        changed={L: 60},
        emptied={"Name": 99},
    )
    assert names(totals) == ["empty_source", "mass_change", "empty_source", "max_change", "max_emptied"]


def test_brakes_look_at_both_sides_alike() -> None:
    totals = Totals(linked=100, known={L: 10, R: 100}, live={L: 0, R: 100}, changed={R: 70})
    turned = Totals(linked=100, known={R: 10, L: 100}, live={R: 0, L: 100}, changed={L: 70})
    here = {(brake.name, brake.reason) for brake in stopped_by(spec(), Guards(), totals)}
    there = {(brake.name, brake.reason) for brake in stopped_by(mirrored_spec(spec()), Guards(), turned)}
    assert here == there
