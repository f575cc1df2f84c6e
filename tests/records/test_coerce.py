"""A value for another field is what that field can hold, with every loss said, or it is refused."""

import re

import pytest
from hypothesis import assume, given

from bothways.records import CannotCoerce, Field, FieldType, Option, Value, coerce, coercion_between, is_blank, same
from bothways.records.coerce import COERCIONS
from tests.records.strategies import fields, values

T = FieldType
COLOURS = (
    Option("r", "Red"),
    Option("g", "Green"),
    Option("g2", "green"),
    Option("true", "Yes"),
    Option("false", "No"),
)

CONVERTED = [
    (T.TEXT, T.TEXT, " Ann ", " Ann "),
    (T.TEXT, T.EMAIL, "Ann@Example.com", "Ann@Example.com"),
    (T.TEXT, T.EMAIL, " Ann@Example.com ", "Ann@Example.com"),
    (T.PHONE, T.PHONE, "+41 44 668 18 00\n", "+41 44 668 18 00"),
    (T.TEXT, T.URL, "\u00a0https://example.com", "https://example.com"),
    (T.TEXT, T.NUMBER, " 12.50 ", "12.50"),
    (T.NUMBER, T.NUMBER, 1e3, "1000.0"),
    (T.NUMBER, T.TEXT, 12, "12"),
    (T.NUMBER, T.TEXT, "12.50", "12.50"),
    (T.NUMBER, T.TEXT, "1.5e+06", "1500000"),
    (T.NUMBER, T.TEXT, "n/e", "n/e"),
    (T.BOOLEAN, T.TEXT, 1, "true"),
    (T.BOOLEAN, T.TEXT, "maybe", "maybe"),
    (T.BOOLEAN, T.NUMBER, "true", "1"),
    (T.TEXT, T.BOOLEAN, "No", False),
    (T.NUMBER, T.NUMBER, "1e400", f"1{'0' * 400}"),
    (T.DATE, T.DATE, "20260102", "2026-01-02"),
    (T.DATE, T.DATETIME, "2026-01-02", "2026-01-02T00:00:00.000Z"),
    (T.DATETIME, T.DATETIME, "2026-01-02T05:04:05.5+02:00", "2026-01-02T03:04:05.500Z"),
    (T.DATETIME, T.DATE, "2026-01-02T00:00:00Z", "2026-01-02"),
    (T.TEXT, T.DATE, "1990-05-17T00:00:00+02:00", "1990-05-17"),
    (T.DATETIME, T.TEXT, 1767323045678, "2026-01-02T03:04:05.678Z"),
    (T.MULTI_CHOICE, T.TEXT, ["b", "a"], "a;b"),
    (T.TEXT, T.MULTI_CHOICE, "a; b;", ["a", "b"]),
    (T.CHOICE, T.MULTI_CHOICE, "a", ["a"]),
    (T.MULTI_CHOICE, T.MULTI_CHOICE, ";", None),
    (T.LABELLED, T.LABELLED, [{"value": "x"}], [{"value": "x"}]),
    (T.REFERENCE, T.TEXT, 42, "42"),
]


@pytest.mark.parametrize(("source", "target", "value", "wanted"), CONVERTED)
def test_converts_without_loss(source: FieldType, target: FieldType, value: Value, wanted: Value) -> None:
    coerced = coerce(value, Field("from", source), Field("to", target))
    assert coerced.value == wanted
    assert type(coerced.value) is type(wanted)
    assert coerced.lost == ()


LOSSES = [
    (Field("from"), Field("to", max_length=5), "Christopher", "Chris", "6 characters beyond 5"),
    (Field("from"), Field("to", max_length=4), " ab cd", "ab c", "1 characters beyond 4"),
    (
        Field("from", T.NAMED),
        Field("to", max_length=4),
        {"value": "Acme Inc", "ids": ["1"]},
        "Acme",
        "4 characters beyond 4",
    ),
    (Field("from", T.JOINED), Field("to", max_length=5), ["Ann", "Lee"], "Ann L", "2 characters beyond 5"),
    (Field("from", T.DATETIME), Field("to", T.DATE), "2026-01-02T23:30:00-02:00", "2026-01-03", "the time of day"),
    (Field("from"), Field("to", T.DATE), "2026-01-02T15:00", "2026-01-02", "the time of day"),
    (
        Field("from", T.DATETIME),
        Field("to", T.DATETIME, precision=60),
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:00.000Z",
        "the time below 60 s",
    ),
    (Field("from", T.NUMBER), Field("to", T.NUMBER, precision=2), "1.239", "1.24", "decimals beyond 2"),
    (Field("from"), Field("to", T.NUMBER), "04109", "4109", "leading zeros"),
]


@pytest.mark.parametrize(("source", "target", "value", "wanted", "lost"), LOSSES)
def test_says_what_is_lost(source: Field, target: Field, value: Value, wanted: Value, lost: str) -> None:
    coerced = coerce(value, source, target)
    assert coerced.value == wanted
    assert coerced.lost == (lost,)


