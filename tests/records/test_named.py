"""A record known by its name: what counts is the name of the primary one, however a company's name is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records import Field, FieldType, coerce, ids_in, is_blank, name_form, named, same, same_name

BY_NAME = Field("company > name", FieldType.NAMED, refers_to="companies")
TEXT = Field("company", max_length=12)
NAMES = st.sampled_from(["ACME", "Acme Inc.", "acme ltd", "The Acme", "Blue", "n/a", "", "Ж", "+"]) | st.text(
    max_size=12
)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("ACME Inc.", "acme", True),
        ("ACME Inc.", "ACME Incorporated", True),
        ("ACME Inc.", "ACME Ltd", False),
        ("Blue", "Blue Sky", False),
        ("n/a", "N/A", True),
        ("", None, True),
        ("", "Acme", False),
    ],
)
def test_names_of_one_company_are_the_same_in_any_form(one: str, other: str | None, alike: bool) -> None:
    assert same_name(one, other) is same_name(other, one) is alike


@given(NAMES, NAMES)
def test_equal_forms_are_the_same_name_and_every_name_is_its_own(one: str, other: str) -> None:
    assert same_name(one, one)
    assert same_name(one, other) is same_name(other, one)
    assert same_name(one, other) or name_form(one) != name_form(other)


def test_value_is_known_by_its_name_and_keeps_the_ids() -> None:
    value = named("ACME Inc.", ["1", "2"])
    assert same(value, BY_NAME, named("acme inc", ["9"]))
    assert not same(value, BY_NAME, named("ACME Ltd", ["1", "2"]))
    assert (ids_in(value), ids_in("ACME"), named("ACME", [])) == (("1", "2"), (), None)
    assert is_blank(named(None, ["1"])), "a record without a name has none to tell"
    assert coerce(named("ACME Incorporated", ["1"]), BY_NAME, TEXT) == ("ACME Incorpo", ("5 characters beyond 12",))


def test_name_that_is_an_address_is_compared_as_addresses_are() -> None:
    owner = Field("owner > email", FieldType.NAMED, refers_to="owners", items=FieldType.EMAIL)
    value = named("Olga@Acme.Ltd.test", ["1"])
    assert same(value, owner, named(" olga@acme.ltd.test", ["2"]))
    assert not same(value, owner, named("olga@acme.inc.test", ["1"]))
    assert same_name(value, "OLGA@acme.ltd.test", email=True)
    assert not same_name("olga.ruiz@x.test", "olga-ruiz@x.test", email=True)
    assert not same(named("olga.ruiz@x.test", ["1"]), owner, named("olga-ruiz@x.test", ["1"]))
    assert same_name("No Address", "no address", email=True)
    assert not same_name("ACME Inc.", "acme", email=True), "it is no company"
