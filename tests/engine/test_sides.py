"""Sides and the directions between them."""

from bothways.engine.sides import SIDES, Direction, Side


def test_each_side_is_the_other_of_its_other() -> None:
    assert [side.other for side in SIDES] == [Side.RIGHT, Side.LEFT]
    assert all(side.other.other is side for side in SIDES)


def test_directions_say_which_side_may_be_written() -> None:
    written = {direction: [side for side in SIDES if direction.writes(side)] for direction in Direction}
    assert written == {
        Direction.BOTH: [Side.LEFT, Side.RIGHT],
        Direction.TO_LEFT: [Side.LEFT],
        Direction.TO_RIGHT: [Side.RIGHT],
    }