@pytest.mark.parametrize("value", ["12.5", "12.50", 12.5])
def test_a_number_that_fits_keeps_its_digits(value: Value) -> None:
    coerced = coerce(value, Field("from", T.NUMBER), Field("to", T.NUMBER, precision=2))
    assert coerced.value == str(value)
    assert coerced.lost == ()


@pytest.mark.parametrize("decimals", [0, 600, 1000])
def test_longest_number_is_rounded_to_as_many_decimals_as_a_database_can_keep(decimals: int) -> None:
    """A numeric of PostgreSQL keeps up to 1,000 of them."""
    coerced = coerce("1e400", Field("from", T.NUMBER), Field("to", T.NUMBER, precision=decimals))
    assert same(coerced.value, Field("to", T.NUMBER), "1e400")


def test_blanks_around_a_text_that_else_fits_are_no_loss() -> None:
    coerced = coerce("   Ann   ", Field("from"), Field("to", max_length=3))
    assert (coerced.value, coerced.lost) == ("Ann", ())


REFUSED = [
    (Field("from"), Field("to", T.NUMBER), "1,000", '"1,000" is not a number'),
    (Field("from"), Field("to", T.NUMBER), "1e999999999", "is not a number"),
    (Field("from"), Field("to", T.NUMBER), "1_000", "is not a number"),
    (Field("from"), Field("to", T.BOOLEAN), "perhaps", '"perhaps" is not yes or no'),
    (Field("from", T.BOOLEAN), Field("to", T.BOOLEAN), "n/a", '"n/a" is not yes or no'),
    (Field("from"), Field("to", T.DATE), "next week", '"next week" is not a date'),
    (Field("from"), Field("to", T.DATE), "4155552671", '"4155552671" is not a date'),
    (Field("from"), Field("to", T.DATETIME), "4155552671", '"4155552671" is not a date and time'),
    (Field("from"), Field("to", T.DATE), "9999-12-31T23:59:59-05:00", '-05:00" is not a date'),
    (Field("from"), Field("to", T.DATE), "0001-01-01T00:30:00+14:00", '+14:00" is not a date'),
    (Field("from", T.DATE), Field("to", T.DATE), "--0415", '"--0415" is not a date'),
    (Field("from", T.DATE), Field("to", T.DATE), "2026-01-02T15:00:00Z", "is not a date"),
    (
        Field("from"),
        Field("to", T.EMAIL, max_length=9),
        "ann@example.com",
        "longer than the 9 characters that to holds",
    ),
    (Field("from", T.PHONE), Field("to", T.PHONE, max_length=5), "+61298765432", "longer than the 5 characters"),
    (Field("from", T.NUMBER), Field("to", T.NUMBER, max_length=3), "12345", "longer than the 3 characters"),
    *(
        (
            Field("from", kind, items=T.EMAIL),
            Field("to", max_length=3),
            value,
            "longer than the 3 characters that to holds",
        )
        for kind, value in (
            (T.NUMBER, "12345"),
            (T.PHONE, "+61298765432"),
            (T.EMAIL, "ann@example.com"),
            (T.URL, "https://example.com"),
            (T.DATE, "2026-01-02"),
            (T.DATETIME, "2026-01-02T03:04:05Z"),
            (T.BOOLEAN, "false"),
            (T.CHOICE, "gold"),
            (T.MULTI_CHOICE, "red;green"),
            (T.REFERENCE, "12345"),
            (T.NAMED, {"value": "ann@example.com", "ids": ["1"]}),
        )
    ),
    *(
        (Field("from"), Field("to", T.DATE), text, f'"{text}" is not a date')
        for text in ("2024-01-01/02", "2024-01-01-02", "2024-01-01x05", "20240101-05", "2024-01-01+02")
    ),
    (Field("from"), Field("to"), ["a", "b"], "to holds one value, not several"),
    (Field("from"), Field("to", T.CHOICE, label="Colour", options=COLOURS), "Blue", "not one of the choices of Colour"),
    (Field("from"), Field("to", T.CHOICE, options=COLOURS), "GREEN", "not one of the choices of to"),
    (Field("from"), Field("to", T.MULTI_CHOICE, options=COLOURS), "r;Blue", '"Blue" is not one of the choices'),
    (Field("from", T.NUMBER), Field("to", T.DATE), 5, "number cannot be turned into date"),
    (Field("from", T.LABELLED), Field("to"), [{"value": "x"}], "labelled values cannot be turned into text"),
]


@pytest.mark.parametrize(("source", "target", "value", "message"), REFUSED)
def test_refuses_rather_than_guess(source: Field, target: Field, value: Value, message: str) -> None:
    with pytest.raises(CannotCoerce, match=re.escape(message)):
        coerce(value, source, target)


