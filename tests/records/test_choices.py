"""Options paired with each other: by label where nobody says, and never guessed at where it is not clear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records import (
    CannotCoerce,
    Choices,
    Field,
    FieldType,
    LeftOut,
    Option,
    Unpaired,
    option_named,
    suggest,
    text_of,
)
from tests.records.strategies import options, values

STAGE = Field("stage", FieldType.CHOICE, options=(Option("1", "Lead"), Option("2", "Client"), Option("3", "Lost")))
LEVEL = Field("level", FieldType.CHOICE, "Level", options=(Option("2", "lead"), Option("1", "Client")))
PAIRS = (("1", "2"), ("2", "1"))


def choices(other: Unpaired = Unpaired.HOLD, default: str | None = None) -> Choices:
    return Choices(STAGE, LEVEL, PAIRS, other, default)


def test_a_value_is_known_by_its_key_first_then_by_its_label() -> None:
    assert [choices().choose(each) for each in ("1", "2", " lead ", "CLIENT")] == ["2", "1", "2", "1"]


def test_an_unpaired_value_is_held_left_out_or_stood_for() -> None:
    with pytest.raises(CannotCoerce, match='"3" is paired with none of the choices of Level') as caught:
        choices().choose("3")
    assert not isinstance(caught.value, LeftOut)
    with pytest.raises(LeftOut, match="it is left out"):
        choices(Unpaired.LEAVE_OUT).choose("Lost")
    assert choices(Unpaired.DEFAULT, "2").choose("3") == "2"
    with pytest.raises(CannotCoerce):
        choices(Unpaired.DEFAULT).choose("3")


def test_the_label_of_an_unpaired_option_is_never_taken_for_a_paired_key() -> None:
    crossed = Field("x", FieldType.CHOICE, options=(Option("a", "One"), Option("b", "A")))
    way = Choices(crossed, LEVEL, (("a", "1"),))
    assert way.choose("a") == "1"
    with pytest.raises(CannotCoerce):
        way.choose("b")
    with pytest.raises(CannotCoerce):
        way.choose("A")


def test_pairs_are_suggested_by_label_before_key() -> None:
    assert suggest(STAGE, LEVEL) == PAIRS


def test_pairs_are_suggested_by_key_and_by_one_of_each_where_labels_do_not_tell() -> None:
    left = Field("l", FieldType.CHOICE, options=(Option("red"), Option("g", "Green"), Option("b", "Blue")))
    right = Field("r", FieldType.CHOICE, options=(Option("RED", "Rot"), Option("green", "Grün"), Option("x", "B")))
    assert suggest(left, right) == (("red", "RED"), ("g", "green"), ("b", "x"))


def test_a_label_that_two_options_share_pairs_none_of_them() -> None:
    twice = Field("l", FieldType.CHOICE, options=(Option("1", "Lead"), Option("7", "LEAD")))
    assert suggest(twice, Field("r", FieldType.CHOICE, options=(Option("9", "Lead"),))) == ()
    assert option_named("lead", twice.options) is None
    assert option_named("7", twice.options) == Option("7", "LEAD")


@given(options, options)
def test_suggestions_are_one_to_one_and_the_same_from_both_sides(left: tuple, right: tuple) -> None:
    one, other = (Field("f", FieldType.CHOICE, options=each) for each in (left, right))
    pairs = suggest(one, other)
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    assert {(b, a) for a, b in suggest(other, one)} == set(pairs)


@given(values, st.sampled_from(Unpaired))
def test_any_value_is_chosen_for_or_refused_in_words(value: object, other: Unpaired) -> None:
    paired = text_of(value).casefold() in ("1", "2", "lead", "client")  # type: ignore[arg-type]
    if paired or other is Unpaired.DEFAULT:
        assert choices(other, "1").choose(value) in ("1", "2")  # type: ignore[arg-type]
        return
    with pytest.raises(CannotCoerce):
        choices(other, "1").choose(value)  # type: ignore[arg-type]
