"""What holds for all normal forms: any text has one or none, however long or strange it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records import normal

FORMS = [
    normal.normal_email,
    normal.email_alias,
    normal.normal_phone,
    normal.person_name,
    normal.company_name,
    normal.company_domain,
    normal.sku,
]
DOUBTS = [normal.names_clash, normal.names_related, normal.forms_conflict]


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text())
def test_any_text_has_a_normal_form_or_none(form, text: str) -> None:
    assert form(text) == form(text)
    assert form(text) != ""


@pytest.mark.parametrize("doubt", DOUBTS)
@given(left=st.text(), right=st.text())
def test_doubts_are_mutual_and_nothing_is_in_doubt_against_itself(doubt, left: str, right: str) -> None:
    assert doubt(left, right) is doubt(right, left)
    assert doubt(left, left) is (doubt is normal.names_related)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "part", ["a", "a.", "(", "[(", "@", "ltd ", "dr ", "the ", "a@", "://", "0", "+", "\u0301", "株式会社", ", "]
)
def test_long_texts_do_not_take_long(form, part: str) -> None:
    assert form(part * 50_000) is None or form is normal.sku


@given(st.text(), st.sampled_from("\u200b\u2060\ufeff\u00ad\u202a"), st.integers(0, 20))
def test_signs_that_cannot_be_seen_do_not_count(text: str, sign: str, place: int) -> None:
    marked = text[:place] + sign + text[place:]
    for form in FORMS:
        assert form(marked) == form(text)


def test_the_version_is_stored_with_keys() -> None:
    assert normal.NORM_VERSION >= 2