@pytest.mark.parametrize(("value", "key"), [("r", "r"), ("red", "r"), (" Green ", None), ("g", "g")])
def test_a_choice_is_found_by_its_key_or_else_its_only_label(value: str, key: str | None) -> None:
    target = Field("to", T.CHOICE, options=COLOURS)
    if key is None:
        with pytest.raises(CannotCoerce):
            coerce(value, Field("from"), target)
    else:
        assert coerce(value, Field("from"), target).value == key


def test_a_choice_is_found_by_its_key_in_other_letters_where_that_is_not_ambiguous() -> None:
    currency = Field("to", T.CHOICE, options=(Option("EUR", "Euro"), Option("USD", "eur"), Option("x"), Option("X")))
    assert coerce("usd", Field("from"), currency).value == "USD"
    assert coerce("eur", Field("from"), currency).value == "USD", "the label goes first"
    assert coerce("X", Field("from"), currency).value == "X"
    twice = Field("to", T.CHOICE, options=(Option("aA"), Option("Aa")))
    with pytest.raises(CannotCoerce):
        coerce("AA", Field("from"), twice)


def test_a_boolean_becomes_the_choice_that_says_it() -> None:
    assert coerce(True, Field("from", T.BOOLEAN), Field("to", T.CHOICE, options=COLOURS)).value == "true"
    labels = (Option("y", "true"), Option("n", "false"))
    assert coerce("No", Field("from", T.BOOLEAN), Field("to", T.CHOICE, options=labels)).value == "n"


@pytest.mark.parametrize("value", [";", " ; ; "])
def test_text_of_nothing_but_separators_is_no_choice_at_all(value: str) -> None:
    assert coerce(value, Field("from"), Field("to", T.MULTI_CHOICE, options=COLOURS)).value is None


def test_several_values_pass_between_fields_that_hold_several() -> None:
    field = Field("f", multi_valued=True)
    assert coerce(["a", "b"], field, field).value == ["a", "b"]


@given(values, fields, fields)
def test_what_comes_out_fits_the_field(value: Value, source: Field, target: Field) -> None:
    try:
        coerced = coerce(value, source, target)
    except CannotCoerce:
        assume(False)
    assert all(coerced.lost)
    assert not is_blank(coerced.value) or coerced.value is None
    if isinstance(coerced.value, str) and target.max_length is not None:
        assert len(coerced.value) <= target.max_length


@given(values, fields, fields)
def test_what_a_field_holds_is_held_again_without_loss(value: Value, source: Field, target: Field) -> None:
    try:
        once = coerce(value, source, target)
    except CannotCoerce:
        assume(False)
    assume(target.type is not T.NAMED)  # a record is looked for by a name, and never told by one
    again = coerce(once.value, target, target)
    assert same(again.value, target, once.value)
    assert again.lost == ()


@given(values, fields, fields)
def test_nothing_is_made_of_nothing_and_something_never_becomes_nothing(
    value: Value, source: Field, target: Field
) -> None:
    try:
        coerced = coerce(value, source, target)
    except CannotCoerce:
        assume(False)
    blank = is_blank(value) or (T.MULTI_CHOICE in (source.type, target.type) and set(str(value)) <= set("; \r\n"))
    if is_blank(value):
        assert coerced.value is None
    elif not blank and not isinstance(value, list):
        assert coerced.value is not None


@given(values, fields)
def test_a_value_keeps_its_meaning_where_nothing_is_lost(value: Value, field: Field) -> None:
    try:
        coerced = coerce(value, field, field)
    except CannotCoerce:
        assume(False)
    if not coerced.lost and not field.options:
        assert same(coerced.value, field, value)


@pytest.mark.parametrize("value", ["2020-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"])
def test_a_date_that_is_no_day_in_utc_is_not_taken_for_one(value: str) -> None:
    day = Field("day", T.DATE)
    with pytest.raises(CannotCoerce):
        coerce(value, day, day)


def test_a_mapping_that_always_loses_something_says_so_beforehand() -> None:
    coercion = coercion_between(T.DATETIME, T.DATE)
    assert coercion is not None
    assert coercion.loses == "the time of day"


@pytest.mark.parametrize("kind", list(T))
def test_every_type_goes_with_itself(kind: FieldType) -> None:
    assert coercion_between(kind, kind) is not None


def test_record_by_its_name_goes_with_what_can_be_a_name() -> None:
    by_name = {each.source for each in COERCIONS.values() if each.target is T.NAMED}
    assert (
        by_name == {T.TEXT, T.EMAIL, T.NAMED} == {each.target for each in COERCIONS.values() if each.source is T.NAMED}
    )
    by_its_name = Field("owner > email", T.NAMED, refers_to="owners", items=T.EMAIL)
    with pytest.raises(CannotCoerce, match="was not looked up among owners"):
        coerce({"value": "a@x.test", "ids": ["1"]}, by_its_name, by_its_name)


@pytest.mark.parametrize(("source", "target"), [(T.LABELLED, T.TEXT), (T.NUMBER, T.DATE), (T.MULTI_CHOICE, T.CHOICE)])
def test_types_that_do_not_go_together(source: FieldType, target: FieldType) -> None:
    assert coercion_between(source, target) is None
