"""Phone numbers in the form in which they are compared."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records import normal_phone
from bothways.records.normal import phone
from tests.records.normal.vectors import vectors
from tests.records.strategies import texts

FORMATS = vectors("phone_vectors/formats.csv")


def keys_made(form: str, with_country: bool) -> Counter[str]:
    """Count the numbers of one written form by what normal_phone makes of them."""
    counts: Counter[str] = Counter()
    for row in FORMATS:
        if row["form"] == form:
            got = normal_phone(row["input"], row["region"] if with_country else None)
            wanted = row["expected_e164"] + (";ext=12" if form == "ext" else "")
            counts["right" if got == wanted else "none" if got is None else "wrong"] += 1
    return counts


@pytest.mark.parametrize("with_country", [False, True])
@pytest.mark.parametrize("form", ["e164", "intl", "rfc3966", "ext", "00"])
def test_international_forms_give_e164_whether_the_country_is_known_or_not(form: str, with_country: bool) -> None:
    assert keys_made(form, with_country) == {"right": 673}


@pytest.mark.parametrize("with_country", [False, True])
def test_the_zero_in_brackets_is_left_out(with_country: bool) -> None:
    assert keys_made("paren0", with_country) == {"right": 271}


def test_national_form_needs_a_country() -> None:
    assert keys_made("national", with_country=True) == {"right": 673}
    assert keys_made("national", with_country=False) == {"none": 673}


def test_bare_digits_count_as_international_where_no_country_reads_them_otherwise() -> None:
    assert keys_made("digits", with_country=False) == {"right": 673}
    assert keys_made("digits", with_country=True)["right"] == 664


def test_numbers_that_the_library_calls_equal_or_different() -> None:
    for row in vectors("phone_vectors/is_number_match.csv"):
        left, right = normal_phone(row["a"]), normal_phone(row["b"])
        if row["libphonenumber_result"] in ("NO_MATCH", "NOT_A_NUMBER"):
            assert left is None or left != right, row
        elif row["libphonenumber_result"] == "EXACT_MATCH":
            assert left == right, row


@pytest.mark.parametrize(
    ("text", "region", "wanted"),
    [
        ("0049 30 123456 ext 78", None, "+4930123456;ext=78"),
        ("tel:331-6005;isub=1234;phone-context=abc.nz", None, None),
        ("(473) 269-1234", None, None),
        ("020 7946 0018", "gb", "+442079460018"),
        ("\u202a+44 20 7946 0018\u202c", None, "+442079460018"),
        ("020 7946 0018", "XX", None),
        ("call me", "GB", None),
        ("112", "DE", None),
        ("", None, None),
        ("+" * 300, None, None),
    ],
)
def test_phone(text: str, region: str | None, wanted: str | None) -> None:
    assert normal_phone(text, region) == wanted


@given(texts, st.sampled_from([None, "AU", "US", "DE"]))
def test_the_normal_phone_of_a_normal_phone_is_itself(text: str, region: str | None) -> None:
    normal = normal_phone(text, region)
    if normal is not None:
        assert normal_phone(normal) == normal_phone(normal, region) == normal


@pytest.mark.parametrize("with_country", [False, True])
def test_the_short_way_ends_where_the_library_does(with_country: bool) -> None:
    for row in FORMATS:
        region = row["region"] if with_country else None
        assert normal_phone(row["input"], region) == phone._by_library(row["input"], region), row


def test_most_numbers_go_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(phone, "_by_library", lambda text, region: asked.append(text))
    common = [row for row in FORMATS if row["form"] in ("e164", "intl", "national")]
    for row in common:
        normal_phone.__wrapped__(row["input"], row["region"])
    assert len(asked) < len(common) / 10


@st.composite
def misdialled(draw: st.DrawFn) -> str:
    """Return a number of some country, or something that looks like one: digits changed, lost or put before it."""
    number = draw(st.sampled_from(FORMATS))["expected_e164"]
    code, rest = number[: draw(st.integers(2, 4))], number[draw(st.integers(1, 4)) :]
    wrong = draw(st.text("0123456789", max_size=2))
    start = draw(st.sampled_from(["+", "", "0", "00", "+0", "(0)", code, f"{code} (0)", f"00{code[1:]}-", "011"]))
    return start + wrong + rest[draw(st.integers(0, 2)) :]


@given(misdialled(), st.sampled_from([None, "US", "GB", "GG", "DE", "IT", "BR", "AR", "HU", "KZ", "RU", "AU", "XX"]))
def test_the_short_way_says_nothing_else_of_wrong_numbers(text: str, region: str | None) -> None:
    assert normal_phone(text, region) == phone._by_library(text, region)
