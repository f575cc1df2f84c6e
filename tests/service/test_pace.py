"""How long something goes on: guessed by its own pace, and said so that it does not change with every look."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.service.pace import actions_ahead, rounded, seconds_left


@pytest.mark.parametrize(
    ("left", "made", "seconds", "found"),
    [
        (300, 100, 60.0, 180.0),
        (0, 100, 60.0, None),
        (-3, 100, 60.0, None),
        (300, 0, 60.0, None),
        (95, 5, 10.0, 190.0),
        (96, 4, 29.9, None),
        (96, 4, 30.0, 720.0),
        (5, 95, 9.9, None),
        (5, 95, -60.0, None),
    ],
)
def test_time_is_told_by_the_pace_so_far_once_it_means_something(
    left: int, made: int, seconds: float, found: float | None
) -> None:
    assert seconds_left(left, made, seconds) == (None if found is None else pytest.approx(found))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, (0, "min")),
        (59.9, (0, "min")),
        (60.0, (1, "min")),
        (89.0, (1, "min")),
        (360.0, (6, "min")),
        (569.0, (9, "min")),
        (571.0, (10, "min")),
        (749.0, (10, "min")),
        (751.0, (15, "min")),
        (3_449.0, (55, "min")),
        (3_451.0, (1, "h")),
        (7_200.0, (2, "h")),
        (171_000.0, (2, "d")),
        (260_000.0, (3, "d")),
    ],
)
def test_the_longer_it_is_the_coarser_it_is_said(seconds: float, said: tuple[int, str]) -> None:
    assert rounded(seconds) == said


@given(st.integers(0, 400), st.integers(0, 400), st.data())
def test_what_is_still_compared_is_guessed_by_the_partners_that_have_turned_up(
    first: int, second: int, data: st.DataObject
) -> None:
    pairs = data.draw(st.integers(0, min(first, second)))
    actions = first + second - pairs
    made = data.draw(st.integers(0, actions))
    partners = [place * pairs // first for place in range(first + 1)] if first else [0]
    done = (made, partners[made]) if made < first else (first, pairs + made - first)
    ahead = actions_ahead(done, (first, second))
    left = first + second - sum(done)
    assert left / 2 <= ahead <= left, "an action looks at one record or at two"
    if made >= first:
        assert ahead == actions - made, "nobody has to guess any more"
    elif made:
        assert abs(ahead - (actions - made)) <= first / made + 1, "partners are found evenly"


def test_where_all_have_partners_as_many_actions_are_ahead_as_there_are_pairs() -> None:
    assert seconds_left(actions_ahead((2_500, 2_500), (10_000, 10_000)), 2_500, 60.0) == pytest.approx(180.0)


def test_what_is_said_changes_seldom_and_in_order() -> None:
    order = {"min": 0, "h": 1, "d": 2}
    told = [rounded(float(seconds)) for seconds in range(4 * 86_400)]
    changes = [one for one, other in pairwise(told) if one != other]
    assert len(changes) < 70
    assert [order[unit] for _, unit in told] == sorted(order[unit] for _, unit in told)
