"""What a model of likeness can learn from, counted before it is trained."""

import pytest

from bothways.engine.learning import (
    LEAST_PAIRS,
    MOST_HOLDERS,
    PLAIN_SHARE,
    Column,
    expected_share,
    joined,
    lessons,
    meeting,
)
from bothways.engine.likeness import blocks_of, traits_of
from bothways.engine.sides import SIDES, Side
from tests.engine.test_likeness import CITY, COMPANY, EMAIL, FAMILY, GIVEN

TRAITS = traits_of([EMAIL, GIVEN, FAMILY, COMPANY, CITY])
NAMES = ("e-mail", "mailbox", "given name", "family name", "company", "city")


def both(size: int, **columns: Column) -> dict[Side, dict[str, Column]]:
    """Return the same columns for both sides; those not given are empty."""
    held = {name: columns.get(name.replace(" ", "_").replace("-", ""), [None] * size) for name in NAMES}
    return {side: dict(held) for side in SIDES}


def test_columns_are_joined_where_none_is_missing() -> None:
    assert joined({"a": ["x", None, "y"], "b": ["1", "2", None]}, ("a", "b")) == ["x\n1", None, None]


def test_records_meet_by_what_both_sides_hold_and_not_too_many_share() -> None:
    many = MOST_HOLDERS + 1
    left: Column = ["rare", "common", "mine", None]
    right: Column = ["rare", *["common"] * many, "yours", None]
    found = meeting({Side.LEFT: {"city": left}, Side.RIGHT: {"city": right}}, ("city",))
    assert found == {Side.LEFT: ["rare", None, None, None], Side.RIGHT: ["rare", *[None] * (many + 2)]}


@pytest.mark.parametrize(("pairs", "learnt"), [(LEAST_PAIRS, [("e-mail",)]), (LEAST_PAIRS - 1, [])])
def test_enough_pairs_must_share_what_is_learnt_from(pairs: int, learnt: list[tuple[str, ...]]) -> None:
    held = both(pairs, email=[f"{n}@x.test" for n in range(pairs)])
    assert lessons(TRAITS, blocks_of(TRAITS), held) == learnt


def test_nothing_is_learnt_from_what_colleagues_share() -> None:
    held = both(30, given_name=["ann"] * 30, family_name=["lee"] * 30, company=["acme"] * 30, city=["salem"] * 30)
    assert lessons(TRAITS, blocks_of(TRAITS), held) == [("given name", "family name")]


def test_the_first_guess_counts_pairs_that_plainly_agree_each_once() -> None:
    emails: Column = [f"{n}@x.test" for n in range(100)]
    held = both(100, email=emails, given_name=["ann"] * 40 + [None] * 60, family_name=["lee"] * 50 + [None] * 50)
    assert expected_share(TRAITS, held) == pytest.approx(50 / PLAIN_SHARE / 100**2)


def test_where_nobody_plainly_agrees_one_pair_is_the_first_guess() -> None:
    held = both(100, given_name=["ann"] * 100, city=["salem"] * 100)
    assert expected_share(TRAITS, held) == pytest.approx(1 / PLAIN_SHARE / 100**2)
