"""E-mail addresses and phone numbers in the form in which they are compared.

The figures hold for the vectors under tests/data; where they come from is said there.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records import is_valid_email, normal_email, normal_phone
from tests.records.strategies import texts

DATA = Path(__file__).parent.parent / "data"


def vectors(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of test vectors."""
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


FORMATS = vectors("phone_vectors/formats.csv")
SYNTAX = vectors("email_vectors/email_validator_syntax.csv")


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


def test_every_valid_address_has_a_normal_form() -> None:
    valid = [row["input"] for row in SYNTAX if row["kind"] == "valid"]
    assert len(valid) == 29
    assert [text for text in valid if normal_email(text) is None] == []


def test_an_address_and_its_standard_form_compare_as_equal() -> None:
    for row in SYNTAX:
        if row["kind"] == "valid":
            assert normal_email(row["input"]) == normal_email(row["expected"])


def test_text_that_no_mailbox_can_have_gives_none() -> None:
    invalid = [row["input"] for row in SYNTAX if "error" in row["kind"]]
    kept = [text for text in invalid if normal_email(text) is not None]
    assert len(invalid) == 92
    assert len(kept) == 35, "wider on purpose: lengths, display names, dots; but no wider than this"
    assert not [text for text in kept if normal_email(text) != normal_email(f" {text.upper()} ")]


def test_providers_rewritings_are_not_taken_for_the_same_mailbox() -> None:
    for row in vectors("email_vectors/normalize_email.csv"):
        normal = normal_email(row["input"])
        if not row["validatorjs_expected"]:
            assert normal is None
        else:
            assert normal is not None
            assert normal.rpartition("@")[0] == row["input"].lower().rpartition("@")[0]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (" Ann.Lee@Acme.example.COM. ", "ann.lee@acme.example.com"),
        ("mailto:ann@example.com", "ann@example.com"),
        ("MAILTO: ann@example.com", "ann@example.com"),
        ('"Lee, Ann" <ANN@example.com>', "ann@example.com"),
        ("ann@\u200bexample.com", "ann@example.com"),
        ("jo@m\u00fcnchen.example.de", "jo@xn--mnchen-3ya.example.de"),
        ("jo@mu\u0308nchen.example.de", "jo@xn--mnchen-3ya.example.de"),
        ("zoe\u0308@example.com", "zo\u00eb@example.com"),
        ("o'neill+crm@example.co.uk", "o'neill+crm@example.co.uk"),
        ("double..dot.@example.jp", "double..dot.@example.jp"),
        ('"ann"@example.com', "ann@example.com"),
        ('"ann lee"@Example.com', '"ann lee"@example.com'),
        ("ann", None),
        ("ann@", None),
        ("@example.com", None),
        ("ann@example", None),
        ("ann@example.-com", None),
        ("ann@example.123", None),
        ("ann@exa mple.com", None),
        ("ann lee@example.com", None),
        ("ann@example.com, bob@example.com", None),
        ("a" * 100_000, None),
        ("a." * 50_000 + "@", None),
        ("", None),
    ],
)
def test_email(text: str, wanted: str | None) -> None:
    assert normal_email(text) == wanted


@given(st.one_of(texts, st.emails(), st.text(alphabet='aAöİ.@"\\<>: -', max_size=12)))
def test_the_normal_email_of_a_normal_email_is_itself(text: str) -> None:
    normal = normal_email(text)
    if normal is not None:
        assert normal_email(normal) == normal
        assert normal == normal.lower()


@given(st.emails())
def test_every_standard_address_is_kept_in_any_case(address: str) -> None:
    normal = normal_email(address)
    assert normal is not None
    assert normal_email(f" <{address.upper()}> ") == normal


@pytest.mark.parametrize("text", ["ann@x.test", " Ann <ANN@Büro.example> ", "mailto:a+b@x.org", '"ann"@x.org'])
def test_an_address_that_can_be_written_to_is_valid(text: str) -> None:
    assert is_valid_email(text)


@pytest.mark.parametrize(
    "text", ["", "ann", "ann@", "@x.org", "ann@localhost", "a..b@x.org", "ann@x.invalid", "a@x.org, b@x.org"]
)
def test_what_nobody_can_be_written_to_by_is_not_valid(text: str) -> None:
    assert not is_valid_email(text)


@given(texts)
def test_whatever_is_valid_has_a_normal_form(text: str) -> None:
    assert not is_valid_email(text) or normal_email(text)
