"""Holds: what waits for a person or for an app, tried again ever less often, from a minute to a day."""

from dataclasses import replace

import pytest

from bothways.engine.sides import SIDES
from bothways.ledger import holds
from bothways.ledger.holds import HoldRow
from bothways.ledger.models import Sync

L, R = SIDES
NOW = 1000.0
REFUSED = HoldRow(R, "r1", "F6", "Bert does not take it", "refused", "name=name", 7, data={"value": "Zoë"})
MATCH = HoldRow(L, "l1", "R7", "2 possible matches by email", "match")


def everything(sync: Sync) -> list[HoldRow]:
    return holds.page(sync)


def keys(sync: Sync) -> set[tuple[str, str, str]]:
    return {(hold.side, hold.record_id, hold.field) for hold in everything(sync)}


def test_waits_double_from_a_minute_to_a_day() -> None:
    waits = [holds.wait(tries) for tries in range(1, 15)]
    assert waits[:4] == [60.0, 120.0, 240.0, 480.0]
    assert waits[10:] == [61_440.0, 86_400.0, 86_400.0, 86_400.0]
    assert holds.wait(1000) == 86_400.0


def test_hold_holds_all_that_was_said(sync: Sync) -> None:
    holds.put(sync, REFUSED, NOW)
    (hold,) = everything(sync)
    assert hold == replace(REFUSED, id=hold.id, next_try=NOW + 60, opened_at=NOW)


def test_each_try_is_counted_and_waited_for_longer_and_the_beginning_is_kept(sync: Sync) -> None:
    for tries, wait in ((1, 60), (2, 120), (3, 240)):
        holds.put(sync, replace(REFUSED, reason=f"try {tries}"), NOW + tries)
        (hold,) = everything(sync)
        assert (hold.tries, hold.next_try, hold.opened_at) == (tries, NOW + tries + wait, NOW + 1)
        assert hold.reason == f"try {tries}", "the last answer is told"


@pytest.mark.parametrize("kind", ["match", "conflict", "unreadable", "frozen", "value"])
def test_what_waits_for_a_person_has_no_next_try(sync: Sync, kind: str) -> None:
    holds.put(sync, replace(MATCH, kind=kind), NOW)
    (hold,) = everything(sync)
    assert hold.next_try is None
    assert holds.ready(sync, NOW * 1e6) == []


def test_ready_are_those_whose_next_try_has_come(sync: Sync) -> None:
    holds.put(sync, REFUSED, NOW)
    holds.put(sync, replace(REFUSED, record_id="r2"), NOW + 30)
    assert holds.ready(sync, NOW + 59.9) == []
    assert [hold.record_id for hold in holds.ready(sync, NOW + 60)] == ["r1"]
    assert len(holds.ready(sync, NOW + 90)) == 2


def test_field_of_a_record_that_was_refused_as_a_whole_waits_with_it(sync: Sync) -> None:
    holds.put(sync, replace(REFUSED, field="name=name"), NOW)
    holds.put(sync, replace(REFUSED, field=""), NOW + 30)
    assert holds.ready(sync, NOW + 89) == []
    assert {hold.field for hold in holds.ready(sync, NOW + 90)} == {"", "name=name"}


def test_record_and_each_of_its_fields_are_held_apart(sync: Sync) -> None:
    for field in ("", "name=name", "tel=tel"):
        holds.put(sync, replace(REFUSED, field=field), NOW)
    holds.put(sync, replace(REFUSED, side=L), NOW)
    assert {hold.field for hold in holds.of_records(sync, R, ["r1", "r2"])} == {"", "name=name", "tel=tel"}
    holds.clear_fields(sync, R, {"r1": ["", "tel=tel"], "r2": ["name=name"]})
    assert keys(sync) == {("right", "r1", "name=name"), ("left", "r1", "name=name")}


def test_looking_at_a_record_anew_closes_its_holds_but_keeps_frozen_what_did_not_change(sync: Sync) -> None:
    frozen = replace(REFUSED, kind="frozen", rule="F5")
    others = (replace(frozen, field="tel=tel"), replace(REFUSED, field=""), replace(REFUSED, field="city=city"))
    for hold in (frozen, *others, replace(frozen, record_id="r2")):
        holds.put(sync, hold, NOW)
    holds.clear_settled(sync, R, {"r1": ["name=name", "city=city"]})
    assert keys(sync) == {("right", "r1", "name=name"), ("right", "r2", "name=name")}


