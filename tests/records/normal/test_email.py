"""E-mail addresses in the form in which they are compared."""

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from bothways.records import normal_email
from bothways.records.normal import email_alias, is_role_address, is_valid_email
from bothways.records.normal.email import _is_usual
from tests.records.normal.vectors import vectors
from tests.records.strategies import texts

SYNTAX = vectors("email_vectors/email_validator_syntax.csv")


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
    assert len(kept) == 28, "wider on purpose: lengths, display names, dots; but no wider than this"
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


def test_the_form_a_provider_delivers_by() -> None:
    rows = vectors("email_vectors/normalize_email.csv")
    others = [row["input"] for row in rows if (email_alias(row["input"]) or "") != row["validatorjs_expected"]]
    assert len(rows) == 30
    assert others == ["hans@m\u7aefller.com"], "ours is in punycode"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("J.O.Kay+crm@googlemail.com", "jokay@gmail.com"),
        ("jo.kay@example.com", "jo.kay@example.com"),
        ("jo+a@example.com", "jo+a@example.com"),
        ("jo_k-ay.x+a@pm.me", "jokayx@proton.me"),
        ("jo-shop@yahoo.co.uk", "jo@yahoo.co.uk"),
        ("+tag@gmail.com", None),
        ("no address", None),
    ],
)
def test_alias(text: str, wanted: str | None) -> None:
    assert email_alias(text) == wanted


@given(st.one_of(texts, st.emails()), st.sampled_from(["gmail.com", "ya.ru", "me.com", "proton.me", "yahoo.de"]))
def test_the_alias_of_an_alias_is_itself(text: str, domain: str) -> None:
    for spelt in (text, f"{text.partition('@')[0]}@{domain}"):
        alias = email_alias(spelt)
        if alias is not None:
            assert email_alias(alias) == normal_email(alias) == alias


@pytest.mark.parametrize(
    "text", ["info@example.com", "Sales@example.com", "mailto:no-reply@example.com", "info+x@example.com"]
)
def test_mailboxes_of_roles(text: str) -> None:
    assert is_role_address(text)


@pytest.mark.parametrize("text", ["ann.lee@example.com", "alexa@example.com", "informer@example.com", "info", ""])
def test_mailboxes_of_people(text: str) -> None:
    assert not is_role_address(text)


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


ATOM = st.text("ab1.-_+!'%", min_size=1, max_size=66)
LABEL = st.one_of(st.text("ab1-", min_size=1, max_size=5), st.sampled_from(["a" * 63, "a" * 64, "xn--a", "a--b"]))
ENDING = st.sampled_from([*SPECIAL_USE_DOMAIN_NAMES, "com", "c", "co1", "c-m", "xn--p1ai", "a" * 63, "a" * 64])


@given(ATOM, st.lists(LABEL, max_size=5), ENDING)
@example("a" * 200, ["b" * 47], "com")
@example("a" * 200, ["b" * 50], "com")
@example("a", ["b" * 63] * 3, "b" * 58)
def test_quick_look_says_valid_only_where_the_library_does(local: str, labels: list[str], ending: str) -> None:
    address = f"{local}@{'.'.join([*labels, ending])}"
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        assert not _is_usual(address)


def test_usual_addresses_need_no_slow_look() -> None:
    for address in ("ann.lee@example.com", "o'neill+x@mail.example.co.uk", "a@x.test"):
        assert _is_usual(address)
