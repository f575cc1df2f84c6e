"""The two sides of a sync and the directions between them."""

from enum import StrEnum


class Side(StrEnum):
    """One end of a sync. To people a side is always called by its app's name."""

    other: "Side"

    LEFT = "left"
    RIGHT = "right"


Side.LEFT.other, Side.RIGHT.other = Side.RIGHT, Side.LEFT

SIDES = (Side.LEFT, Side.RIGHT)


class Direction(StrEnum):
    """Which way a mapping flows."""

    BOTH = "both"
    TO_LEFT = "to left"
    TO_RIGHT = "to right"

    def writes(self, side: Side) -> bool:
        """Tell whether values may be written to ``side``."""
        return self is Direction.BOTH or (self is Direction.TO_LEFT) == (side is Side.LEFT)
