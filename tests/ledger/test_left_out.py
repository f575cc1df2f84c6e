"""Records that a person has left out: rows of who is kept apart, with who said so, and when."""

from dataclasses import replace

import pytest

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, holds, left_out, links
from bothways.ledger.holds import HoldRow
from bothways.ledger.left_out import LeftOut
from bothways.ledger.models import Sync

L, R = SIDES
BY_ANA = LeftOut(12.5, "Ana Ruiz", 7)


def held(side: Side, id: str = "one") -> HoldRow:
    data = {"candidates": [["right", "r1"]], "chosen": "r1"}
    return HoldRow(side, id, "R7", "2 possible matches", "match", link_id=3, id=7, opened_at=1.5, data=data)


def leave_out(sync: Sync, hold: HoldRow, author: str = "Ana Ruiz") -> None:
    with db.transaction_():
        left_out.leave_out(sync, hold, author, 12.5)


@pytest.mark.parametrize("side", SIDES)
def test_left_out_is_a_record_of_one_side_that_belongs_to_nobody(sync: Sync, side: Side) -> None:
    leave_out(sync, held(side))
    assert left_out.of_records(sync, side, ["one", "two"]) == {"one": BY_ANA}
    assert left_out.of_records(sync, side.other, ["one"]) == {}
    assert links.apart(sync, side, ["one"]) == {"one": {""}}
    assert BY_ANA.why == "Ana Ruiz left it out"


def test_kept_apart_is_not_left_out_and_is_by_the_last_word(sync: Sync) -> None:
    with db.transaction_():
        links.keep_apart(sync, [("one", ""), ("two", "r2")])
    assert left_out.of_records(sync, L, ["one", "two"]) == {}
    for author in ("Olga", "Ana Ruiz"):
        leave_out(sync, held(L), author)
    assert left_out.of_records(sync, L, ["one"]) == {"one": BY_ANA}
    links.forget_apart(sync, L, "one", [""])
    assert left_out.of_records(sync, L, ["one"]) == {}
    assert links.apart(sync, L, ["two"]) == {"two": {"r2"}}


def test_it_is_found_by_the_hold_that_it_was(sync: Sync) -> None:
    leave_out(sync, held(R))
    found = left_out.by_hold(7)
    assert found is not None
    id, hold = found
    assert (id, hold.side, hold.record_id, hold.id) == (sync.pk, R, "one", 7)
    assert (hold.kind, hold.reason, hold.opened_at) == (left_out.KIND, "Ana Ruiz left it out", 12.5)
    assert left_out.by_hold(8) is None


@pytest.mark.parametrize("side", SIDES)
def test_taken_back_it_is_held_as_it_was_but_for_what_was_chosen(sync: Sync, side: Side) -> None:
    leave_out(sync, held(side))
    for was_out in (True, False):
        with db.transaction_():
            assert left_out.take_back(sync, side, "one") is was_out
    assert holds.of_records(sync, side, ["one"]) == [replace(held(side), data={"candidates": [["right", "r1"]]})]
    assert links.apart(sync, side, ["one"]) == {}


def test_taken_back_while_it_is_held_it_is_held_once(sync: Sync) -> None:
    with db.transaction_():
        holds.put(sync, held(L), 1.5)
    (open_,) = holds.of_records(sync, L, ["one"])
    leave_out(sync, open_)
    with db.transaction_():
        left_out.take_back(sync, L, "one")
    assert holds.of_records(sync, L, ["one"]) == [open_]
