"""Settings as the engine reads them: what may be written where, and when two sides hold the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, by_field, equal_across, key_of, names_of, project
from bothways.records import CannotCoerce, Field, FieldType, Option
from tests.engine.support import NAME, PLAIN, TO_LEFT, TO_RIGHT, L, R, mirrored_map, spec
from tests.records.strategies import fields, values

LONG, SHORT = Field("title"), Field("title", max_length=5)


def writable(mapping: FieldMap, sends: tuple[Side, ...] = SIDES) -> list[Side]:
    return [side for side in SIDES if spec(mapping, sends=sends).writes(mapping, side)]


def test_writes_need_the_direction_the_sender_and_a_field_that_can_be_written() -> None:
    fixed = Field("name", read_only=True)
    assert writable(PLAIN) == [L, R]
    assert writable(TO_LEFT) == [L]
    assert writable(TO_RIGHT) == [R]
    assert writable(PLAIN, (L,)) == [R]
    assert writable(PLAIN, ()) == []
    assert writable(TO_LEFT, (L,)) == []
    assert writable(FieldMap(fixed, NAME)) == [R]
    assert writable(FieldMap(fixed, NAME, Direction.TO_LEFT)) == []


def test_mapping_has_a_stable_name_and_a_field_on_each_side() -> None:
    mapping = FieldMap(Field("email"), Field("mail.work"))
    assert mapping.key == "email=mail.work"
    assert (mapping.on(L).name, mapping.on(R).name) == ("email", "mail.work")


def test_match_rule_names_the_slot_of_each_side_by_what_is_compared() -> None:
    rule = by_field("email", "email", "mail.work")
    assert (rule.field(L), rule.field(R)) == ("email", "mail.work")
    assert (rule.slots(L), rule.slots(R)) == (("email:email",), ("email:mail.work",))


def test_project_gives_what_the_target_can_hold() -> None:
    mapping = FieldMap(LONG, SHORT)
    assert project(mapping, "Annabelle", R).value == "Annab"
    assert project(mapping, "Annabelle", L).value == "Annabelle"
    with pytest.raises(CannotCoerce, match="is not a number"):
        project(FieldMap(LONG, Field("score", FieldType.NUMBER)), "many", R)


def test_sides_are_equal_if_either_holds_the_other_as_it_can() -> None:
    mapping = FieldMap(LONG, SHORT)
    assert equal_across(mapping, "Annabelle", "Annab")
    assert not equal_across(mapping, "Annab", "Annabelle")
    assert equal_across(mapping, "Ann", "Ann")
    assert not equal_across(mapping, "Annabelle", "Anna")
    turned = mirrored_map(mapping)
    assert equal_across(turned, "Annab", "Annabelle")


def test_types_that_do_not_go_together_are_never_equal() -> None:
    mapping = FieldMap(Field("on", FieldType.BOOLEAN), Field("day", FieldType.DATE))
    assert not equal_across(mapping, True, "true")
    assert not equal_across(mapping, None, None)


def test_blank_is_equal_to_blank_whatever_the_kind() -> None:
    assert equal_across(PLAIN, None, "  ")
    assert equal_across(FieldMap(NAME, Field("tags", FieldType.MULTI_CHOICE)), "", [])
    assert not equal_across(PLAIN, None, "Ann")


@settings(max_examples=150)
@given(fields, fields, values, values)
def test_equality_across_is_symmetric_and_never_fails(left: Field, right: Field, a: object, b: object) -> None:
    mapping = FieldMap(left, right)
    assert equal_across(mapping, a, b) == equal_across(mirrored_map(mapping), b, a)  # type: ignore[arg-type]


GAMES = Field(
    "games", FieldType.MULTI_CHOICE, "Games", options=(Option("1", "Golf"), Option("2", "Tennis"), Option("3", "Chess"))
)
SPORTS = Field(
    "sports",
    FieldType.MULTI_CHOICE,
    "Sports",
    options=(Option("1", "tennis"), Option("golf", "Golf"), Option("2", "Ski")),
)


def test_several_choices_go_by_what_people_read_and_not_by_keys_that_mean_something_else() -> None:
    mapping = FieldMap(GAMES, SPORTS)
    assert project(mapping, "1;2", R).value == ["golf", "1"]
    assert project(mapping, ["1", "golf"], L).value == ["2", "1"]
    assert equal_across(mapping, "2;1", "golf;1")
    assert not equal_across(mapping, "1", "1")
    with pytest.raises(CannotCoerce, match='"3" is paired with none of the choices of Sports'):
        project(mapping, "1;3", R)
    one = Field("game", FieldType.CHOICE, options=GAMES.options)
    assert project(FieldMap(one, SPORTS), "2", R).value == ["1"]


NAMES = st.text("ab=\\ \n", max_size=6)


@settings(max_examples=400)
@given(NAMES, NAMES)
def test_key_of_a_mapping_tells_both_names_whatever_letters_they_have(left: str, right: str) -> None:
    """The name of a made text is all of it, such as an address with ``?id={id}`` in it."""
    assert names_of(key_of(left, right)) == {L: left, R: right}


def test_key_of_a_mapping_is_both_names_with_a_sign_between() -> None:
    assert FieldMap(NAME, Field("first name")).key == "name=first name"
    assert FieldMap(Field("x?id={id}"), NAME).key == "x?id\\={id}=name"
