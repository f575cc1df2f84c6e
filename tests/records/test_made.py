"""Names and texts made of several fields: how they are written, made, and taken apart again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records import Field, FieldType, Value, coerce, is_blank, made_field, recipe_of, same
from bothways.records.made import split_name

FIELDS = {name: Field(name, label=name.title()) for name in ("first", "last", "city")}


@pytest.mark.parametrize(
    ("name", "parts", "text"),
    [
        ("first + last", ("first", "last"), ""),
        ("given name + family name", ("given name", "family name"), ""),
        ("{first}, {last}!", ("first", "last"), "{first}, {last}!"),
        ("{first} {first}", ("first",), "{first} {first}"),
        ("{a + b}", ("a + b",), "{a + b}"),
    ],
)
def test_names_of_made_fields_say_what_they_are_made_of(name: str, parts: tuple[str, ...], text: str) -> None:
    recipe = recipe_of(name)
    assert recipe is not None
    assert (recipe.parts, recipe.text) == (parts, text)


@pytest.mark.parametrize("name", ["", "first", "a+b", "a +b", " + b", "a + b + c", "{first", "{}", "{a} }", "{{a}}"])
def test_other_names_are_of_no_made_field(name: str) -> None:
    assert recipe_of(name) is None


@given(st.text(max_size=30))
def test_any_name_can_be_asked(name: str) -> None:
    recipe = recipe_of(name)
    assert recipe is None or recipe.parts


def test_text_takes_the_values_as_they_are_and_no_blanks_for_what_is_empty() -> None:
    recipe = recipe_of("{first} {last} ({city})")
    assert recipe is not None
    assert recipe.make({"first": "Ada", "last": None, "city": "Bonn"}) == "Ada (Bonn)"
    assert recipe.make({"first": None, "last": " ", "city": ""}) is None
    assert recipe.make({"first": "{last}", "last": "X", "city": "Y"}) == "{last} X (Y)"


@pytest.mark.parametrize("text", ["Ada King", " Ada  King ", "Anna-Lena O'Brien", "Zoë Łuk", "Иван Петров", "Maria Sá"])
def test_two_words_are_a_given_and_a_family_name(text: str) -> None:
    assert split_name(text) == tuple(text.split())


@pytest.mark.parametrize("text", ["King, Ada", " King,  Ada ", "O'Brien, Zoë"])
def test_before_a_comma_stands_the_family_name_if_a_first_name_follows(text: str) -> None:
    family, given = text.split()
    assert split_name(text) == (given, family[:-1])


@pytest.mark.parametrize(
    "text",
    [
        "Acme, Inc",
        "King, CPA",
        "King, Jr",
        "Dr, Ada",
        "von, Ada",
        "King,Ada",
        "King, Ada Mary",
        "King,",
        ", Ada",
        "王, Ada",
    ],
)
def test_what_else_has_a_comma_is_not_split(text: str) -> None:
    assert split_name(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada",
        "A B C",
        "Acme GmbH",
        "Meier KG",
        "Acme Inc",
        "Ada Ltd",
        "von Braun",
        "Ludwig von",
        "Dr King",
        "King jr",
        "A. King",
        "X 3",
        "山田 太郎",
        "김 철수",
    ],
)
def test_what_could_be_read_in_two_ways_is_not_split(text: str) -> None:
    assert split_name(text) is None


words = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=8)


@given(st.one_of(st.none(), words), st.one_of(st.none(), words))
def test_what_is_split_is_what_was_joined(first: Value, last: Value) -> None:
    recipe = recipe_of("first + last")
    assert recipe is not None
    field, whole = made_field("first + last", recipe, FIELDS), Field("full")
    value = recipe.make({"first": first, "last": last})
    assert field.type is FieldType.JOINED
    assert is_blank(value) == (is_blank(first) and is_blank(last))
    text = coerce(value, field, whole).value
    found = split_name(str(text or ""))
    if found is not None:
        again = coerce(text, whole, field).value
        assert same(again, field, value)
        assert recipe.take_apart(again) == {"first": found[0], "last": found[1]}
