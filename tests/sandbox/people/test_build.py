"""The demo's people are what the demo says they are, counted from the data alone."""

from collections import Counter, defaultdict

import pytest

from bothways.records import normal_phone
from bothways.sandbox.people import Book, build
from bothways.sandbox.people.vcard import Line, cards_in, first, name_of, parts


@pytest.fixture(scope="module")
def book() -> Book:
    return build()


@pytest.fixture(scope="module")
def cards(book: Book) -> list[list[Line]]:
    return [list(lines) for text in book.cards.values() for lines in cards_in(text)]


def by_email(cards: list[list[Line]]) -> dict[str, list[list[Line]]]:
    held = defaultdict(list)
    for lines in cards:
        if first(lines, "EMAIL"):
            held[first(lines, "EMAIL").lower()].append(lines)
    return held


def in_common(book: Book, cards: list[list[Line]]) -> list[tuple[dict[str, str], list[Line]]]:
    held = by_email(cards)
    found = [(contact, held.get(contact.get("email", "").lower(), [])) for contact in book.contacts]
    return [(dict(contact), those[0]) for contact, those in found if len(those) == 1]


def test_six_hundred_contacts_and_four_hundred_cards(book, cards):
    assert len(book.contacts) == 600
    assert len(book.cards) == len(cards) == 400
    assert len({first(lines, "UID") for lines in cards}) == 400


def test_three_hundred_people_are_in_both(book, cards):
    assert len(in_common(book, cards)) == 300


def test_of_these_names_and_the_case_of_addresses_differ(book, cards):
    for contact, lines in in_common(book, cards):
        name = name_of(lines)
        assert (contact["firstname"], contact["lastname"]) != (name["given"], name["family"])
        assert contact["email"] != first(lines, "EMAIL")


def test_of_these_telephone_numbers_are_the_same_in_another_form(book, cards):
    for contact, lines in in_common(book, cards):
        assert contact["phone"] != first(lines, "TEL")
        assert normal_phone(contact["phone"]) == normal_phone(first(lines, "TEL")) is not None


def test_ten_addresses_of_contacts_are_held_by_two_cards(book, cards):
    held = Counter({email: len(those) for email, those in by_email(cards).items()})
    several = {email for email, count in held.items() if count == 2}
    assert max(held.values()) == 2
    assert len(several) == len(several & {contact.get("email") for contact in book.contacts}) == 10


def test_thirty_have_no_address(book, cards):
    without = [contact for contact in book.contacts if "email" not in contact]
    assert len(without) + sum(not first(lines, "EMAIL") for lines in cards) == 30


def test_no_two_contacts_have_one_address(book):
    emails = [contact["email"].lower() for contact in book.contacts if "email" in contact]
    assert len(set(emails)) == len(emails)


def test_each_book_knows_something_of_common_people_that_the_other_does_not(book, cards):
    pairs = in_common(book, cards)
    assert any("city" not in contact and parts(lines, "ADR")[3] for contact, lines in pairs)
    assert any("jobtitle" in contact and not first(lines, "TITLE") for contact, lines in pairs)
    assert any("jobtitle" not in contact and first(lines, "TITLE") for contact, lines in pairs)


def test_the_same_books_every_time(book):
    again = build()
    assert again.contacts == book.contacts
    assert again.cards == book.cards
