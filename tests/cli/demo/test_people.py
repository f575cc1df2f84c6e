"""The demo's own comparison finds what is not equal: its proof is worth something."""

from dataclasses import replace

import pytest

from bothways.cli.demo.people import Person, Snapshot, compared

ANN = Person("Ann", "Example", "ann@example.com", "+61 (2) 5550 0001", "Buyer", "1 Main Street", "Perth", "WA", "6000")
BEN = Person("Ben", "Example", "", "+61 2 5550 0002")


def books(contacts: list[Person], cards: list[Person]) -> Snapshot:
    return Snapshot(dict(zip("abcdef", contacts, strict=False)), dict(zip("uvwxyz", cards, strict=False)), {})


def test_equal_books():
    found = compared(books([ANN, BEN], [BEN, ANN]))
    assert (found.pairs, found.differences, found.unclear, found.alone) == (2, [], [], [])


def test_the_case_of_an_address_and_the_form_of_a_number_are_no_difference():
    card = replace(ANN, email="Ann@Example.com", phone="0061255500001")
    assert not compared(books([ANN], [card])).differences


@pytest.mark.parametrize("field", ["given", "family", "phone", "title", "street", "city", "state", "postcode"])
def test_any_other_difference_is_found(field):
    found = compared(books([ANN], [replace(ANN, **{field: "9"})]))
    assert len(found.differences) == 1
    assert found.differences[0].startswith(f"ann@example.com: {field} is")


def test_a_value_missing_on_one_side_is_a_difference():
    assert compared(books([ANN], [replace(ANN, title="")])).differences


def test_somebody_in_one_book_alone_is_found():
    assert compared(books([ANN, BEN], [ANN])).alone == ["Ben Example"]


def test_somebody_twice_is_found():
    found = compared(books([ANN], [ANN, replace(ANN, email="ANN@example.com")]))
    assert found.unclear == ["ann@example.com"]
    assert found.pairs == 0


def test_what_was_touched_is_everything_changed_or_new():
    before, after = books([ANN, BEN], [ANN]), books([ANN, replace(BEN, title="Owner")], [ANN, BEN])
    assert after.touched_since(before) == {"Ben Example"}
    assert not after.touched_since(after)
