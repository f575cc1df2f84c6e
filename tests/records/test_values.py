"""Two values are the same when their canonical forms are, whatever shape the app gave them in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records import Field, FieldType, Value, canonical, is_blank, may_be_rewriting, same
from tests.records.strategies import fields, values

T = FieldType


@pytest.mark.parametrize("value", [None, "", "  \t\n", [], ["", None, [" "]], {"value": " "}, [{"value": ""}], {}])
def test_blank(value: Value) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, False, 0.0, "0", "-", ["", "x"], {"value": 0}, {"street": "High Street"}])
def test_not_blank(value: Value) -> None:
    assert not is_blank(value)


SAME = [
    (T.TEXT, "Zoe\u0308", "Zo\u00eb"),
    (T.TEXT, "  two\r\nlines ", "two\nlines"),
    (T.TEXT, "two\rlines\r", "two\nlines"),
    (T.TEXT, "", None),
    (T.TEXT, 5, "5"),
    (T.NUMBER, "5", 5),
    (T.NUMBER, 5.0, "5"),
    (T.NUMBER, "1e3", "1000.00"),
    (T.NUMBER, "0.10", 0.1),
    (T.NUMBER, "-0", 0),
    (T.BOOLEAN, "true", True),
    (T.BOOLEAN, "Yes", 1),
    (T.BOOLEAN, "No", "false"),
    (T.DATE, "2026-01-02", "20260102"),
    (T.DATE, "2026-01-02", "2026-01-02T00:00:00Z"),
    (T.DATE, "2026-01-02", 1767312000000),
    (T.DATETIME, "2026-01-02T03:04:05Z", "2026-01-02T04:04:05.000+0100"),
    (T.DATETIME, "2026-01-02T03:04:05.678Z", 1767323045678),
    (T.DATETIME, "2026-01-02 03:04:05", "2026-01-02T03:04:05+00:00"),
    (T.CHOICE, "lead ", "lead"),
    (T.MULTI_CHOICE, "b;a", ["a", "b"]),
    (T.MULTI_CHOICE, ";", None),
    (T.EMAIL, "Ann@Example.com", '"Ann Lee" <ann@example.COM>'),
    (T.PHONE, "+1 (415) 555-2671", "0014155552671"),
    (T.PHONE, "12 (34)", "12-34"),
    (T.URL, "HTTPS://Example.COM/", "https://example.com"),
    (T.LABELLED, [{"value": "A", "label": "work"}, {"value": "b"}], [{"value": "B"}, {"value": "a"}]),
]


@pytest.mark.parametrize(("kind", "left", "right"), SAME)
def test_equal_in_canonical_form(kind: FieldType, left: Value, right: Value) -> None:
    assert same(left, Field("f", kind), right)


DIFFERENT = [
    (T.TEXT, "Ann", "ann"),
    (T.TEXT, "a  b", "a b"),
    (T.NUMBER, "5", "-5"),
    (T.NUMBER, "123456789012345678901234567890", "123456789012345678901234567891"),
    (T.NUMBER, "n/a", None),
    (T.NUMBER, "1_000", "1000"),
    (T.BOOLEAN, "maybe", False),
    (T.BOOLEAN, False, None),
    (T.DATE, "2026-01-02", "2026-01-02T15:00:00Z"),
    (T.DATE, "2026-01-02", "2026-01-02T00:00:00+02:00"),
    (T.DATE, "--0415", "2026-04-15"),
    (T.DATETIME, "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.679Z"),
    (T.CHOICE, "Lead", "lead"),
    (T.EMAIL, "ann.lee@example.com", "annlee@example.com"),
    (T.EMAIL, "ann+a@example.com", "ann+b@example.com"),
    (T.PHONE, "+1 415 555 2671", "+1 415 555 2672"),
    (T.PHONE, "+1 415 555 2671", "+1 415 555 2671 ext 5"),
    (T.URL, "https://example.com/A", "https://example.com/a"),
    (T.URL, "https://Ann:Secret@example.com", "https://ann:secret@example.com"),
    (T.LABELLED, [{"value": "a"}], [{"value": "a"}, {"value": "b"}]),
]


@pytest.mark.parametrize(("kind", "left", "right"), DIFFERENT)
def test_different_in_canonical_form(kind: FieldType, left: Value, right: Value) -> None:
    assert not same(left, Field("f", kind), right)


def test_national_phone_is_read_in_the_country_of_its_field() -> None:
    assert same("(02) 9876 5432", Field("f", T.PHONE, region="AU"), "+61298765432", Field("f", T.PHONE))
    assert not same("(02) 9876 5432", Field("f", T.PHONE), "+61298765432", Field("f", T.PHONE))


@pytest.mark.parametrize(("grain", "equal"), [(None, False), (1, True), (60, True)])
def test_datetimes_compare_at_the_coarser_precision_of_the_two_sides(grain: float | None, equal: bool) -> None:
    fine, coarse = Field("fine", T.DATETIME, precision=0.001), Field("coarse", T.DATETIME, precision=grain)
    left, right = "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.000Z"
    assert same(left, fine, right, coarse) is equal
    assert same(right, coarse, left, fine) is equal


@given(values, fields, st.sampled_from([None, 1, 60]))
def test_every_value_has_a_hashable_canonical_form_and_blanks_share_none(
    value: Value, field: Field, precision: float | None
) -> None:
    form = canonical(value, field, precision)
    hash(form)
    if is_blank(value):
        assert form is None


@given(values, values, fields, fields)
def test_same_is_symmetric_and_reflexive(left: Value, right: Value, one: Field, other: Field) -> None:
    assert same(left, one, left, one)
    assert same(left, one, right, other) == same(right, other, left, one)


@given(values, values, values, fields)
def test_same_is_transitive(first: Value, second: Value, third: Value, field: Field) -> None:
    if same(first, field, second) and same(second, field, third):
        assert same(first, field, third)


@given(st.text(), st.sampled_from([T.TEXT, T.CHOICE, T.REFERENCE, T.EMAIL, T.URL]))
def test_the_canonical_form_of_a_canonical_text_is_itself(text: str, kind: FieldType) -> None:
    field = Field("f", kind)
    form = canonical(text, field)
    assert form is None or canonical(str(form), field) == form


REWRITINGS = [
    (T.TEXT, "  jean  LUC ", "Jean-Luc", None),
    (T.TEXT, "o'neill", "O’Neill", None),
    (T.PHONE, "+61 2 9876 5432", "(612) 98765432", None),
    (T.URL, "https://example.com/Shop", "https://example.com/shop", None),
    (T.LABELLED, [{"value": "a b"}], [{"value": "A-B"}], None),
    (T.EMAIL, "Ann@Example.com", "ann@example.com", None),
    (T.NUMBER, "5", 5.0, None),
    (T.DATE, "2026-01-02", "20260102", None),
    (T.TEXT, "abcdefghij", "abcd", 4),
    (T.TEXT, "abc defghi", "abc", 4),
    (T.TEXT, "äöüäöü", "äöü", 6),
    (T.TEXT, "\U0001f600\U0001f600ab", "\U0001f600\U0001f600a", 5),
]


@pytest.mark.parametrize(("kind", "written", "seen", "limit"), REWRITINGS)
def test_what_an_app_may_make_of_a_value(kind: FieldType, written: Value, seen: Value, limit: int | None) -> None:
    assert may_be_rewriting(written, seen, Field("f", kind, max_length=limit))


EDITS = [
    (T.TEXT, "Dave", "David", None),
    (T.TEXT, "none", None, None),
    (T.TEXT, None, "None", None),
    (T.TEXT, "Dave", "", None),
    (T.TEXT, "!!", "??", None),
    (T.TEXT, "Bob Smith", "Bob", None),
    (T.TEXT, "Bob Smith", "Bob", 100),
    (T.TEXT, "abcdefghij", "ab", 4),
    (T.TEXT, "abcd", "abcdefghij", 4),
    (T.NUMBER, "5", "-5", None),
    (T.NUMBER, "1.5", "15", None),
    (T.DATE, "2026-01-11", "2026-11-01", None),
    (T.DATETIME, "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", None),
    (T.BOOLEAN, True, False, None),
    (T.CHOICE, "a-b", "ab", None),
    (T.EMAIL, "ann.lee@example.com", "annlee@example.com", None),
    (T.MULTI_CHOICE, "a;b", "ab", None),
]


@pytest.mark.parametrize(("kind", "written", "seen", "limit"), EDITS)
def test_what_only_a_person_makes_of_a_value(kind: FieldType, written: Value, seen: Value, limit: int | None) -> None:
    assert not may_be_rewriting(written, seen, Field("f", kind, max_length=limit))


@given(values, fields)
def test_a_value_that_stayed_is_a_rewriting_of_itself_and_a_lost_one_never(value: Value, field: Field) -> None:
    assert may_be_rewriting(value, value, field)
    if canonical(value, field) is not None:
        assert not may_be_rewriting(value, None, field)
        assert not may_be_rewriting(None, value, field)
