"""What people did in a soak: every record's life as they know it, which is what the end is held against."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from bench.soak_books import OBJECTS, PARENTS, SIDES, Sizes, belongs, first, is_listed, stands

CHOICES = ("stage", "company", "contact")
"""Fields whose values are used again and again: that a side held one before an edit says little."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody gave a field a value on a side, over the one that this side held just before; None clears it."""

    at: float
    side: str
    value: str | None
    over: str | None


@dataclass
class Life:
    """A record as people know it.

    ``start``: what it was made with. ``gone``: when it was deleted on a side, and not restored or made again since.
    ``absorbed``: it was merged into another; ``grew``: another was merged into it. ``remade``: it was deleted on a side
    and made again there. ``alone``: the side on which it stays alone for good. ``twins``: ids of rows made a
    second time. ``listed``: when it came into the list and left it. ``kept``: nobody touches it for now.
    """

    start: dict[str, str | None]
    made: dict[str, float] = field(default_factory=dict)
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    touched: list[float] = field(default_factory=list)
    gone: dict[str, float] = field(default_factory=dict)
    absorbed: bool = False
    grew: bool = False
    remade: bool = False
    restored: bool = False
    alone: str = ""
    twins: set[str] = field(default_factory=set)
    listed: list[tuple[float, bool]] = field(default_factory=list)
    kept: bool = False

    def edit(self, name: str, edit: Edit) -> None:
        """Note an edit of a field."""
        self.edits.setdefault(name, []).append(edit)

    def last(self, name: str, side: str) -> Edit | None:
        """Return the last edit of a field on a side."""
        found = [each for each in self.edits.get(name, ()) if each.side == side]
        return found[-1] if found else None

    def quiet_since(self, at: float) -> bool:
        """Tell whether nobody has touched it since."""
        return not self.touched or self.touched[-1] < at

    @property
    def is_whole(self) -> bool:
        """Whether it is one pair that nobody has deleted, merged away or left alone."""
        return not (self.gone or self.absorbed or self.alone or self.twins)


class Story:
    """All lives, by object and number, and the log in which every deed is written with its time."""

    def __init__(self, sizes: Sizes, log: Path) -> None:
        self.sizes, self.deeds = sizes, Counter[str]()
        self.lives: dict[str, dict[int, Life]] = {object: {} for object in OBJECTS}
        self._log: TextIO = log.open("w")
        for object in OBJECTS:
            for number in range(sizes.of(object)):
                self.lives[object][number] = self._first(object, number)

    def _first(self, object: str, number: int) -> Life:
        life = Life(first(object, number))
        held = {side: belongs(self.sizes, object, number, side) for side in SIDES if stands(number, side)}
        for name in PARENTS.get(object, {}):
            known = [parents[name] for parents in held.values() if parents[name] is not None]
            life.start[name] = str(known[0]) if known else None
        if object == "deals":
            life.listed.append((0.0, is_listed(number)))
            if not stands(number, "hubspot"):
                life.alone = "erp"
            elif not stands(number, "erp") and not is_listed(number):
                life.alone = "hubspot"
        return life

    def of(self, object: str, number: int) -> Life:
        """Return a life."""
        return self.lives[object][number]

    def born(self, object: str, number: int, life: Life) -> None:
        """Take up a new record."""
        self.lives[object][number] = life

    def tell(self, deed: str, side: str, object: str, number: int | None = None, **more: Any) -> float:
        """Write a deed to the log and return when it was; whom it touches is touched then."""
        at = time.time()
        if side in SIDES:
            self.deeds[f"{side} {deed}"] += 1
        self._log.write(json.dumps({"at": at, "deed": deed, "side": side, "object": object, "number": number, **more}))
        self._log.write("\n")
        self._log.flush()
        if number is not None and number in self.lives[object]:
            self.lives[object][number].touched.append(at)
        return at

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def everybody(self) -> Iterator[tuple[str, int, Life]]:
        """Yield all lives with their object and number."""
        for object, lives in self.lives.items():
            for number, life in lives.items():
                yield object, number, life
