"""Texts cleaned: each way by itself, and the promise of all of them that cleaning again changes nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.records import CASES, CLEANERS, clean
from tests.records.strategies import texts, values

ways = st.lists(st.sampled_from(sorted(CLEANERS)), max_size=4, unique=True)
regions = st.sampled_from([None, "CH", "US"])


@pytest.mark.parametrize(
    ("name", "text", "cleaned"),
    [
        ("trim", "  Ann  Lee ", "Ann  Lee"),
        ("lower", "Ann@X.Test", "ann@x.test"),
        ("upper", "ch-8000", "CH-8000"),
        ("title", "anna-lena VAN DER berg", "Anna-Lena Van Der Berg"),
        ("title", "o'brien d\u2019angelo", "O'Brien D\u2019Angelo"),
        ("title", "IT'S élan", "It's Élan"),
        ("title", "3rd STREET", "3rd Street"),
        ("phone_e164", "+41 44 668 18 00", "+41446681800"),
        ("phone_e164", "0041 44 668 18 00", "+41446681800"),
        ("phone_e164", "ask Ann", "ask Ann"),
        ("phone_e164", "+1 415 555 2671 ext. 9", "+1 415 555 2671 ext. 9"),
        ("date", "31.12.2026", "2026-12-31"),
        ("date", "1. 2. 2026", "2026-02-01"),
        ("date", "2026/1/2", "2026-01-02"),
        ("date", "2026-01-02T00:00:00Z", "2026-01-02"),
        ("date", "2026-01-02T10:00:00Z", "2026-01-02T10:00:00Z"),
        ("date", "1/2/2026", "1/2/2026"),
        ("date", "31.02.2026", "31.02.2026"),
    ],
)
def test_each_way_does_what_its_name_says_and_leaves_what_it_cannot_do(name: str, text: str, cleaned: str) -> None:
    assert clean(text, [name]) == cleaned


def test_a_national_number_needs_its_country() -> None:
    assert clean("044 668 18 00", ["phone_e164"]) == "044 668 18 00"
    assert clean("044 668 18 00", ["phone_e164"], "CH") == "+41446681800"


def test_ways_are_taken_in_their_order() -> None:
    assert clean(" 31.12.2026 ", ["trim", "date"]) == "2026-12-31"
    assert clean(" ann ", ["trim", "upper"]) == "ANN"


@settings(max_examples=300)
@given(texts | st.text(), ways, regions)
def test_cleaning_again_changes_nothing(text: str, names: list[str], region: str | None) -> None:
    cleaned = clean(text, names, region)
    assert clean(cleaned, names, region) == cleaned


@given(values, ways)
def test_what_is_no_text_stays_as_it_is(value: object, names: list[str]) -> None:
    cleaned = clean(value, names)  # type: ignore[arg-type]
    assert isinstance(cleaned, str) or cleaned is value


@given(st.text(), ways)
def test_a_text_is_never_cleaned_away(text: str, names: list[str]) -> None:
    assert bool(str(clean(text, names)).strip()) == bool(text.strip())


def test_every_way_of_writing_letters_is_one() -> None:
    assert set(CASES) <= set(CLEANERS)
