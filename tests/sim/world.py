"""The world of a schedule: one integer clock, one seeded chance, users who act, faults that fire.

Every value a person types is a word of its own, so that the oracle can follow where any value came from
without knowing the engine: apps may change its case or blanks, never its letters.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

LETTERS = "bcdfghjklmnpqrstvwxz"
INTERVAL = 60
"""Seconds between two runs, as the settings say."""


class Crash(BaseException):
    """The process stops here. Not an Exception, so that nothing can swallow it."""


@dataclass(frozen=True)
class Edit:
    """A person typed ``value`` (None: cleared it) over ``over`` in one field of one record."""

    id: int
    app: str
    record: str
    field: str
    value: str | None
    over: str | None
    at: int


@dataclass(frozen=True)
class Write:
    """The sync wrote to an app. ``kind``: create, update or archive. ``held`` is what was there.

    ``late``: the fields that were changed there since the record was last read. ``run_at``: when the run began, or
    what it works with may have been read.
    ``moves``: it says, too, what the record belongs to.
    """

    app: str
    record: str
    kind: str
    values: dict[str, str | None]
    held: dict[str, str | None]
    at: int
    run: int
    key: str
    read_at: int
    late: frozenset[str] = frozenset()
    run_at: int = 0
    moves: bool = False


@dataclass
class World:
    """Everything that happens in a schedule, and what happened so far."""

    seed: int
    rng: random.Random = field(init=False)
    now: int = 1_000_000
    edits: list[Edit] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    deleted: dict[tuple[str, str], int] = field(default_factory=dict)
    restored: dict[tuple[str, str], int] = field(default_factory=dict)
    away: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)
    merged: dict[tuple[str, str], str] = field(default_factory=dict)
    merged_at: dict[tuple[str, str], int] = field(default_factory=dict)
    runs_begun: list[int] = field(default_factory=list)
    runs_done: list[int] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    act: Callable[[], None] | None = None
    beside: Callable[[str], None] | None = None
    on_write: Callable[[Write], None] = lambda write: None
    calm: bool = False
    crash_at: int | None = None
    steps: int = 0
    run: int = 0
    run_at: int = 0
    asked: dict[tuple[str, str], int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    acting: bool = False

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def step(self, what: str) -> None:
        """Let time pass at one API call or commit; a user may act, another worker too, the process may crash."""
        self.steps += 1
        self.now += self.rng.choice((0, 0, 1, 1, 2))
        if self.calm or self.acting:
            return
        if self.act is not None and self.rng.random() < 0.06:
            self.acting = True
            self.act()
            self.acting = False
        if self.beside is not None and what != "commit":
            self.acting = True
            self.beside(what)
            self.acting = False
        if self.crash_at is not None and self.steps >= self.crash_at:
            self.crash_at = None
            self.say(f"crash at {what}")
            raise Crash(what)

    def say(self, what: str) -> None:
        """Add a line to the trace."""
        self.events.append(f"{self.now} {what}")

    def word(self) -> str:
        """Return a new word, unlike every other in its letters."""
        number, text = len(self.edits) + 1, ""
        while number:
            number, digit = divmod(number, len(LETTERS))
            text = LETTERS[digit] + text
        return "a" + text.rjust(3, "a") + "e"

    def chance(self, probability: float) -> bool:
        """Return True so often, unless the world is calm."""
        return not self.calm and self.rng.random() < probability


def loose(value: str | None) -> str:
    """Return the letters of a value, whatever an app made of its case and blanks."""
    return "".join(letter for letter in (value or "").lower() if letter.isalnum())