def test_hold_opened_anew_begins_anew(sync: Sync) -> None:
    holds.put(sync, REFUSED, NOW)
    holds.put(sync, REFUSED, NOW)
    holds.clear_fields(sync, R, {"r1": ["name=name"]})
    holds.put(sync, REFUSED, NOW + 9)
    (hold,) = everything(sync)
    assert (hold.tries, hold.opened_at) == (1, NOW + 9)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_pages_are_in_order_of_age(sync: Sync, size: int) -> None:
    for n in range(5):
        holds.put(sync, replace(MATCH, record_id=f"l{9 - n}"), NOW + n)
    found: list[HoldRow] = []
    while page := holds.page(sync, found[-1].id if found else 0, size):
        found += page
    assert [hold.record_id for hold in found] == ["l9", "l8", "l7", "l6", "l5"]


def test_held_records_are_counted_once_by_kind_and_per_sync(sync: Sync) -> None:
    other = Sync.objects.create(name="others", left_id=sync.left_id, right_id=sync.right_id)
    for hold in (REFUSED, replace(REFUSED, field="tel=tel"), MATCH, replace(MATCH, side=R)):
        holds.put(sync, hold, NOW)
    holds.put(other, MATCH, NOW)
    assert holds.by_kind(sync) == {"refused": 1, "match": 2}
    assert holds.by_kind(other) == {"match": 1}


@pytest.mark.parametrize("id", ["l1", 'a "b"', "50%", "a_b", "c\\d", "Zoë"])
def test_hold_is_found_by_each_record_that_it_names(sync: Sync, id: str) -> None:
    left_over = HoldRow(R, "r9", "R0", "two pairs became one", "match", data={"candidates": [["left", id]]})
    holds.put(sync, left_over, NOW)
    holds.put(sync, replace(left_over, record_id="r8", data={"candidates": [["left", "other"]]}), NOW)
    holds.put(sync, replace(left_over, side=L, record_id=id, data={}), NOW)
    holds.put(sync, replace(left_over, record_id="r7", rule="R7"), NOW)
    assert {hold.record_id for hold in holds.naming(sync, "R0", id)} == {"r9", id}


# --- what a person chose ------------------------------------------------------------------------------


def test_choice_stays_with_the_hold_whatever_happens_to_it(sync: Sync) -> None:
    holds.put(sync, replace(MATCH, data={"candidates": [["right", "r1"]]}), NOW)
    holds.choose(sync, {L: "l1", R: "r1"}, NOW)
    assert holds.chosen(sync, L, ["l1", "l2"]) == {"l1": "r1"}
    assert holds.chosen(sync, R, ["r1"]) == {"r1": "l1"}
    assert {(hold.record_id, hold.reason) for hold in everything(sync)} == {
        ("l1", MATCH.reason),
        ("r1", "you linked them"),
    }
    holds.put(sync, replace(MATCH, kind="unreadable", rule="R13"), NOW + 60)
    assert holds.chosen(sync, L, ["l1"]) == {"l1": "r1"}


def test_choice_withdrawn_is_withdrawn_on_both_sides_and_the_holds_stay(sync: Sync) -> None:
    holds.choose(sync, {L: "l1", R: "r1"}, NOW)
    holds.withdraw(sync, R, "r1")
    assert holds.chosen(sync, L, ["l1"]) == holds.chosen(sync, R, ["r1"]) == {}
    assert len(everything(sync)) == 2
    holds.withdraw(sync, L, "nobody")


def test_hold_is_found_by_its_own_id_and_tells_its_sync(sync: Sync) -> None:
    assert not holds.wait_for_a_person(sync)
    holds.put(sync, MATCH, NOW)
    (hold,) = everything(sync)
    assert holds.by_id(hold.id) == (sync.pk, hold)
    assert holds.by_id(hold.id + 1) is None
    assert holds.wait_for_a_person(sync)
