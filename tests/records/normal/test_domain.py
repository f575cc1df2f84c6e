"""The domain that stands for a company."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records.normal import company_domain, is_free_mail
from tests.records.normal.vectors import vectors
from tests.records.strategies import texts


def test_the_vectors_of_the_public_suffix_list() -> None:
    rows = vectors("matching/psl_vectors/test_psl.csv")
    assert len(rows) == 78
    for row in rows:
        wanted = row["registrable_domain"]
        assert company_domain(row["input"]) == (wanted.encode("idna").decode("ascii") or None), row


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("acme.com", "acme.com"),
        ("https://www.ACME.com/about?x=1", "acme.com"),
        ("http://user:secret@shop.acme.co.uk:8080/#top", "acme.co.uk"),
        ("//acme.com", "acme.com"),
        ("acme.com.", "acme.com"),
        ("www.acme.com/a@b", "acme.com"),
        ("Ann Lee <ann@mail.acme.com>", "acme.com"),
        ("mailto:ann@acme.com", "acme.com"),
        ("acme.com\u200b", "acme.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("shop-a.myshopify.com", "shop-a.myshopify.com"),
        ("www.shop-a.myshopify.com", "shop-a.myshopify.com"),
        ("myshopify.com", None),
        ("co.uk", None),
        ("gmail.com", None),
        ("ann@hey.com", None),
        ("abc@privaterelay.appleid.com", None),
        ("starbucks.com", "starbucks.com"),
        ("https://www.linkedin.com/company/caferio", None),
        ("linktr.ee/acme", None),
        ("https://www.amazon.de/stores/acme", None),
        ("192.0.2.7", None),
        ("http://[2001:db8::1]/", None),
        ("localhost", None),
        ("printer.local", None),
        ("Acme", None),
        ("Acme Ltd. London", None),
        ("a" * 300 + ".com", None),
        ("", None),
        (None, None),
    ],
)
def test_domain(text: str | None, wanted: str | None) -> None:
    assert company_domain(text) == wanted


@given(
    st.one_of(
        texts,
        st.emails(),
        st.text(alphabet="aAé.:/@?-<> \u3002", max_size=14),
        st.from_regex(r"[a-z.]{1,9}\.(com|co\.uk|ck)"),
    )
)
def test_the_domain_of_a_domain_is_itself(text: str) -> None:
    domain = company_domain(text)
    if domain is not None:
        assert (
            company_domain(domain)
            == company_domain(f"https://www.{domain}/")
            == company_domain(f"a@{domain}")
            == domain
        )


def test_free_mail_is_told_from_companies_mail() -> None:
    assert is_free_mail("ann@gmail.com")
    assert is_free_mail("ann@tutanota.com")
    assert not is_free_mail("ann@example.com")
