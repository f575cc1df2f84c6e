"""Keys: of one field or several, of one value or many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.engine.keys import NORMAL_FORMS, Part, keys_of, slot_of
from bothways.records import Value

PHONE_AND_NAME = (Part("phone", ("phone",)), Part("name", ("first", "last")))


@pytest.mark.parametrize(
    ("key", "values", "found"),
    [
        ((Part("email", ("mail",)),), {"mail": ["A@x.test", "no", None, "b@x.test"]}, ["a@x.test", "b@x.test"]),
        ((Part("phone", ("tel",), "GB"),), {"tel": "020 7946 0018"}, ["+442079460018"]),
        ((Part("phone", ("tel",)),), {"tel": "020 7946 0018"}, []),
        ((Part("name", ("first", "last")),), {"first": "Ann", "last": "Lee"}, ["ann lee"]),
        ((Part("name", ("first", "last")),), {"first": None, "last": "Lee"}, []),
        (PHONE_AND_NAME, {"phone": "+41446681800", "first": "Ann", "last": "Lee"}, ["+41446681800\nann lee"]),
        (PHONE_AND_NAME, {"phone": "+41446681800"}, []),
        ((Part("mailbox", ("mail",)),), {"mail": "j.k+x@gmail.com"}, ["jk@gmail.com"]),
        ((Part("mailbox", ("mail",)),), {"mail": "j.k+x@acme.test"}, []),
        (
            (Part("company email", ("mail",)),),
            {"mail": ["info@acme.test", "a@gmail.com", "a@acme.test"]},
            ["a@acme.test"],
        ),
        ((Part("consonants", ("name",)),), {"name": "Microsft Corporation"}, ["mcrsft"]),
        ((Part("consonants", ("name",)),), {"name": "Microsoft Corp"}, ["mcrsft"]),
        ((Part("consonants", ("name",)),), {"name": "Bee"}, []),
        ((Part("amount", ("sum",)),), {"sum": 100}, ["100.0"]),
        ((Part("amount", ("sum",)),), {"sum": "a lot"}, []),
        *(
            ((Part("number", ("no",)),), {"no": value}, found)
            for value, found in (
                ("7.00", ["7"]),
                (" 007", ["7"]),
                (7.0, ["7"]),
                ("7e2", ["700"]),
                ("-0.0", ["0"]),
                ("12345678901234567890", ["12345678901234567890"]),
                ("12345678901234567891", ["12345678901234567891"]),
                ("A-7", []),
                (True, []),
            )
        ),
        ((Part("sku", ("sku",)),), {"sku": " A-1 "}, ["a-1"]),
        ((Part("domain", ("web",)),), {"web": "https://www.ACME.com/about"}, ["acme.com"]),
        ((Part("company", ("name",)),), {"name": "The Acme Ltd."}, ["acme"]),
    ],
)
def test_key(key: tuple[Part, ...], values: dict[str, Value], found: list[str]) -> None:
    assert keys_of(key, values) == found
    assert keys_of([list(part) for part in key], values) == found, "as they are kept in the database"


def test_slot_names_all_that_the_key_is_made_of() -> None:
    assert slot_of((Part("email", ("mail",)),)) == "email:mail"
    assert slot_of((Part("phone", ("tel",), "GB"), Part("name", ("a", "b")))) == "phone:tel@GB+name:a,b"


@given(st.sampled_from(sorted(NORMAL_FORMS)), st.text() | st.none() | st.integers() | st.lists(st.text(), max_size=3))
def test_any_value_gives_keys_or_none_and_never_an_empty_one(compare: str, value: Value) -> None:
    assert all(keys_of([Part(compare, ("x",))], {"x": value})) or keys_of([Part(compare, ("x",))], {"x": value}) == []
